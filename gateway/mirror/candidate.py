"""The candidate at the other end of the wire: one client of its own, asked once per pair."""

from gateway.arms.client import ArmClient, ArmSettings, Headers
from gateway.mirror.pairs import Asked, Waiting
from protocols.schema import Mirror
from protocols.vocabulary import Fate


class CandidateClient:
    """Asks the candidate. Make it inside the event loop that uses it, and close it there."""

    def __init__(self, url: str, plan: Mirror, *, concurrency: int, reply_limit_bytes: int) -> None:
        self._client = ArmClient(
            ArmSettings(
                url=url,
                deadline_ms=plan.deadline_ms,
                late_until_ms=plan.late_until_ms,
                reply_limit_bytes=reply_limit_bytes,
                concurrency=concurrency,
            )
        )

    async def ask(self, pair: Waiting) -> Asked:
        """Send the very bytes that the standard of care got."""
        headers: Headers = [
            (b"x-equipoise-pair-id", pair.pair_id.encode()),
            (b"x-equipoise-shadow", b"1"),
        ]
        if pair.trace is not None:
            headers.append((b"traceparent", pair.trace.encode()))
        answer = await self._client.ask(pair.inputs or b"", headers=headers)
        # What a whole reply means, the interpreter says: the client only knows that it is JSON.
        whole = answer.body is not None
        return Asked(
            fate=Fate.ANSWERED if whole else answer.kind,
            detail=None if whole or answer.detail is None else answer.detail.value,
            http_status=answer.status,
            duration_ms=answer.duration_ms,
            reply=answer.body,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
