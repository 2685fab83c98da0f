"""One decision: ask the standard of care, put it on record, answer. Never the candidate.

The order is the promise: the journal holds the request before its answer leaves. What the journal
does not confirm within the budget is served and booked as a gap (clinical-first), or refused
(trial-first).
"""

import asyncio
import hashlib
from dataclasses import dataclass
from time import perf_counter

from gateway.arms.answer import ArmAnswer
from gateway.asgi import Receive, is_gone
from gateway.errors import CAPTURE_UNAVAILABLE, SOC_TIMEOUT, SOC_UNAVAILABLE, Problem, overloaded
from gateway.idempotency import StoredAnswer
from gateway.identifiers import new_pair_id, new_traceparent
from gateway.journal import Cause
from gateway.journal_reader import GapLine
from gateway.journal_record import JournalRecord
from gateway.services import Services
from gateway.wire import DecisionRequest, decision_body
from protocols.vocabulary import Fate

_GAP_PATIENCE_SHARE = 0.2
"""Booking a gap may add this share of the capture budget, no more: the answer goes first."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted request: checked, of this trial, with a name."""

    request: DecisionRequest
    pair_id: str
    arrived_at_us: int
    started: float
    trace: str
    idempotency_token: str | None
    request_token: str | None


@dataclass(frozen=True, slots=True)
class Served:
    """The answer, ready to leave."""

    pair_id: str
    body: bytes
    served_at_us: int
    standard_of_care_ms: float


class DecisionMaker:
    """Makes one process's decisions."""

    def __init__(self, services: Services) -> None:
        self._services = services
        capture = services.context.protocol.setting.capture
        self._trial_first = capture.policy == "trial-first"
        self._gap_patience_s = capture.budget_ms / 1000.0 * _GAP_PATIENCE_SHARE

    async def decide(
        self,
        request: DecisionRequest,
        receive: Receive,
        *,
        trace: tuple[str, str] | None,
        tokens: tuple[str, str] | None,
    ) -> Served:
        """Decide one request.

        Raises
        ------
        Problem
            The standard of care did not answer, the gateway is at its limit, or (trial-first)
            the journal did not confirm.
        """
        services = self._services
        if not services.arm.has_room:
            raise overloaded()
        now_us = services.context.now_us()
        accepted = Accepted(
            request,
            new_pair_id(now_us),
            now_us,
            perf_counter(),
            new_traceparent(trace),
            *(tokens or (None, None)),
        )
        services.metrics.in_flight += 1
        try:
            return await self._ask_and_record(accepted, receive)
        finally:
            services.metrics.in_flight -= 1

    async def _ask_and_record(self, accepted: Accepted, receive: Receive) -> Served:
        services = self._services
        headers = [
            (b"traceparent", accepted.trace.encode()),
            (b"x-equipoise-pair-id", accepted.pair_id.encode()),
        ]
        try:
            answer = await services.arm.ask(accepted.request.arm_body, headers=headers)
        except asyncio.CancelledError:
            # The process ends before the answer came: the request is on record all the same.
            self._append(accepted, _lost(accepted), served_at_us=None, gone=True)
            raise
        services.metrics.standard_of_care.add(answer.duration_ms)
        services.lifecycle.standard_of_care = answer.kind
        served = self._compose(accepted, answer) if answer.kind is Fate.ANSWERED else None
        gone = is_gone(receive)
        await self._confirm(accepted, answer, served, gone=gone)
        elapsed_ms = (perf_counter() - accepted.started) * 1000.0
        services.metrics.overhead.add(elapsed_ms - answer.duration_ms)
        if served is None:
            raise _unanswered(answer, accepted.pair_id)
        return served

    def _compose(self, accepted: Accepted, answer: ArmAnswer) -> Served:
        if answer.body is None or answer.reply is None:
            raise AssertionError("an answered arm has a reply")
        served_at_us = self._services.context.now_us()
        model = self._services.read_model(answer.reply)
        body = decision_body(accepted.pair_id, model, answer.body, served_at_us)
        return Served(accepted.pair_id, body, served_at_us, answer.duration_ms)

    async def _confirm(
        self, accepted: Accepted, answer: ArmAnswer, served: Served | None, *, gone: bool
    ) -> None:
        services = self._services
        epoch = services.journal.epoch
        served_at_us = None if served is None else served.served_at_us
        seq, confirmed = self._append(accepted, answer, served_at_us=served_at_us, gone=gone)
        services.metrics.disconnects += gone
        cause = await confirmed
        if cause is None:
            return
        refused = self._trial_first and served is not None
        await self._book(
            GapLine(
                epoch,
                seq,
                accepted.pair_id,
                services.context.now_us(),
                f"refused_{cause}" if refused else cause.value,
            )
        )
        if refused:
            raise Problem(
                CAPTURE_UNAVAILABLE,
                "Use the standard of care directly; this trial takes no unrecorded request.",
                retry_after_s=1,
                instance=accepted.pair_id,
            )

    def _append(
        self, accepted: Accepted, answer: ArmAnswer, *, served_at_us: int | None, gone: bool
    ) -> "tuple[int, asyncio.Future[Cause | None]]":
        services = self._services
        request = accepted.request
        tokeniser = services.context.tokeniser
        services.metrics.fates[answer.kind] += 1
        record = JournalRecord(
            seq=services.journal.next_seq(),
            pair_id=accepted.pair_id,
            arrived_at_us=accepted.arrived_at_us,
            subject=tokeniser.subject(request.subject, request.subject_system),
            encounter=tokeniser.encounter(request.encounter),
            inputs=request.arm_body,
            inputs_sha256=hashlib.sha256(request.arm_body).hexdigest(),
            context=request.context,
            idempotency_token=accepted.idempotency_token,
            request_token=accepted.request_token,
            soc_fate=answer.kind,
            soc_http_status=answer.status,
            soc_duration_ms=round(answer.duration_ms, 3),
            soc_detail=None if answer.detail is None else answer.detail.value,
            soc_reply=answer.body,
            served_at_us=served_at_us,
            trace=accepted.trace,
            client_disconnected=gone,
        )
        return record.seq, services.journal.append(record)

    async def _book(self, line: GapLine) -> None:
        metrics = self._services.metrics
        metrics.gaps[line.cause] += 1
        if not await self._services.gaps.book(line, patience_s=self._gap_patience_s):
            metrics.gaps_unbooked += 1

    def keep(self, tokens: tuple[str, str], served: Served) -> None:
        """Keep the answer for a request that comes again under the same key."""
        token, request_token = tokens
        self._services.idempotency.keep(
            token, StoredAnswer(request_token, served.pair_id, served.body, served.served_at_us)
        )


def _lost(accepted: Accepted) -> ArmAnswer:
    duration_ms = (perf_counter() - accepted.started) * 1000.0
    return ArmAnswer(Fate.LOST_AT_SHUTDOWN, None, None, None, duration_ms, None)


def _unanswered(answer: ArmAnswer, pair_id: str) -> Problem:
    if answer.kind in (Fate.TIMED_OUT, Fate.LATE):
        return Problem(
            SOC_TIMEOUT,
            "The standard of care did not answer within its deadline; decide without it.",
            instance=pair_id,
        )
    return Problem(
        SOC_UNAVAILABLE,
        "The standard of care gave no usable answer; decide without it.",
        instance=pair_id,
    )
