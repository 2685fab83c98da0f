"""Three inferences side by side, the registered claim, and the power that lies ahead."""

import math

import pytest

from evaluation.archive import from_bytes, to_bytes
from evaluation.conduct import conduct
from evaluation.design.conditional.power import ConditionalPower
from evaluation.design.conditional.predictive import PredictivePower
from evaluation.design.report import LookReport, Observed, look_report
from evaluation.design.spending import spent
from evaluation.results import HypothesisResult, Inference, LookResults, SequentialInference
from protocols.schema import Protocol
from tests.support.example_protocol import Document, example_protocol, hypothesis
from tests.support.simulator import Truth, first_evaluable, lock_of, simulate_pairs
from tests.support.watched import futility_rule


def _protocol(**monitoring: str) -> Protocol:
    def edit(document: Document) -> None:
        document["monitoring"] |= monitoring
        document["futility"] = [
            futility_rule(scale="conditional_power", values=[0.01], true_effect=0.01)
        ]

    return example_protocol(edit)


def _looks(protocol: Protocol, truth: Truth, *, first: int = 300) -> tuple[LookResults, ...]:
    pairs = simulate_pairs(protocol, truth)
    early = conduct(protocol, lock_of(protocol, first_evaluable(pairs, first), look="L1"), [])
    early = from_bytes(to_bytes(early))
    return early, conduct(protocol, lock_of(protocol, pairs, look="L2"), [early])


def _sequential(found: HypothesisResult) -> SequentialInference:
    assert found.sequential is not None
    return found.sequential


def _by_kind(found: HypothesisResult) -> dict[str, Inference]:
    return {item.kind: item for item in _sequential(found).inferences}


def _report(looks: tuple[LookResults, ...]) -> LookReport:
    """The design's own report of a Wald test: DeLong's at a margin of 0.05."""
    found = [results.hypotheses[0] for results in looks]
    boundaries = found[-1].boundaries
    final = looks[-1].facts.final
    information = tuple(b.statistical_information or 0.0 for b in boundaries)
    whole = information[-1] / boundaries[-1].information_fraction
    times = tuple(b.information_fraction for b in boundaries)
    return look_report(
        Observed(
            tuple(h.primary.estimate or 0.0 for h in found),
            information,
            (*times[:-1], 1.0 if final else times[-1]),
        ),
        lambda alpha, t: spent("lan_demets_obrien_fleming", alpha, t),
        alpha=0.025,
        null=-0.05,
        planned=() if final else ((whole, 1.0),),
        design_effect=0.01,
    )


@pytest.mark.parametrize("seed", range(4))
def test_every_number_is_that_of_the_designs_own_report(seed: int) -> None:
    looks = _looks(_protocol(), Truth(n=640, candidate_separation=1.0 + 0.1 * seed, seed=seed))
    for made in (looks[:1], looks):
        report, found = _report(made), made[-1].hypotheses[0]
        if found.shown_at not in (None, made[-1].facts.look):
            continue
        mine = _by_kind(found)
        for kind, theirs in (
            ("naive", report.naive),
            ("repeated", report.repeated),
            ("stagewise", report.stagewise),
        ):
            item = mine[kind]
            wanted = (theirs.estimate, theirs.low, theirs.high, theirs.p_value)
            assert (item.estimate, item.low, item.high, item.p_value) == pytest.approx(
                wanted, abs=1e-7
            )
        assert _sequential(found).sequential_p == pytest.approx(report.sequential_p, rel=1e-6)
        _same_power(_sequential(found), report)


def _same_power(mine: SequentialInference, report: LookReport) -> None:
    if report.ahead is None or report.predictive is None or not mine.ahead:
        assert not mine.ahead
        return
    theirs: dict[str, ConditionalPower | PredictivePower] = {
        "design": report.ahead.design,
        "estimate": report.ahead.estimate,
        "null": report.ahead.null,
        "predictive": report.predictive,
    }
    assert [item.under for item in mine.ahead] == list(theirs)
    for item in mine.ahead:
        wanted = theirs[item.under]
        assert (item.any_look, item.last_look) == pytest.approx((wanted.total, wanted.final))


def test_at_the_first_look_the_stage_wise_inference_is_the_naive_one_for_score_tests_too() -> None:
    def edit(document: Document) -> None:
        document["hypotheses"] = [hypothesis("H1", "SENS", test="tango_score", margin=0.1)]

    early, _ = _looks(example_protocol(edit), Truth(n=640, seed=3))
    mine = _by_kind(early.hypotheses[0])
    assert mine["stagewise"].estimate == pytest.approx(mine["naive"].estimate)
    assert mine["stagewise"].p_value == pytest.approx(mine["naive"].p_value)


@pytest.mark.parametrize("seed", range(3))
def test_at_the_last_look_the_stage_wise_interval_leaves_out_the_margin_when_it_is_crossed(
    seed: int,
) -> None:
    _, last = _looks(_protocol(), Truth(n=640, candidate_separation=1.15, seed=seed))
    found = last.hypotheses[0]
    if found.shown_at == "L1":
        return
    staged = _by_kind(found)["stagewise"]
    assert staged.low is not None
    assert (staged.low > -0.05) == found.boundaries[-1].crossed
    assert (staged.p_value <= 0.025) == found.boundaries[-1].crossed


def _claims(found: HypothesisResult) -> list[str]:
    return [item.kind for item in _sequential(found).inferences if item.claim]


def test_the_claim_is_the_repeated_interval_until_the_registered_other_holds() -> None:
    truth = Truth(n=640, candidate_separation=1.2, seed=2)
    for word, at_last in (("repeated", "repeated"), ("stagewise", "stagewise")):
        early, last = _looks(_protocol(claim_interval=word), truth)
        assert early.hypotheses[0].shown_at is None
        assert _claims(early.hypotheses[0]) == ["repeated"]
        assert _claims(last.hypotheses[0]) == [at_last]


STRONG = Truth(n=700, candidate_separation=2.0, seed=8)


def test_a_look_that_stops_claims_stage_wise_where_that_is_registered() -> None:
    early, _ = _looks(_protocol(claim_interval="stagewise"), STRONG)
    assert early.hypotheses[0].shown_at == "L1"
    assert _claims(early.hypotheses[0]) == ["stagewise"]
    assert "By the stage-wise order, as registered:" in early.hypotheses[0].verdict_sentence
    assert _sequential(early.hypotheses[0]).ahead == ()


def test_outcomes_after_the_claim_are_weighted_with_it_where_that_is_registered() -> None:
    _, last = _looks(_protocol(late_outcomes="weighted"), STRONG)
    found = last.hypotheses[0]
    assert found.shown_at == "L1"
    assert _claims(found) == ["weighted"]
    first, second = found.boundaries
    assert first.statistical_information is not None
    assert second.statistical_information is not None
    weighted = _by_kind(found)["weighted"]
    assert weighted.estimate == pytest.approx(found.primary.estimate, abs=0.01)
    share = first.statistical_information / second.statistical_information
    late = (second.statistic or 0.0) - math.sqrt(share) * (first.statistic or 0.0)
    late /= math.sqrt(1 - share)
    z = math.sqrt(share) * (first.statistic or 0.0) + math.sqrt(1 - share) * late
    assert weighted.p_value == pytest.approx(0.5 * math.erfc(z / math.sqrt(2)), rel=1e-6)
    assert "made at look L1" in " ".join(_sequential(found).reasons)


def test_outcomes_after_the_claim_are_repeated_where_that_is_registered() -> None:
    _, last = _looks(_protocol(), STRONG)
    assert _claims(last.hypotheses[0]) == ["repeated"]
    assert "weighted" not in _by_kind(last.hypotheses[0])


def test_an_equivalence_has_no_stage_wise_order_and_says_so() -> None:
    def edit(document: Document) -> None:
        document["hypotheses"][0]["framework"] = "equivalence"

    _, last = _looks(example_protocol(edit), Truth(n=640, seed=3))
    assert "stagewise" not in _by_kind(last.hypotheses[0])
    assert "no stage-wise order" in " ".join(_sequential(last.hypotheses[0]).reasons)


def test_a_ratio_is_told_as_a_ratio_in_both_directions() -> None:
    def edit(document: Document) -> None:
        document["design"]["cluster"] = "subject"
        document["endpoints"][1]["role"] = "primary"
        document["hypotheses"] = [hypothesis("H1", "SENS", test="clustered_ratio", margin=0.85)]

    _, last = _looks(example_protocol(edit), Truth(n=640, seed=3))
    mine = _by_kind(last.hypotheses[0])
    for kind in ("naive", "repeated", "stagewise"):
        item = mine[kind]
        assert item.low is not None
        assert item.high is not None
        assert 0 < item.low < item.estimate < item.high
    assert mine["stagewise"].estimate == pytest.approx(mine["naive"].estimate, rel=0.05)


@pytest.mark.parametrize("late", ["repeated", "weighted"])
def test_a_bound_that_was_passed_without_a_stop_leaves_no_order_of_looks(late: str) -> None:
    """H2 waits for H1; its path is not one of a trial that had stayed inside its bounds."""

    def edit(document: Document) -> None:
        document["monitoring"] |= {"claim_interval": "stagewise", "late_outcomes": late}
        document["hypotheses"] = [
            hypothesis("H1", "AUC", test="delong", margin=0.04),
            hypothesis("H2", "SENS", test="tango_score", margin=0.2),
        ]
        document["multiplicity"] |= {"procedure": "fixed_sequence", "order": [["H1"], ["H2"]]}

    early, last = _looks(example_protocol(edit), Truth(n=700, candidate_separation=1.2, seed=2))
    assert early.hypotheses[1].verdict == "not_tested"
    assert (early.hypotheses[1].boundaries[0].statistic or 0) > (
        early.hypotheses[1].boundaries[0].z or math.inf
    )
    waited = last.hypotheses[1]
    assert set(_by_kind(waited)) == {"naive", "repeated"}
    assert _claims(waited) == ["repeated"]
    assert _sequential(waited).bias_adjusted is None
    assert "At look L1 its statistic was beyond a bound" in " ".join(_sequential(waited).reasons)
