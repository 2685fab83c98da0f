"""The course of the looks and the alarms, from looks made in memory."""

from functools import cache

import pytest

from evaluation.archive import from_bytes, to_bytes
from evaluation.conduct import conduct
from evaluation.results import AlarmEntry, LookResults
from protocols.schema import Protocol
from reports.build import report_files
from reports.tables.endpoints import boundaries_table
from tests.reports.example_results import as_bytes, final_results
from tests.reports.reading_html import PageReader
from tests.support.between_looks import anytime_rule
from tests.support.example_protocol import Document, example_protocol
from tests.support.resizing import zone_areas
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs
from tests.support.watched import futility_rule, harm_bound, share_alpha


def _protocol() -> Protocol:
    def edit(document: Document) -> None:
        share_alpha(document, "holm", [1 / 3, 1 / 3, 1 / 3])
        binding = {"binding": True, "binding_reason": "The contract ends then."}
        document["futility"] = [futility_rule(hypothesis="H3", values=[9.0], **binding)]
        document["harm_bounds"] = [harm_bound(hypothesis="H2"), harm_bound(action="stop")]
        document["anytime_safety"] = [anytime_rule(), anytime_rule(id="OVER", action="notify")]

    return example_protocol(edit)


@cache
def _last(separation: float = 2.2) -> LookResults:
    protocol = _protocol()
    pairs = simulate_pairs(protocol, Truth(n=640, candidate_separation=separation))
    made: list[LookResults] = []
    for name, n in (("L1", 300), ("L2", 640)):
        data = lock_of(protocol, first_evaluable(pairs, n), look=name)
        made.append(from_bytes(to_bytes(conduct(protocol, data, made))))
    return made[-1]


def _alarm(rule: str, action: str, **fields: object) -> AlarmEntry:
    entry = {
        "rule": rule,
        "action": action,
        "severity": "serious",
        "detail": "Missed events: 40 pairs with a share of 0.5 against the limit 0.2.",
        "n_units": 40,
        "entered_at": "2026-02-01T08:30:00Z",
    }
    return AlarmEntry.model_validate(entry | fields)


def _page(results: LookResults) -> PageReader:
    return PageReader(report_files(to_bytes(results))["report.html"].decode())


def _with(*alarms: AlarmEntry) -> PageReader:
    return _page(_last().model_copy(update={"alarms": alarms}))


def test_each_look_says_what_was_shown_and_where_its_alpha_went() -> None:
    course = _page(_last()).words_of("course")
    assert "Look L1, 50% of the planned pairs" in course
    assert "(H1): non-inferiority is shown" in course
    assert "Its alpha passes on to" in course
    assert "640 evaluable pairs, 40 more than the 600 planned" in course


def test_a_binding_futility_bound_that_is_crossed_ends_the_hypothesis() -> None:
    course = _page(_last(separation=1.0)).words_of("course")
    assert "(H3): the futility bound is crossed" in course
    assert "and binding: it is given up for good." in course


def test_the_table_of_looks_says_where_a_hypothesis_was_given_up() -> None:
    table = report_files(to_bytes(_last(separation=1.0)))["data/course.csv"].decode()
    states = [line.rsplit(",", 1)[1] for line in table.splitlines() if ",H3," in line]
    assert states == ["given up", "given up at L1"]


def test_the_table_of_bounds_shows_the_clock_where_alpha_does_not_follow_pairs() -> None:
    def edit(document: Document) -> None:
        document["monitoring"] |= {"clock": "events", "clock_maximum": {"events": 100}}

    by_events = example_protocol(edit)
    pairs = simulate_pairs(by_events, Truth(n=640))
    data = lock_of(by_events, first_evaluable(pairs, 300), look="L1")
    (boundary,) = conduct(by_events, data, []).hypotheses[0].boundaries
    time = boundary.spending_time or 0.0
    assert abs(time - boundary.information_fraction) > 0.01
    table = boundaries_table(conduct(by_events, data, []).hypotheses[0], 4)
    assert [column.title for column in table.columns][3] == "Spending clock"
    assert table.rows[0].cells[3].value == time
    plain = boundaries_table(_last().hypotheses[0], 4)
    assert "Spending clock" not in [column.title for column in plain.columns]


def test_a_harm_bound_that_stays_crossed_is_one_alarm_since_its_first_look() -> None:
    alarms = _page(_last(separation=0.3)).words_of("alarms")
    assert alarms.count("harm bound crossed, the candidate is worse; since look L") == 2
    assert "Registered action: pause." in alarms
    assert "Registered action: stop." in alarms


def test_rules_without_an_alarm_are_named_all_the_same() -> None:
    alarms = _with().words_of("alarms")
    assert "2 rules after every outcome and 2 bounds for harm at every look" in alarms
    assert "No alarm was raised." in alarms
    assert "Missed events" in alarms


@pytest.mark.parametrize(
    ("fields", "followed"),
    [
        ({}, "Nobody had resumed the trial at the lock."),
        (
            {
                "resumed_at": "2026-02-03T09:00:00Z",
                "resumed_by": "Eve",
                "resumed_reason": "Mislabelled ward.",
            },
            "Resumed 3 February 2026, 09:00 UTC by Eve: Mislabelled ward.",
        ),
    ],
)
def test_a_pause_stands_in_the_band_with_what_followed(
    fields: dict[str, object], followed: str
) -> None:
    page = _with(_alarm("MISSES", "pause", **fields))
    lead, alarms = page.words_of("verdict"), page.words_of("alarms")
    assert "Alarm between looks: Missed events; registered action: pause" in lead
    assert "serious alarm since 1 February 2026, 08:30 UTC. Registered action: pause." in alarms
    assert followed in alarms
    assert "Found on 40 pairs with a share of 0.5 against the limit 0.2." in alarms
    assert alarms.count("1 February 2026, 08:30 UTC") == 2


def test_an_alarm_that_tells_people_stands_in_the_safety_line_and_not_in_the_band() -> None:
    lead = _with(_alarm("OVER", "notify")).words_of("verdict")
    assert "registered action" not in lead
    assert "Alarm between looks: Missed events." in lead


def test_a_trial_that_watches_nothing_between_looks_says_so() -> None:
    page = PageReader(report_files(as_bytes(final_results()))["report.html"].decode())
    assert "No rule was registered to be read between looks" in page.words_of("alarms")


def test_a_change_of_the_planned_size_stands_at_its_look() -> None:
    protocol = zone_areas()
    pairs = simulate_pairs(protocol, Truth(n=900, candidate_separation=1.15, seed=1))
    made: list[LookResults] = []
    for name, n in (("L1", 300), ("L2", 850)):
        data = lock_of(protocol, first_evaluable(pairs, n), look=name)
        made.append(from_bytes(to_bytes(conduct(protocol, data, made))))
    change = made[-1].re_estimation
    assert change is not None
    assert change.zone == "promising"
    course = _page(made[-1]).words_of("course")
    assert change.sentence in course
    assert "Look L1, 50% of the pairs planned then" in course


def test_a_candidate_that_is_inferior_is_no_look_without_news() -> None:
    course = _page(_last(separation=0.5)).words_of("course")
    assert "(H1): inferior." in course
