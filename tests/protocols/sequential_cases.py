"""For every finding code on looks, shares of alpha and sizes one document that brings it about."""

from protocols.findings import Code
from tests.protocols.documents import Edit
from tests.protocols.sequential_edits import (
    BETA,
    anytime,
    futility,
    graph,
    group,
    harm,
    mix,
    resizing,
    simulated,
    sized,
    spending,
    twice,
)

SEQUENTIAL: dict[Code, tuple[str, str, tuple[Edit, ...]]] = {
    Code.ALPHA_SIDE: ("error", "hypotheses[0].sided", (("sided: 1", "sided: 2"),)),
    Code.ALPHA_NOT_OWN: ("error", "harm_bounds[0].alpha", (harm(alpha="H1"),)),
    Code.UNKNOWN_HYPOTHESIS: ("error", "harm_bounds[0].hypothesis", (harm(hypothesis="H9"),)),
    Code.UNKNOWN_LOOK: ("error", "re_estimation.look", (resizing(look="L9"),)),
    Code.MULTIPLICITY_GRAPH: (
        "error",
        "multiplicity.graph",
        (("procedure: fixed_sequence", "procedure: holm"),),
    ),
    Code.GRAPH_SHARES: (
        "error",
        "multiplicity.graph.weights",
        graph(weights="{H1: 0.7, H2: 0.7}"),
    ),
    Code.SIMULATION_CORRELATIONS: (
        "error",
        "simulation.correlations",
        (simulated(correlations="[[H1, H1, 1]]", correlation_basis="A pilot."),),
    ),
    Code.CORRELATION_UNJUSTIFIED: (
        "error",
        "multiplicity.graph.justification",
        graph("hochberg", justification="null"),
    ),
    Code.ANYTIME_HARM: ("error", "anytime_safety[0].event", (anytime(event="null"),)),
    Code.ANYTIME_BURN_IN: (
        "error",
        "anytime_safety[0].burn_in",
        (anytime(method="asymptotic", parameters="{tightest_at: 300}"),),
    ),
    Code.ANYTIME_INEXACT: (
        "warning",
        "anytime_safety[0].method",
        (anytime(method="asymptotic", parameters="{tightest_at: 300}", burn_in="100"),),
    ),
    Code.ANYTIME_ORDER: (
        "warning",
        "anytime_safety[0].among",
        (anytime(among="candidate.flag or outcome"),),
    ),
    Code.ANYTIME_GROUP: (
        "error",
        "anytime_groups[0].rules[1]",
        (anytime(), group()),
    ),
    Code.FATE_MIX: ("error", "fate_mix.shares", (mix(shares="{answered: 0.9, other: 0.2}"),)),
    Code.LOOK_IS_LAST: ("error", "futility[0].looks[0]", (futility(looks="[L2]"),)),
    Code.CLOCK_MAXIMUM: (
        "error",
        "monitoring.clock_maximum",
        (("clock: evaluable_pairs", "clock: events"),),
    ),
    Code.CLOCK_START: (
        "error",
        "monitoring.clock_start",
        (
            ("clock: evaluable_pairs", "clock: calendar"),
            ("clock_maximum: {}", "clock_maximum: {days: 365}"),
        ),
    ),
    Code.CLAIM_ORDER: (
        "error",
        "monitoring.claim_interval",
        (
            ("claim_interval: repeated", "claim_interval: estimate_order"),
            ("skipped_looks: forbidden", "skipped_looks: allowed"),
        ),
    ),
    Code.DELAYED_RESPONSE: (
        "error",
        "monitoring.late_outcomes",
        (("late_outcomes: repeated", "late_outcomes: delayed_response"),),
    ),
    Code.FUTILITY_TWICE: ("error", "futility[1].scale", (twice(**BETA),)),
    Code.SPENDING_PARAMETER: (
        "error",
        "monitoring.spending.parameter",
        (spending(family="kim_demets"),),
    ),
    Code.SPENDING_POINTS: (
        "error",
        "monitoring.spending.points",
        (spending(family="piecewise", points="[[0.5, 0.2], [1, 0.9]]"),),
    ),
    Code.SPENDING_START: ("error", "monitoring.spending.start", (spending(start="1"),)),
    Code.FUTILITY_VALUES: ("error", "futility[0].values", (futility(values="[0, 1]"),)),
    Code.FUTILITY_SCALE: ("error", "futility[0].beta", (futility(beta="0.1"),)),
    Code.BINDING_REASON: ("error", "futility[0].binding_reason", (futility(binding="true"),)),
    Code.RE_ESTIMATION_CAP: ("error", "re_estimation.cap_pairs", (resizing(cap_pairs="500"),)),
    Code.RE_ESTIMATION_POWER: (
        "error",
        "re_estimation.target_power",
        (resizing(target_power="0.8"),),
    ),
    Code.RE_ESTIMATION_HYPOTHESIS: (
        "error",
        "multiplicity.order[0]",
        (resizing(), ("[[H1], [H2]]", "[[H1, H2]]")),
    ),
    Code.RE_ESTIMATION_SIZE: (
        "error",
        "re_estimation.kind",
        (resizing(kind="blinded_discordance", lower_zone="null", upper_zone="null"),),
    ),
    Code.RE_ESTIMATION_UNDEFINED: (
        "error",
        "monitoring.unplanned_looks",
        (resizing(), ("unplanned_looks: forbidden", "unplanned_looks: allowed")),
    ),
    Code.RE_ESTIMATION_ZONE: ("error", "re_estimation.lower_zone", (resizing(lower_zone="0.95"),)),
    Code.TRUE_EFFECT_SIDE: (
        "error",
        "sample_size.design[0].true_effect",
        (sized(true_effect="-0.05"),),
    ),
    Code.TRUE_EFFECT_BETTER: (
        "warning",
        "sample_size.design[0].true_effect",
        (sized(true_effect="0.01"),),
    ),
}
