"""Rules on spending, shared alpha, futility, harm and resizing: their edges, and what is clean."""

import pytest

from protocols.findings import Code
from protocols.summary import summary_lines, summary_of
from tests.protocols.cases import SECOND_HYPOTHESIS
from tests.protocols.documents import Edit, findings_of
from tests.protocols.sequential_edits import (
    BETA,
    LDOF,
    anytime,
    futility,
    graph,
    harm,
    resizing,
    simulated,
    sized,
    spending,
)
from tests.support.watched_protocol import watched_protocol

EVERYTHING: tuple[Edit, ...] = (
    *graph(),
    futility(),
    harm(),
    anytime(),
    resizing(),
    sized(),
    simulated(),
    ("unplanned_looks: forbidden", "unplanned_looks: allowed"),
    ("skipped_looks: forbidden", "skipped_looks: allowed"),
    ("claim_interval: repeated", "claim_interval: stagewise"),
    ("late_outcomes: repeated", "late_outcomes: weighted"),
)


def _faults(*edits: Edit) -> set[tuple[str, str]]:
    """(code, path) of every finding."""
    return {(f.code, f.path) for f in findings_of(*edits)}


def test_everything_but_a_change_of_size_hangs_together() -> None:
    assert _faults(*(edit for edit in EVERYTHING if edit != resizing())) == set()


def test_a_change_of_size_by_the_effect_takes_little_beside_it() -> None:
    undefined = {
        path for code, path in _faults(*EVERYTHING) if code == Code.RE_ESTIMATION_UNDEFINED
    }
    assert undefined == {
        "harm_bounds[0]",
        "monitoring.unplanned_looks",
        "monitoring.late_outcomes",
    }
    assert (Code.RE_ESTIMATION_HYPOTHESIS, "multiplicity.procedure") in _faults(*EVERYTHING)


BLIND = {"kind": "blinded_discordance", "lower_zone": "null", "upper_zone": "null"}
SENSITIVE = (
    ("measure: auc", "measure: sensitivity"),
    ("test: delong", "test: tango_score"),
)


def test_a_blinded_change_stands_beside_everything_that_shares_no_alpha() -> None:
    edits = (
        *SENSITIVE,
        resizing(**BLIND),
        sized(nuisance="{discordance: 0.15, prevalence: 0.25}"),
        harm(),
        futility(),
        ("unplanned_looks: forbidden", "unplanned_looks: allowed"),
        ("late_outcomes: repeated", "late_outcomes: weighted"),
    )
    found = {code for code, _ in _faults(*edits)}
    assert not {code for code in found if code.startswith("RE_ESTIMATION")}


@pytest.mark.parametrize(
    ("edits", "fault"),
    [
        ((sized(),), (Code.RE_ESTIMATION_SIZE, "re_estimation.kind")),
        (SENSITIVE, (Code.RE_ESTIMATION_SIZE, "sample_size.design")),
        (
            (*SENSITIVE, sized(nuisance="{discordance: 0.15}")),
            (Code.RE_ESTIMATION_SIZE, "sample_size.design[0].nuisance"),
        ),
        (
            (*SENSITIVE, sized(power="0.95")),
            (Code.RE_ESTIMATION_POWER, "re_estimation.target_power"),
        ),
        (
            (("clock: evaluable_pairs", "clock: events"),),
            (Code.RE_ESTIMATION_UNDEFINED, "monitoring.clock"),
        ),
        (
            (("[[H1], [H2]]", "[[H1, H2]]"),),
            (Code.RE_ESTIMATION_HYPOTHESIS, "multiplicity.order[0]"),
        ),
    ],
)
def test_a_blinded_change_needs_what_it_reads(
    edits: tuple[Edit, ...], fault: tuple[str, str]
) -> None:
    assert fault in _faults(resizing(**BLIND), *edits)


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        (futility(binding="true", binding_reason="Nobody goes on."), "futility[0].binding"),
        (
            ("claim_interval: repeated", "claim_interval: estimate_order"),
            "monitoring.claim_interval",
        ),
        (
            ("final_look: full_alpha", "final_look: information_fraction"),
            "monitoring.final_look",
        ),
        (("late_outcomes: repeated", "late_outcomes: deletion"), "monitoring.late_outcomes"),
        (harm(), "harm_bounds[0]"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_no_meaning_after_a_promising_zone_is_refused(edit: Edit, path: str) -> None:
    assert (Code.RE_ESTIMATION_UNDEFINED, path) in _faults(resizing(), edit)
    assert (Code.RE_ESTIMATION_UNDEFINED, path) not in _faults(edit)


@pytest.mark.parametrize("edit", EVERYTHING[2:], ids=lambda edit: edit[0])
def test_each_of_it_alone_hangs_together(edit: Edit) -> None:
    assert _faults(edit) == set()


@pytest.mark.parametrize(
    "edits",
    [
        (spending(family="hwang_shih_decani", parameter="-4"),),
        (spending(family="hwang_shih_decani", parameter="0"),),
        (spending(family="kim_demets", parameter="3", start="0.2"),),
        (spending(family="table", points="[[0.5, 0.1], [1, 1]]"),),
        (spending(family="piecewise", points="[[0.3, 0], [0.6, 0.5], [1, 1]]"),),
        (
            ("clock: evaluable_pairs", "clock: smaller_of_planned_and_observed"),
            ("final_look: full_alpha", "final_look: information_fraction"),
        ),
        graph("holm"),
        graph("hommel"),
        graph("hochberg"),
        graph("fallback", weights="{H1: 0.8, H2: 0.2}"),
        graph(local_test="simes", justification="Both count the same pairs."),
        graph(weights="{H1: 1, H2: 0}", transitions="[[H1, H2, 1]]"),
        (futility(**BETA),),
        (futility(scale="conditional_power", values="[0.1]", true_effect="0.01"),),
        (futility(binding="true", binding_reason="The contract ends the trial."),),
        (resizing(cap_pairs="600", upper_zone="0.8"),),
        (
            anytime(
                method="poisson_maxsprt",
                limit="2.5",
                parameters="{most_units: 500, least_events: 2}",
            ),
        ),
        (sized(hypothesis="H2", true_effect="0.04"),),
        (simulated("{H2: 0.02}", correlations="[[H2, H1, -1]]", correlation_basis="A pilot."),),
    ],
)
def test_a_plan_that_hangs_together_is_clean(edits: tuple[Edit, ...]) -> None:
    assert _faults(*edits) == set()


POINTS, START = "monitoring.spending.points", "monitoring.spending.start"
PARAMETER, GRAPH = "monitoring.spending.parameter", "multiplicity.graph"


@pytest.mark.parametrize(
    ("edits", "fault"),
    [
        ((spending(parameter="1"),), (Code.SPENDING_PARAMETER, PARAMETER)),
        (
            (spending(family="kim_demets", parameter="0"),),
            (Code.SPENDING_PARAMETER, PARAMETER),
        ),
        (
            (spending(family="hwang_shih_decani", parameter="800"),),
            (Code.SPENDING_PARAMETER, PARAMETER),
        ),
        ((spending(points="[[1, 1]]"),), (Code.SPENDING_POINTS, POINTS)),
        ((spending(family="table"),), (Code.SPENDING_POINTS, POINTS)),
        (
            (spending(family="table", points="[[0.4, 0.1], [1, 1]]"),),
            (Code.SPENDING_POINTS, POINTS),
        ),
        (
            (spending(family="piecewise", points="[[0.5, 0.1], [0.5, 0.2], [1, 1]]"),),
            (Code.SPENDING_POINTS, POINTS),
        ),
        (
            (spending(family="piecewise", points="[[0.4, 0.3], [0.5, 0.2], [1, 1]]"),),
            (Code.SPENDING_POINTS, POINTS),
        ),
        (
            (
                spending(family="table", points="[[0.5, 0.1], [1, 1]]"),
                ("final_look: full_alpha", "final_look: information_fraction"),
            ),
            (Code.SPENDING_POINTS, "monitoring.final_look"),
        ),
        (
            (spending(family="table", points="[[0.5, 0.1], [1, 1]]", start="0.5"),),
            (Code.SPENDING_START, START),
        ),
        (
            (harm(spending=LDOF.replace("start: null", "start: -1")),),
            (Code.SPENDING_START, "harm_bounds[0].spending.start"),
        ),
        ((harm(alpha="null"),), (Code.ALPHA_NOT_OWN, "harm_bounds[0].alpha")),
        ((anytime(alpha="'of H1'"),), (Code.ALPHA_NOT_OWN, "anytime_safety[0].alpha")),
        ((anytime(alpha="0.7"),), (Code.OUT_OF_RANGE, "anytime_safety[0].alpha")),
        ((("    sided: 1\n", ""),), (Code.ALPHA_SIDE, "hypotheses[0].sided")),
        ((anytime(limit="1.5"),), (Code.SAFETY_LIMIT_EXTREME, "anytime_safety[0].limit")),
        ((anytime(id="missed"),), (Code.DUPLICATE_ID, "anytime_safety[0].id")),
        (
            (anytime(event="inputs.nothing"),),
            (Code.EXPRESSION_UNKNOWN_NAME, "anytime_safety[0].event"),
        ),
        (graph(weights="{H1: 0.5}"), (Code.MULTIPLICITY_GRAPH, f"{GRAPH}.weights")),
        (
            graph(weights="{H1: 0.5, H2: 0.2, H9: 0.1}"),
            (Code.UNKNOWN_HYPOTHESIS, f"{GRAPH}.weights.H9"),
        ),
        (
            graph(transitions="[[H1, H9, 1]]"),
            (Code.UNKNOWN_HYPOTHESIS, f"{GRAPH}.transitions[0][1]"),
        ),
        (
            graph(transitions="[[H1, H2, 0.7], [H1, H2, 0.2]]"),
            (Code.GRAPH_SHARES, f"{GRAPH}.transitions[1]"),
        ),
        (graph(transitions="[[H1, H1, 1]]"), (Code.GRAPH_SHARES, f"{GRAPH}.transitions[0]")),
        (graph(transitions="[]"), (Code.MULTIPLICITY_GRAPH, f"{GRAPH}.transitions")),
        (
            graph("holm", transitions="[[H1, H2, 1]]"),
            (Code.MULTIPLICITY_GRAPH, f"{GRAPH}.transitions"),
        ),
        (graph("holm", local_test="simes"), (Code.MULTIPLICITY_GRAPH, f"{GRAPH}.local_test")),
        (
            graph("hommel", weights="{H1: 0.6, H2: 0.4}"),
            (Code.MULTIPLICITY_GRAPH, f"{GRAPH}.weights"),
        ),
        (graph(local_test="simes"), (Code.CORRELATION_UNJUSTIFIED, f"{GRAPH}.justification")),
        (graph(alpha="0.05"), (Code.ALPHA_DIFFERS, f"{GRAPH}.alpha")),
        (
            (*graph(), ("[[H1], [H2]]", "[[H1, H2]]")),
            (Code.MULTIPLICITY_PROCEDURE, "multiplicity.procedure"),
        ),
        ((graph()[1],), (Code.MULTIPLICITY_GRAPH, GRAPH)),
        (
            (futility(scale="predictive_power", values="[10]"),),
            (Code.FUTILITY_VALUES, "futility[0].values"),
        ),
        (
            (futility(**{**BETA, "beta": "null"}),),
            (Code.FUTILITY_SCALE, "futility[0].beta"),
        ),
        (
            (futility(**{**BETA, "true_effect": "-0.05"}),),
            (Code.TRUE_EFFECT_SIDE, "futility[0].true_effect"),
        ),
        (
            (futility(binding_reason="Because."),),
            (Code.BINDING_REASON, "futility[0].binding_reason"),
        ),
        (
            (futility(looks="[L1, L1]", values="[0, 0]"),),
            ("LOOKS_NOT_INCREASING", "futility[0].looks"),
        ),
        ((resizing(look="L2"),), (Code.LOOK_IS_LAST, "re_estimation.look")),
        (
            (resizing(upper_zone="null"),),
            (Code.RE_ESTIMATION_ZONE, "re_estimation.lower_zone"),
        ),
        (
            (resizing(target_power="0.8"),),
            (Code.RE_ESTIMATION_POWER, "re_estimation.target_power"),
        ),
        ((sized(power="0.4"),), (Code.POWER_IMPLAUSIBLE, "sample_size.design[0].power")),
    ],
)
def test_a_plan_that_does_not_is_refused_in_its_place(
    edits: tuple[Edit, ...], fault: tuple[str, str]
) -> None:
    assert _faults(*edits) == {fault}


def test_a_row_of_transitions_above_one_is_refused() -> None:
    found = _faults(*graph(transitions="[[H1, H2, 0.7], [H1, H1, 0.7]]"))
    assert (Code.GRAPH_SHARES, "multiplicity.graph.transitions") in found


def test_a_missing_cap_is_a_missing_field() -> None:
    old, new = resizing()
    found = _faults((old, new.replace(", cap_pairs: 900", "")))
    assert found == {(Code.MISSING_FIELD, "re_estimation.cap_pairs")}


def test_the_summary_reads_every_section_aloud() -> None:
    said = " ".join(" ".join(summary_lines(summary_of(watched_protocol()))).split())
    for sentence in (
        "Graph: The two matter alike.",
        "One-sided alpha 0.025 together, first shares H1 0.5, H2 0.5; bonferroni.",
        "Passed on when shown: H1 → H2 1, H2 → H1 1.",
        "Alpha spending: Kim-DeMets, rho 3; nothing up to 0.2.",
        "H1 at L1: the statistic lies below 0.2; non-binding.",
        "H1: its own one-sided alpha 0.01, by a table, 0.2 by 0.5, 1 by 1; when crossed, pause.",
        "Promising zone at L1 for a conditional power of 0.4 to 0.9: up to 900 evaluable pairs",
        "null_case: true effect -0.05, drift half way, looks moved by up to 0.02,",
        "H1: power 0.9 at a true effect of 0 (prevalence 0.25); 1.2 pairs per subject",
        "late_missed: Missed events; not candidate.flag among outcome, limit 0.3 per pair, betting",
    ):
        assert sentence in said


PAIRED = "simulation.correlations"
BASIS = "simulation.correlation_basis"


@pytest.mark.parametrize(
    ("edit", "fault"),
    [
        (
            simulated("{H9: 0.1}"),
            (Code.UNKNOWN_HYPOTHESIS, "simulation.scenarios[0].true_effects.H9"),
        ),
        (
            simulated(correlations="[[H1, H9, 0.1]]", correlation_basis="A pilot."),
            (Code.UNKNOWN_HYPOTHESIS, f"{PAIRED}[0][1]"),
        ),
        (simulated(correlations="[[H1, H2, 0.1]]"), (Code.CORRELATION_UNJUSTIFIED, BASIS)),
        (simulated(correlation_basis="A pilot."), (Code.CORRELATION_UNJUSTIFIED, BASIS)),
        (
            simulated(correlations="[[H1, H2, 1.1]]", correlation_basis="A pilot."),
            (Code.OUT_OF_RANGE, f"{PAIRED}[0][2]"),
        ),
        (
            simulated(correlations="[[H1, H2, 0.1], [H2, H1, 0.2]]", correlation_basis="A pilot."),
            (Code.SIMULATION_CORRELATIONS, PAIRED),
        ),
    ],
)
def test_what_cannot_be_simulated_is_found(edit: Edit, fault: tuple[str, str]) -> None:
    assert _faults(edit) == {fault}


@pytest.mark.parametrize(
    ("numbers", "fits"),
    [((0.5, 0.5, 0.5), True), ((0.9, 0.9, -0.9), False), ((1, 1, 1), True), ((1, 0, 0.5), False)],
)
def test_correlations_are_possible_together(
    numbers: tuple[float, float, float], fits: bool
) -> None:
    third = SECOND_HYPOTHESIS.replace("0.01", "0.025")
    a, b, c = numbers
    pairs = f"[[H1, H2, {a}], [H1, H3, {b}], [H2, H3, {c}]]"
    edits = (("analyses:", third), simulated(correlations=pairs, correlation_basis="A pilot."))
    found = {code for code, _ in _faults(*edits)}
    assert (Code.SIMULATION_CORRELATIONS not in found) is fits


def test_pairs_without_a_correlation_are_named() -> None:
    third = SECOND_HYPOTHESIS.replace("0.01", "0.025")
    some = simulated(correlations="[[H1, H2, 0.1]]", correlation_basis="A pilot.")
    found = findings_of(("analyses:", third), some)
    (said,) = [f.message for f in found if f.code == Code.SIMULATION_CORRELATIONS]
    assert "H1 and H3" in said
