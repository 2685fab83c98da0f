"""What is registered of watching and sizing a trial stands in the report's protocol section."""

import json

from evaluation.results import LookResults
from protocols.canonical import digest_of
from protocols.schema import Protocol
from reports.build import report_files
from tests.reports.example_results import as_bytes, final_results
from tests.reports.reading_html import PageReader
from tests.support.watched_protocol import watched_protocol

SECTIONS = ("futility", "harm_bounds", "anytime_safety", "re_estimation", "simulation")


def _watched() -> LookResults:
    """A look whose registered text has rules of every kind."""
    results = final_results()
    text = watched_protocol().model_dump(mode="json")
    protocol = {**results.protocol, **{name: text[name] for name in SECTIONS}}
    for name, fields in (("sample_size", ("design",)), ("multiplicity", ("graph",))):
        whole = protocol[name]
        assert isinstance(whole, dict)
        protocol[name] = whole | {field: text[name][field] for field in fields}
    registered = digest_of(Protocol.model_validate_json(json.dumps(protocol)))
    digests = results.digests.model_copy(update={"protocol": registered})
    return results.model_copy(update={"protocol": protocol, "digests": digests})


def _page(results: LookResults) -> PageReader:
    return PageReader(report_files(as_bytes(results))["report.html"].decode())


def test_every_rule_is_read_aloud() -> None:
    page = _page(_watched())
    rules = page.words_of("protocol-watching")
    for sentence in (
        "H1 at L1: the statistic lies below 0.2; non-binding. If ignored: The board says why.",
        "H1: its own one-sided alpha 0.01, by a table, 0.2 by 0.5, 1 by 1; when crossed, pause.",
        "late_missed: Missed events; not candidate.flag among outcome, limit 0.3 per pair",
        "up to 900 evaluable pairs for a power of 0.9. "
        "Who is unblinded: The unblinded statistician alone.",
    ):
        assert sentence in rules
    assert "null_case: true effect -0.05" in page.words_of("protocol-simulation")
    assert "power 0.9 at a true effect of 0" in page.words_of("protocol-looks")
    assert "Passed on when shown: H1 → H2 1" in page.words_of("protocol-hypotheses")


def test_a_protocol_without_rules_has_no_such_part() -> None:
    page = report_files(as_bytes(final_results()))["report.html"].decode()
    assert "protocol-watching" not in page
    assert "protocol-simulation" not in page
    assert "protocol-watching" in report_files(as_bytes(_watched()))["report.html"].decode()
    assert "Skipped looks" in PageReader(page).words_of("protocol-looks")
