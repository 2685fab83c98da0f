"""The protocol that a journal names by its digest: the folder's snapshot, or a registered one."""

from collections.abc import Callable

from gateway.mirror.observations import Recorder
from gateway.mirror.rows import RowReader
from gateway.registered import check_registered
from gateway.store.engine import Store
from gateway.store.reads import registrations
from protocols.canonical import digest_of, from_canonical
from protocols.errors import RefusedError
from protocols.schema import Protocol


class RowReaders:
    """One row reader per protocol version, made when the first journal names it."""

    def __init__(
        self, snapshot: Protocol, store: Callable[[], Store], *, lag_deviation_s: float
    ) -> None:
        self._store = store
        self._snapshot = snapshot
        self._trial = snapshot.protocol.id
        self._lag_deviation_s = lag_deviation_s
        self.snapshot_digest = digest_of(snapshot)
        self._readers = {self.snapshot_digest: self._reader(snapshot)}

    def check_snapshot(self) -> None:
        """Hold the snapshot against the store, before anything is read under it.

        Raises
        ------
        StoreError, RefusedError
            As `check_registered`.
        """
        check_registered(self._store(), self._snapshot)

    def reader(self, digest: str) -> RowReader:
        """Find the reader.

        Raises
        ------
        StoreError
            The store, which knows the other versions, cannot be used now.
        RefusedError
            NOT_REGISTERED: the journal was written under a protocol that nobody registered.
        """
        if digest not in self._readers:
            known = {row.digest: row for row in registrations(self._store(), self._trial)}
            if digest not in known:
                raise RefusedError(
                    "NOT_REGISTERED",
                    "a journal names a protocol that is not registered; register it in the store",
                )
            self._readers[digest] = self._reader(from_canonical(known[digest].canonical))
        return self._readers[digest]

    def _reader(self, protocol: Protocol) -> RowReader:
        return RowReader(protocol, Recorder(protocol, lag_deviation_s=self._lag_deviation_s))
