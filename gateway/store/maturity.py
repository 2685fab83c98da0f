"""What the reports of one outcome amount to, and from when on an outcome counts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlmodel import Session, col, select

from gateway.store.tables import Encounter, OutcomeReport
from protocols.schema import OutcomePlan
from protocols.vocabulary import OutcomeState

_DAY_US = 86_400_000_000

TRUE = "true"


def current_outcome(values: Sequence[str], rule: str) -> tuple[OutcomeState, str | None]:
    """Say what is known from the reported values (canonical JSON), first report first.

    `exclude_and_bound` leaves a contradiction unresolved; `latest_report` takes the last report.
    """
    if not values:
        return OutcomeState.MISSING, None
    if rule == "exclude_and_bound" and contradicts(values):
        return OutcomeState.CONFLICT, None
    return OutcomeState.ASCERTAINED, values[-1]


def outcome_at(
    values: Sequence[str], plan: OutcomePlan, arrived_at_us: int, *, at_us: int
) -> tuple[OutcomeState, str | None]:
    """Say what counts at `at_us`; horizon, lag and conflict rule hold for further outcomes too."""
    if not mature_by(at_us, arrived_at_us, plan):
        return OutcomeState.MISSING, None
    return current_outcome(values, plan.conflict)


def contradicts(values: Sequence[str]) -> bool:
    """Say whether two reports differ, whatever rule settles it."""
    return len(set(values)) > 1


def mature_by(at_us: int, arrived_at_us: int, plan: OutcomePlan) -> bool:
    """Say whether an outcome of a request that arrived then counts at `at_us`."""
    return plan.maturity == "ascertained" or matures_at_us(arrived_at_us, plan) <= at_us


def matures_at_us(arrived_at_us: int, plan: OutcomePlan) -> int:
    """From when on an outcome counts; under `maturity: ascertained` from the arrival itself."""
    if plan.maturity == "ascertained":
        return arrived_at_us
    return arrived_at_us + round((plan.horizon_days + plan.maturity_lag_days) * _DAY_US)


def reports_of_trial(session: Session, trial: str, name: str) -> Mapping[str, Sequence[str]]:
    """Collect every pair's reported values of one outcome, first report first."""
    query = (
        select(OutcomeReport.pair_id, OutcomeReport.value)
        .join(Encounter, col(Encounter.pair_id) == OutcomeReport.pair_id)
        .where(Encounter.trial == trial, OutcomeReport.name == name)
        .order_by(col(OutcomeReport.pair_id), col(OutcomeReport.number))
    )
    values: defaultdict[str, list[str]] = defaultdict(list)
    for pair_id, value in session.exec(query):
        values[pair_id].append(value)
    return values
