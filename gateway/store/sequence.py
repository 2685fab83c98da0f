"""The sequence of each epoch: which accepted requests nothing accounts for."""

from sqlmodel import Session, select

from gateway.store.tables import Encounter, Epoch, Gap


def holes_in(session: Session, progress: Epoch, *, after: int) -> list[str]:
    """Find the runs of numbers after `after` that nothing accounts for, as "epoch:first-last".

    A number counts once the mirror has read past it, or the epoch is closed: until then it may
    still be on its way.
    """
    last = progress.accepted_seq if progress.closed else progress.shipped_seq
    missing = unaccounted(session, progress.epoch, after + 1, last)
    runs: list[list[int]] = []
    for number in missing:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return [f"{progress.epoch}:{first}-{last}" for first, last in runs]


def unaccounted(session: Session, epoch: str, first: int, last: int) -> list[int]:
    """List the numbers from `first` to `last` that are neither recorded nor a booked gap."""
    if last < first:
        return []
    accounted: set[int] = set()
    for model in (Encounter, Gap):
        query = select(model.seq).where(model.epoch == epoch, model.seq >= first, model.seq <= last)
        accounted.update(session.exec(query))
    return [number for number in range(first, last + 1) if number not in accounted]
