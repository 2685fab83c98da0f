"""What the page prints is what `results.json` holds, and what a figure draws is where it lies."""

import json
import re
from decimal import Decimal
from math import log

import pytest

from evaluation.results import HypothesisResult, LookResults
from protocols.vocabulary import Direction, Framework
from reports.build import report_files
from reports.sentences import claim_interval
from tests.reports.example_results import (
    as_bytes,
    final_results,
    good_results,
    interim_results,
    wide_results,
)
from tests.reports.reading_html import Element, PageReader
from tests.support.simulator import Truth, example_results

LOOKS = {
    "final": final_results(),
    "interim": interim_results(),
    "good": good_results(),
    "wide": wide_results(),
    "engine": example_results(Truth(n=700, missing_outcome_share=0.03, pairs_per_subject=2)),
}
NUMBER = re.compile(r"−?\d[\d,]*(?:\.\d+)?")


@pytest.fixture(scope="module", params=list(LOOKS))
def look(request: pytest.FixtureRequest) -> tuple[LookResults, PageReader]:
    results = LOOKS[request.param]
    return results, PageReader(report_files(as_bytes(results))["report.html"].decode())


def numbers_in(text: str) -> list[Decimal]:
    return [Decimal(n.replace(",", "").replace("−", "-")) for n in NUMBER.findall(text)]


def agrees(shown: Decimal, exact: float, factor: int = 1) -> bool:
    """Whether the shown number is the exact one, rounded to the decimals that are shown."""
    exponent = shown.as_tuple().exponent
    assert isinstance(exponent, int)
    return abs(shown - Decimal(repr(exact)) * factor) <= Decimal(5).scaleb(exponent - 1)


def rows_of(page: PageReader, table: str) -> list[list[str]]:
    """The body's cells, row by row."""
    held = [e for e in page.elements if table in e.parent_ids]
    rows: list[list[str]] = []
    for element in held:
        if element.tag == "tr" and "tbody" in element.parents:
            rows.append([])
        elif element.tag in ("th", "td") and "tbody" in element.parents:
            rows[-1].append(" ".join("".join(element.all_text).split()))
    return rows


def factor_of(hypothesis: HypothesisResult) -> int:
    """Of the effect; a ratio has none."""
    return 1 if hypothesis.scale == "ratio" else own_factor_of(hypothesis)


def own_factor_of(hypothesis: HypothesisResult) -> int:
    return 100 if hypothesis.measure in ("sensitivity", "specificity", "accuracy") else 1


def test_values_and_counts_of_every_population_are_the_engine_s(
    look: tuple[LookResults, PageReader],
) -> None:
    results, page = look
    for h in results.hypotheses:
        tests = (h.primary, *h.supporting)
        for row, test in zip(rows_of(page, f"table-{h.id}-values"), tests, strict=True):
            counts = [numbers_in(text)[0] for text in row[1:4]]
            assert counts == [test.n_pairs, test.n_events, test.n_subjects]
            for text, arm in zip(row[4:], (test.standard_of_care, test.candidate), strict=True):
                if arm is None:
                    assert not numbers_in(text)
                    continue
                held = [v for v in (arm.value, arm.low, arm.high) if v is not None]
                shown = numbers_in(text)
                assert len(shown) == len(held)
                factor = own_factor_of(h)
                assert all(agrees(*pair, factor) for pair in zip(shown, held, strict=True))


def test_differences_intervals_and_p_are_the_engine_s(
    look: tuple[LookResults, PageReader],
) -> None:
    results, page = look
    for h in results.hypotheses:
        tests = (h.primary, *h.supporting)
        for row, test in zip(rows_of(page, f"table-{h.id}-differences"), tests, strict=True):
            interval = claim_interval(test)
            if test.estimate is None or interval is None:
                assert row[1] == "not evaluable"
                continue
            assert agrees(numbers_in(row[1])[0], test.estimate, factor_of(h))
            low, high = numbers_in(row[2])
            assert agrees(low, interval.low, factor_of(h))
            assert agrees(high, interval.high, factor_of(h))
            assert agrees(numbers_in(row[3])[0], interval.level, 100)
            if test.p_value is not None and row[5][0] not in "<>":
                assert agrees(numbers_in(row[5])[0], test.p_value)


def test_safety_counts_shares_and_bounds_are_the_engine_s(
    look: tuple[LookResults, PageReader],
) -> None:
    results, page = look
    for row, rule in zip(rows_of(page, "table-safety"), results.safety, strict=True):
        assert [numbers_in(text)[0] for text in row[2:4]] == [rule.n_events, rule.n_among]
        if rule.share is None or rule.low is None or rule.high is None:
            continue
        assert agrees(numbers_in(row[4])[0], rule.share, 100)
        low, high = numbers_in(row[5])
        assert agrees(low, rule.low, 100)
        assert agrees(high, rule.high, 100)
        assert agrees(numbers_in(row[7])[0], rule.limit, 100)


def test_flow_populations_and_fates_are_the_engine_s(
    look: tuple[LookResults, PageReader],
) -> None:
    results, page = look
    for row, p in zip(rows_of(page, "table-populations"), results.populations, strict=True):
        counts = [numbers_in(text)[0] for text in row[3:7]]
        assert counts == [p.n_pairs, p.n_evaluable, p.n_events, p.n_subjects]
    boxes = [r for r in rows_of(page, "table-figure-02-flow") if r[1] == "–"]
    assert [numbers_in(r[2])[0] for r in boxes] == [step.n for step in results.flow]
    *fates, total = rows_of(page, "table-fates")
    for place, arm in enumerate(results.operations, 1):
        shown = {row[0].replace(" ", "_"): numbers_in(row[place])[0] for row in fates}
        assert {f: n for f, n in shown.items() if n} == {f: n for f, n in arm.fates.items() if n}
        assert numbers_in(total[place])[0] == sum(arm.fates.values())


def test_the_tiles_are_the_engine_s_numbers(look: tuple[LookResults, PageReader]) -> None:
    results, page = look
    first = next(h for h in results.hypotheses if h.measure != "specificity")
    tile = next(e for e in page.all("li") if e.attributes.get("class") == "tile")
    text = " ".join("".join(tile.all_text).split()).split(first.endpoint_title)[1]
    interval = claim_interval(first.primary)
    assert first.primary.candidate is not None
    assert first.primary.standard_of_care is not None
    assert first.primary.estimate is not None
    assert interval is not None
    held = [first.primary.candidate.value, first.primary.standard_of_care.value]
    held += [first.primary.estimate, interval.low, interval.high]
    *shown, level, pairs = numbers_in(text)
    assert all(agrees(*pair, factor_of(first)) for pair in zip(shown, held, strict=True))
    assert agrees(level, interval.level, 100)
    assert pairs == first.primary.n_pairs


def _drawn(page: PageReader, panel: int) -> list[Element]:
    """The lines of one panel of the first figure."""
    named = f"figure-1-{panel}-title figure-1-{panel}-desc"
    drawing = next(
        i for i, e in enumerate(page.elements) if e.attributes.get("aria-labelledby") == named
    )
    depth = len(page.elements[drawing].parents)
    inside: list[Element] = []
    for element in page.elements[drawing + 1 :]:
        if len(element.parents) <= depth:
            break
        inside.append(element)
    return inside


def _x(element: Element, name: str) -> float:
    return float(element.attributes[name].removesuffix("%"))


def test_the_figure_draws_margin_and_interval_where_its_axis_says(
    look: tuple[LookResults, PageReader],
) -> None:
    """Two ticks give the scale; no effect, the margin and both limits must lie on it."""
    results, page = look
    leading = [h for h in results.hypotheses if h.role not in ("secondary", "descriptive")]
    for place, h in enumerate(leading, 1):
        lines = _drawn(page, place)
        ticks = [
            (_x(e, "x"), float(numbers_in("".join(e.all_text))[0]))
            for e in lines
            if e.tag == "text" and re.fullmatch(r"−?[\d.,]+", "".join(e.all_text))
        ]
        (x0, v0), (x1, v1) = ticks[0], ticks[-1]
        interval = claim_interval(h.primary)
        assert interval is not None

        ratio = h.scale == "ratio"
        v0, v1 = (log(v0), log(v1)) if ratio else (v0, v1)

        def at(
            value: float,
            x0: float = x0,
            v0: float = v0,
            k: float = (x1 - x0) / (v1 - v0),
            ratio: bool = ratio,
        ) -> float:
            return x0 + ((log(value) if ratio else value) - v0) * k

        kinds = {e.attributes.get("class"): e for e in lines if e.tag == "line"}
        factor = factor_of(h)
        assert _x(kinds["zero"], "x1") == pytest.approx(at(1 if ratio else 0), abs=0.02)
        assert _x(kinds["interval"], "x1") == pytest.approx(at(interval.low * factor), abs=0.02)
        assert _x(kinds["interval"], "x2") == pytest.approx(at(interval.high * factor), abs=0.02)
        if h.margin is not None:
            sign = -1 if h.direction is Direction.HIGHER_IS_BETTER else 1
            drawn = [_x(e, "x1") for e in lines if e.attributes.get("class") == "margin"]
            meant = [h.margin if ratio else sign * h.margin * factor]
            if h.framework is Framework.EQUIVALENCE:
                meant = [-h.margin * factor, h.margin * factor]
            assert drawn == pytest.approx([at(edge) for edge in meant], abs=0.02)


def test_the_results_beside_the_page_are_the_ones_it_shows(
    look: tuple[LookResults, PageReader],
) -> None:
    results, _ = look
    files = report_files(as_bytes(results))
    assert files["results.json"] == as_bytes(results)
    assert json.loads(files["results.json"])["headline"] == results.headline
