"""The mirror's way to the trial store: opened when it is there, one writer at a time."""

import threading
from collections.abc import Sequence

from gateway.store.capture import record_observations, ship
from gateway.store.engine import Store, open_store
from gateway.store.shipping import ShipBatch, ShipReceipt
from gateway.store.tables import Deviation, Observation


class StoreDoor:
    """Opens the store on first use and again after a failed opening.

    Loader and writer live in two threads; the lock spares SQLite their waiting for each other.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._store: Store | None = None
        self._opening = threading.Lock()
        self._writing = threading.Lock()

    def store(self) -> Store:
        """Open the store, or hand out the open one.

        Raises
        ------
        StoreError
            The store cannot be used now.
        """
        with self._opening:
            if self._store is None:
                self._store = open_store(self._url)
            return self._store

    def ship(self, batch: ShipBatch) -> ShipReceipt:
        """Write one batch of journal rows; StoreError while the store is away."""
        store = self.store()
        with self._writing:
            return ship(store, batch)

    def record(self, observations: Sequence[Observation], deviations: Sequence[Deviation]) -> int:
        """Write observations, give how many were new; StoreError while the store is away."""
        store = self.store()
        with self._writing:
            return record_observations(store, observations, deviations)

    def close(self) -> None:
        """Close the store if it was opened."""
        if self._store is not None:
            self._store.close()
