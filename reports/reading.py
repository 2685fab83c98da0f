"""One look's results as the page builders read them: parsed, checked, with what is looked up."""

import contextlib
import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from evaluation.results import HypothesisResult, LookResults, TestResult
from protocols.canonical import digest_of
from protocols.schema import Protocol
from reports.effects import EffectFormat, effect_format
from reports.errors import ReportError
from reports.reconcile import require_reconciled
from reports.sentences import claim_interval

NO_UNIT = ("", "1")


@dataclass(frozen=True, slots=True)
class Reading:
    """`digest` is the SHA-256 of the results' bytes; `figures` numbers them in page order."""

    results: LookResults
    protocol: Protocol
    digest: str
    figures: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def population(self, code: str) -> str:
        """The title of an analysis population, its id where it has none."""
        return next((p.title for p in self.results.populations if p.id == code), code)

    def format(self, hypothesis: HypothesisResult) -> EffectFormat:
        """One format for all numbers of a hypothesis, with the unit of its outcome."""
        return format_of(hypothesis, unit=unit_of(self.protocol, hypothesis))


def read_results(source: bytes) -> Reading:
    """Parse `results.json`, refuse what cannot be read or does not reconcile."""
    try:
        results = LookResults.model_validate_json(source)
        protocol = Protocol.model_validate_json(json.dumps(results.protocol))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the document"
        message = (
            f"The results cannot be read at {place}: {first['msg']}. "
            "Build the report from a results.json that this version's engine wrote."
        )
        raise ReportError("REPORT_UNREADABLE", message) from error
    _require_moment(results.facts.locked_at)
    _require_registered(results, protocol)
    _require_known(
        "hypotheses", [h.id for h in results.hypotheses], [h.id for h in protocol.hypotheses]
    )
    _require_known("analyses", [a.id for a in results.analyses], [a.id for a in protocol.analyses])
    require_reconciled(results)
    return Reading(results, protocol, f"sha256:{hashlib.sha256(source).hexdigest()}")


def _require_moment(text: str) -> None:
    with contextlib.suppress(ValueError):
        if datetime.fromisoformat(text).tzinfo is not None:
            return
    message = (
        f"The results cannot be read at facts.locked_at: {text!r} is no moment with its offset "
        "from UTC. Build the report from a results.json that this version's engine wrote."
    )
    raise ReportError("REPORT_UNREADABLE", message)


def _require_registered(results: LookResults, protocol: Protocol) -> None:
    """The protocol's text in the results must be the one that their digest names."""
    found = digest_of(protocol)
    if found == results.digests.protocol:
        return
    message = (
        f"The protocol text in the results has the digest {found}, but the results name "
        f"{results.digests.protocol}. Nothing was written. Take results.json from the trial store "
        "again with `equipoise look show`."
    )
    raise ReportError("REPORT_PROTOCOL_DIGEST", message)


def _require_known(what: str, held: list[str], registered: list[str]) -> None:
    """Each once and as registered: the ids name parts of the page and files."""
    if len(set(held)) == len(held) and set(registered).issuperset(held):
        return
    message = (
        f"The results hold the {what} {held!r}, but the protocol registers "
        f"{sorted(registered)!r}, each once. Nothing was written. Take results.json from the trial "
        "store again with `equipoise look show`."
    )
    raise ReportError("REPORT_UNREGISTERED", message)


def unit_of(protocol: Protocol, hypothesis: HypothesisResult) -> str:
    """The unit of the measure with a space before it; empty where it has none."""
    endpoint = next((e for e in protocol.endpoints if e.id == hypothesis.endpoint), None)
    outcomes = {o.name: o.unit for o in protocol.further_outcomes}
    unit = ""
    match hypothesis.measure:
        case "value" | "absolute_error" | "hazard" if endpoint is not None:
            unit = outcomes.get(endpoint.outcome, "")
        case "squared_error" if endpoint is not None:
            unit = outcomes.get(endpoint.outcome, "")
            unit = f"{unit} squared" if unit not in NO_UNIT else ""
        case "score":
            unit = protocol.arms.candidate.output.unit
        case _:
            pass
    return "" if unit in NO_UNIT else f" {unit}"


def format_of(hypothesis: HypothesisResult, *, unit: str = "") -> EffectFormat:
    """One format for all numbers of a hypothesis, so that neighbours have the same decimals."""
    tests = (hypothesis.primary, *hypothesis.supporting)
    arms = [arm for t in tests for arm in (t.standard_of_care, t.candidate) if arm is not None]
    return effect_format(
        hypothesis.measure,
        hypothesis.primary.n_pairs,
        [limit for test in tests for limit in limits_of(test)],
        hypothesis.margin,
        scale=hypothesis.scale,
        values=[arm.value for arm in arms],
        unit=unit,
    )


def limits_of(test: TestResult) -> tuple[float, ...]:
    """Both limits of the interval that the claim rests on, if there is one."""
    interval = claim_interval(test)
    return () if interval is None else (interval.low, interval.high)
