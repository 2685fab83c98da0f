"""The registered protocol in readable form, from the canonical text in the results."""

from protocols.schema import ArmPlan, Protocol
from reports import numbers
from reports.blocks import Block, Column, Facts, Part, Points, Row, Section, Table, Text, cell
from reports.protocol_plan import (
    analyses_parts,
    endpoints_part,
    further_outcomes_parts,
    hypotheses_part,
)
from reports.protocol_watching import looks_part, watching_parts
from reports.reading import Reading
from reports.sentences import RECOMMENDATIONS, listed


def protocol_section(reading: Reading) -> Section:
    """What was registered, in its own words."""
    plan = reading.protocol
    head = Text(
        f"{plan.protocol.title} Version {plan.protocol.version} of {plan.protocol.date}. "
        "What follows is the registered text; the program adds headings only."
    )
    parts = (
        _purpose(plan),
        _arms(plan),
        _encounters(plan),
        *further_outcomes_parts(plan),
        endpoints_part(plan),
        hypotheses_part(plan),
        *analyses_parts(plan),
        looks_part(plan),
        *watching_parts(plan),
        _populations(plan),
        _decision(plan),
        _people(plan),
    )
    return Section("protocol", "The registered protocol", (head, *parts))


def _purpose(plan: Protocol) -> Part:
    background = plan.background
    facts = Facts(
        (
            ("Rationale", background.rationale),
            ("Prior evidence", background.prior_evidence),
            ("Benefit sought", background.benefit_sought),
            ("Intended use", background.intended_use),
            ("Data seen before registration", plan.prior_data_access.explanation),
        )
    )
    objectives = Points(tuple(f"{o.id} ({o.kind}): {o.text}" for o in plan.objectives))
    return Part("protocol-purpose", "Purpose", (facts, objectives))


def _arms(plan: Protocol) -> Part:
    return Part(
        "protocol-arms",
        "Arms",
        (
            _arm("protocol-arm-standard-of-care", "Standard of care", plan.arms.standard_of_care),
            _arm("protocol-arm-candidate", "Candidate", plan.arms.candidate),
            Facts(
                (
                    ("Isolation", plan.setting.isolation),
                    ("If a model changes", plan.model_change_policy.explanation),
                )
            ),
        ),
    )


def _arm(code: str, title: str, arm: ArmPlan) -> Table:
    decision = arm.decision
    flag = decision.flag_when.replace("_", " ").removeprefix("score ")
    rows = (
        ("Name and version", f"{arm.name} {arm.version}"),
        ("Digest", arm.digest),
        ("Kind", arm.kind.replace("_", " ")),
        ("Description", arm.description),
        ("Flags when", f"score {flag} {numbers.trimmed(decision.threshold, 6)}"),
        ("Source of the threshold", decision.threshold_source),
        ("Seen by the clinician", "yes" if arm.seen_by_clinician else "no"),
        ("End of training data", arm.training_data_end or "not stated"),
    )
    return Table(
        id=code,
        caption=f"{title} as registered",
        columns=(Column("Item"), Column("Registered")),
        rows=tuple(Row((cell(name), cell(text))) for name, text in rows),
    )


def _encounters(plan: Protocol) -> Part:
    outcome, mirror, capture = plan.outcome, plan.setting.mirror, plan.setting.capture
    criteria = tuple(
        f"{c.id}: {c.description} ({c.expression})"
        for c in (*plan.eligibility.participant, *plan.eligibility.input)
    )
    facts = Facts(
        (
            ("Sites", listed(plan.setting.sites)),
            ("Unit of analysis", f"{plan.design.unit_of_analysis}; cluster: {plan.design.cluster}"),
            ("Outcome", outcome.definition),
            ("Source of the outcome", outcome.source),
            (
                "Horizon and lag",
                f"{numbers.trimmed(outcome.horizon_days)} days, then "
                f"{numbers.trimmed(outcome.maturity_lag_days)} days",
            ),
            ("Verification", outcome.verification),
            ("Input acquisition", plan.inputs.acquisition),
            ("Poor or missing input", plan.inputs.poor_or_missing_input),
            ("Share mirrored", numbers.plain_percent(mirror.share)),
            ("Candidate's deadline", numbers.milliseconds(mirror.deadline_ms)),
            (
                "Capture policy",
                f"{capture.policy}, budget {numbers.milliseconds(capture.budget_ms)}",
            ),
        )
    )
    blocks: tuple[Block, ...] = (facts,)
    if criteria:
        blocks = (facts, Text("Eligibility; every criterion must be true:"), Points(criteria))
    return Part("protocol-encounters", "Encounters and outcome", blocks)


def _populations(plan: Protocol) -> Part:
    facts = tuple(
        (
            f"{p.id}: {p.title} ({p.role})",
            f"{p.definition} Candidate without answer: "
            f"{p.candidate_without_answer.replace('_', ' ')}. "
            f"Standard of care without answer: {p.standard_of_care_without_answer}.",
        )
        for p in plan.analysis_populations
    )
    return Part("protocol-populations", "Analysis populations", (Facts(facts),))


def _decision(plan: Protocol) -> Part:
    rows = tuple(
        Row(
            (
                cell(rule.id),
                cell(rule.at.replace("_", " ")),
                cell(rule.when),
                cell(RECOMMENDATIONS[rule.recommendation]),
                cell(rule.sentence),
            )
        )
        for rule in plan.decision_rule.rules
    )
    table = Table(
        id="protocol-decision-rule",
        caption="Decision rule: the first true row wins",
        columns=tuple(Column(t) for t in ("Rule", "At", "When", "Recommendation", "Sentence")),
        rows=rows,
    )
    decided = Text(f"Decided by {listed(plan.decision_rule.decided_by)}; the rule recommends.")
    return Part("protocol-decision", "Decision rule", (table, decided))


def _people(plan: Protocol) -> Part:
    rows = tuple(
        Row(
            (
                cell(p.name),
                cell(p.role.replace("_", " ")),
                cell(p.affiliation),
                cell("yes" if p.signs else "no"),
                cell("yes" if p.masked else "no"),
            )
        )
        for p in plan.roles
    )
    table = Table(
        id="protocol-people",
        caption="People and masking",
        columns=tuple(Column(t) for t in ("Name", "Role", "Affiliation", "Signs", "Masked")),
        rows=rows,
    )
    governance = Facts(
        (
            ("De-identification", plan.governance.de_identification),
            ("Retention", plan.governance.retention),
            ("Dissemination", plan.governance.dissemination),
        )
    )
    return Part("protocol-people-part", "People and governance", (table, governance))
