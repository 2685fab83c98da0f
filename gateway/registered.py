"""Whether the folder's protocol is the registered one: looked at at the start, off the path.

A gateway starts without the trial store; where the store can be read, it has the last word.
"""

import logging
import threading
from queue import Empty, SimpleQueue

from gateway.store.engine import Store, open_store
from gateway.store.reads import registration_in_force
from protocols.canonical import digest_of
from protocols.errors import EquipoiseError, RefusedError
from protocols.schema import Protocol

log = logging.getLogger(__name__)

PATIENCE_S = 2.0


def check_registered(store: Store, protocol: Protocol) -> None:
    """Hold a folder's protocol against the registration in force.

    Raises
    ------
    RefusedError
        NOT_REGISTERED, or DIGEST_MISMATCH: the snapshot was changed, or is of an older version.
    StoreError
        The store cannot be read now.
    """
    trial = protocol.protocol.id
    registration = registration_in_force(store, trial)
    if registration is None:
        raise RefusedError(
            "NOT_REGISTERED", f"the trial store knows no protocol of {trial}; register it first"
        )
    if registration.digest != digest_of(protocol):
        raise RefusedError(
            "DIGEST_MISMATCH",
            f"protocol.json is not the registered protocol {registration.version}; register that"
            " document again into this folder, which restores the file",
        )


def refuse_unless_registered(url: str, protocol: Protocol) -> None:
    """Refuse a snapshot that contradicts the store; without the store's word, care goes first.

    Raises
    ------
    RefusedError
        DIGEST_MISMATCH
    """
    answers: SimpleQueue[EquipoiseError | None] = SimpleQueue()

    def ask() -> None:
        try:
            store = open_store(url)
            try:
                check_registered(store, protocol)
            finally:
                store.close()
        except EquipoiseError as error:
            answers.put(error)
        else:
            answers.put(None)

    # A daemon: a store that hangs must not keep the gateway from starting.
    threading.Thread(target=ask, name="registration-check", daemon=True).start()
    try:
        answer = answers.get(timeout=PATIENCE_S)
    except Empty:
        log.warning("the registration was not checked: the trial store takes its time")
        return
    if answer is not None and answer.code == "DIGEST_MISMATCH":
        raise answer
    if answer is not None:
        log.warning("the registration was not checked: %s", answer.code)
