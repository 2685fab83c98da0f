"""What an auditor needs: digests, versions, methods with citations, and the words used here."""

from protocols.vocabulary import Framework
from reports import numbers
from reports.blocks import Block, Box, Facts, Part, Section, Text
from reports.effects import RATIO
from reports.reading import Reading
from reports.sentences import operation_words, test_words

GLOSSARY = (
    ("Arm", "A predictor, not a patient group: every encounter meets both, so data are paired."),
    ("Candidate", "The algorithm under evaluation. It ran in the shadow and treated nobody."),
    ("Standard of care", "What answered the clinician throughout the trial."),
    ("Encounter", "The contact that caused one request."),
    (
        "Pair, evaluable pair",
        "Both arms' observations of an encounter; with an ascertained outcome.",
    ),
    (
        "Margin",
        "The largest acceptable loss, for equivalence also gain, registered before the first "
        "request.",
    ),
    ("Repeated interval", "An interval that stays valid although the data were looked at before."),
    ("Look", "A planned analysis. Its number and moment are registered."),
    ("Information fraction", "Evaluable pairs at the look divided by the planned total."),
    ("Boundary", "The value that the statistic must reach at a look, from alpha spending."),
    ("Lock", "The moment after which a look's data cannot change."),
    ("Deviation", "Conduct departed from the protocol."),
    ("Refusal", "Something that the registered plan does not allow was asked for."),
    (
        "Registered analysis",
        "An estimate or test beside the hypotheses: no alpha, no verdict, no claim.",
    ),
    ("Verdict", "The answer to one hypothesis by a fixed rule; computed, never typed."),
    ("Not evaluable", "There is no answer, for the reason given; never a number in its place."),
)

NON_INFERIORITY = (
    "Whole line off the shaded side: non-inferior. Line across the dashed line: not shown; "
    "the data cannot tell. Whole line in the shade: inferior.",
    "Non-inferior never means alike. A line wholly on the worse side of the solid line, yet off "
    "the shade, is non-inferior but worse, and the verdict says so.",
)
EQUIVALENCE = (
    "Two dashed lines, shaded beyond both: equivalence was registered. Whole line between them: "
    "equivalent within the margins, which is not the same as alike.",
)


def reading_section(reading: Reading) -> Section:
    """How to read an interval figure, for readers who meet one for the first time."""
    hypotheses = reading.results.hypotheses
    kinds = {h.framework for h in hypotheses} or {Framework.NON_INFERIORITY}
    paragraphs = [
        f"The point is the {_what(reading)}; the line through it is the interval of effects that "
        "agree with the data."
    ]
    if any(h.scale == RATIO for h in hypotheses):
        paragraphs.append(
            "On the axis of a ratio, twice and half lie equally far from one: it is logarithmic."
        )
    paragraphs.append(
        f"The solid line is {_none(reading)}: the arms alike. The dashed line is the margin, the "
        "largest loss that the protocol accepts. The shaded side is worse than that."
    )
    if kinds != {Framework.EQUIVALENCE}:
        paragraphs += NON_INFERIORITY
    if Framework.EQUIVALENCE in kinds:
        paragraphs += EQUIVALENCE
    title = "How to read an interval figure"
    if kinds <= {Framework.NON_INFERIORITY, Framework.SUPERIORITY}:
        title = "How to read a non-inferiority figure"
    return Section("how-to-read", "How to read this report", (Box(title, tuple(paragraphs)),))


def _what(reading: Reading) -> str:
    scales = dict.fromkeys(h.scale for h in reading.results.hypotheses) or {"difference": None}
    return " or the ".join(f"{scale} {operation_words(scale)}" for scale in scales)


def _none(reading: Reading) -> str:
    scales = {h.scale for h in reading.results.hypotheses}
    if RATIO not in scales:
        return "zero"
    return "one" if len(scales) == 1 else "zero, or one for a ratio"


def audit_section(reading: Reading) -> Section:
    """Digests, versions and definitions, for who wants to check."""
    return Section(
        "audit",
        "Audit appendix",
        (_identity(reading), _verify(), _methods(reading), _glossary()),
    )


def _identity(reading: Reading) -> Part:
    results, facts = reading.results, reading.results.facts
    rows = (
        ("Trial", facts.trial),
        ("Look", f"{facts.look}, number {facts.counted}"),
        ("Data locked", facts.locked_at),
        ("Results digest", reading.digest),
        ("Lock digest", results.digests.lock),
        ("Protocol digest", results.digests.protocol),
        ("Protocol version", f"{facts.protocol_version} of {facts.protocol_date}"),
        ("Engine version", results.engine_version),
        ("Results schema", results.schema_version),
        ("Information fraction", numbers.plain_percent(facts.information_fraction)),
        ("Looks made", numbers.count(facts.looks_made)),
        ("Looks refused", numbers.count(facts.looks_refused)),
    )
    return Part("audit-identity", "Identity", (Facts(rows, code=True),))


def _verify() -> Part:
    steps: tuple[Block, ...] = (
        Text("1. sha256sum results.json must print the results digest above."),
        Text(
            "2. The protocol digest is the SHA-256 of the registered text in results.json, in RFC "
            "8785 form; a report whose text has another digest is not built."
        ),
        Text(
            "3. equipoise report build --results results.json --output again must write the same "
            "bytes, on any machine."
        ),
        Text(
            "4. The look can be run again from its lock: one lock and one protocol give one result."
        ),
    )
    return Part("audit-verify", "How to verify", steps)


def _methods(reading: Reading) -> Part:
    """Each method once, in the order of first use."""
    found: dict[str, str] = {}
    for hypothesis in reading.results.hypotheses:
        for test in (hypothesis.primary, *hypothesis.supporting, *hypothesis.sensitivity):
            name = test_words(test.test)
            found.setdefault(name, f"{test.method} {test.citation}".strip())
    for analysis in reading.results.analyses:
        name = test_words(analysis.estimator)
        found.setdefault(name, f"{analysis.method} {analysis.citation}".strip())
    rounding = (
        "Decisions are made on unrounded values; this page rounds halves away from zero and adds "
        "decimals where a limit would otherwise seem to lie on the margin."
    )
    return Part("audit-methods", "Methods", (Facts(tuple(found.items())), Text(rounding)))


def _glossary() -> Part:
    return Part("audit-glossary", "Words used here", (Facts(GLOSSARY),))
