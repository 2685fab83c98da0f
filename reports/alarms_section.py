"""Alarms: what was watched while the trial ran, how often, and what rose when, on what.

Rules between looks are read after every outcome, bounds for harm at every look; each has an alpha
of its own. Nothing here names a subject or a pair.
"""

from collections.abc import Iterator

from evaluation.results import AlarmEntry, Boundary, HarmReading, HypothesisResult
from protocols.schema.sequential import AnytimeGroup, AnytimeRule, FateMixRule, HarmBound
from reports import numbers
from reports.blocks import Block, Cell, Column, Points, Row, Section, Table, Text, blank, cell
from reports.reading import Reading
from reports.sentences import as_clause, listed

NOTHING = (
    "No rule was registered to be read between looks, and no bound for harm: the safety rules "
    "above are read at looks only."
)
Crossing = tuple[HypothesisResult, Boundary, HarmReading]
Watching = AnytimeRule | AnytimeGroup | FateMixRule | HarmBound


def alarms_section(reading: Reading) -> Section:
    """In a few sentences and one table; said in one where nothing was registered."""
    results, plan = reading.results, reading.protocol
    if not (plan.anytime_safety or plan.fate_mix or plan.harm_bounds or results.alarms):
        return Section("alarms", "Alarms", (Text(NOTHING),))
    said = [*(_alarm(reading, entry) for entry in results.alarms), *_first_crossings(reading)]
    blocks: list[Block] = [Text(_watched(reading))]
    blocks.append(Points(tuple(said)) if said else Text("No alarm was raised."))
    blocks.append(alarms_table(reading))
    return Section("alarms", "Alarms", tuple(blocks))


def alarm_band(reading: Reading) -> str:
    """Alarms between looks that ask for more than to tell people: the first page's band."""
    return " ".join(
        f"Alarm between looks: {_title(reading, entry)}; registered action: "
        f"{entry.action}{', resumed since' if entry.resumed_at else ''}."
        for entry in reading.results.alarms
        if entry.action != "notify"
    )


def told_alarms(reading: Reading) -> str:
    """Alarms between looks that ask to tell people; empty where there are none."""
    told = [_title(reading, e) for e in reading.results.alarms if e.action == "notify"]
    return f"Alarm between looks: {'; '.join(told)}." if told else ""


def _title(reading: Reading, entry: AlarmEntry) -> str:
    return as_clause(_title_of(reading, entry.rule))


def _watched(reading: Reading) -> str:
    plan = reading.protocol
    watched = []
    if plan.anytime_safety:
        rules = numbers.plural(len(plan.anytime_safety), "rule")
        watched.append(f"{rules} after every outcome")
    if plan.anytime_groups:
        groups = numbers.plural(len(plan.anytime_groups), "group")
        watched.append(f"{groups} of them together")
    if plan.fate_mix:
        watched.append("what becomes of the candidate's askings")
    if plan.harm_bounds:
        bounds = numbers.plural(len(plan.harm_bounds), "bound for harm", "bounds for harm")
        watched.append(f"{bounds} at every look")
    return (
        f"Watched while the trial ran: {listed(watched)}. Each has an alpha of its own, "
        "taken from no claim. An alarm stays on record whatever follows."
    )


def _title_of(reading: Reading, code: str) -> str:
    """The title of whatever is registered under this id; the id itself where nothing is."""
    plan = reading.protocol
    mix = () if plan.fate_mix is None else (plan.fate_mix,)
    titles: dict[str, str] = {
        rule.id: rule.title for rule in (*plan.anytime_safety, *plan.anytime_groups, *mix)
    }
    return titles.get(code, code)


def _alarm(reading: Reading, entry: AlarmEntry) -> str:
    title = _title_of(reading, entry.rule)
    return (
        f"{as_clause(title)}: {entry.severity.replace('_', ' ')} alarm since "
        f"{numbers.instant(entry.entered_at)}. Registered action: {entry.action}. "
        f"{what_followed(entry)} Found on {_evidence(entry, title)}."
    )


def _evidence(entry: AlarmEntry, title: str) -> str:
    """The alarm's own words without its title, and without the case that raised it."""
    words = entry.detail.removeprefix(f"{title}: ")
    for case in ("; pair ", "; outcome of ", "; asked "):
        words = words.split(case)[0]
    return as_clause(words)


def what_followed(entry: AlarmEntry) -> str:
    """Whether the candidate is still asked, and by whose decision."""
    if entry.action == "notify":
        return "Named people were to be told; the trial went on."
    if entry.resumed_at is not None:
        return (
            f"Resumed {numbers.instant(entry.resumed_at)} by {entry.resumed_by}: "
            f"{as_clause(entry.resumed_reason or 'no reason given')}."
        )
    if entry.action == "pause":
        return "Nobody had resumed the trial at the lock."
    return "The trial was stopped."


def _crossings(reading: Reading) -> Iterator[Crossing]:
    for found in reading.results.hypotheses:
        for boundary in found.boundaries:
            for harm in boundary.harm:
                if harm.crossed:
                    yield found, boundary, harm


def _first_crossings(reading: Reading) -> Iterator[str]:
    """A bound that is crossed at several looks is one alarm, since the first of them."""
    told: set[tuple[str, str]] = set()
    for found, boundary, harm in _crossings(reading):
        if (found.id, harm.action) in told or harm.z is None or harm.statistic is None:
            continue
        told.add((found.id, harm.action))
        yield (
            f"{found.endpoint_title} ({found.id}): harm bound crossed, the candidate is worse; "
            f"since look {boundary.look}, on {_pairs(boundary)} (z for harm "
            f"{numbers.statistic(harm.statistic)}, bound {numbers.statistic(harm.z)}). Registered "
            f"action: {harm.action}."
        )


def _pairs(boundary: Boundary) -> str:
    share = numbers.plain_percent(boundary.information_fraction, 0)
    return f"{share} of the planned pairs"


def alarms_table(reading: Reading) -> Table:
    """One row for each rule and bound that was watched, alarm or none."""
    return Table(
        id="alarms",
        caption="What was watched while the trial ran",
        columns=(
            Column("Watched"),
            Column("How often"),
            Column("Limit"),
            Column("Own alpha", numeric=True),
            Column("Alarm since"),
            Column("Action"),
        ),
        rows=(*_rule_rows(reading), *_other_rows(reading), *_bound_rows(reading)),
        note="An alarm asks named people for its registered action; the candidate treated nobody.",
    )


def _row(watched: str, how_often: str, limit: Cell, rule: Watching, since: str | None) -> Row:
    """A rule or bound with its alpha and action; `since` is None where no alarm was raised."""
    return Row(
        (
            cell(watched),
            cell(how_often),
            limit,
            cell(numbers.alpha(rule.alpha), rule.alpha),
            blank("none") if since is None else cell(since),
            cell(rule.action),
        ),
        strong=since is not None,
    )


def _raised(reading: Reading) -> dict[str, str]:
    """The moment of each alarm between looks, by its rule."""
    return {e.rule: numbers.instant(e.entered_at) for e in reading.results.alarms}


def _rule_rows(reading: Reading) -> Iterator[Row]:
    raised = _raised(reading)
    for rule in reading.protocol.anytime_safety:
        start = f", from {rule.unit} {numbers.count(rule.burn_in)} on" if rule.burn_in else ""
        limit = cell(f"{numbers.trimmed(rule.limit)} per {rule.unit}", rule.limit)
        yield _row(rule.title, f"every outcome{start}", limit, rule, raised.get(rule.id))


def _other_rows(reading: Reading) -> Iterator[Row]:
    """Rules taken together, and the mix of the candidate's fates."""
    plan, raised, limit = reading.protocol, _raised(reading), cell("as registered")
    for group in plan.anytime_groups:
        yield _row(group.title, "every outcome", limit, group, raised.get(group.id))
    mix = plan.fate_mix
    if mix is not None:
        yield _row(mix.title, "every asking", limit, mix, raised.get(mix.id))


def _bound_rows(reading: Reading) -> Iterator[Row]:
    by_id = {found.id: found for found in reading.results.hypotheses}
    seen: dict[str, int] = {}
    for bound in reading.protocol.harm_bounds:
        place = seen.get(bound.hypothesis, 0)  # several bounds of one hypothesis keep their order
        seen[bound.hypothesis] = place + 1
        found = by_id.get(bound.hypothesis)
        if found is None:
            continue
        looks = [(b, b.harm[place]) for b in found.boundaries if len(b.harm) > place]
        since = next((f"look {b.look}" for b, harm in looks if harm.crossed), None)
        watched = f"{found.endpoint_title} ({found.id}): the candidate is worse"
        yield _row(watched, "every look", cell("no difference"), bound, since)
