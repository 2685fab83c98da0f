"""What every route of one gateway process shares. Frozen: nothing here changes after the start."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.access import Tokeniser
from gateway.settings import GatewaySettings
from protocols.schema import Protocol

if TYPE_CHECKING:
    from gateway.store.engine import Store


@dataclass(frozen=True, slots=True)
class GatewayContext:
    """One gateway process.

    `store` opens the trial store on the first call and hands out the same one afterwards; it
    raises StoreError while the store is down. It blocks, so a route calls it in a thread.
    `now_us` is the wall clock: whole microseconds since 1970-01-01 UTC.
    """

    settings: GatewaySettings
    protocol: Protocol
    tokeniser: Tokeniser
    store: Callable[[], "Store"]
    now_us: Callable[[], int]

    @property
    def trial(self) -> str:
        return self.protocol.protocol.id
