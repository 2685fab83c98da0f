"""What a look found: the only thing that reports read, and the content of `results.json`.

Effects are candidate minus standard of care, or candidate over standard of care where `scale` is
`ratio`. Shares lie in [0, 1]. `level` of an interval is
two-sided. A missing number is None together with a reason; it is never zero and never NaN.
"""

from evaluation.results.base import (
    Result,
)
from evaluation.results.beside import (
    AnalysisResult,
    ArmCalibration,
    CurvePoint,
    MissingPattern,
    NaturalFrequencies,
    QuantityResult,
    RocCurve,
    SafetyResult,
    SubgroupCell,
    SubgroupResult,
)
from evaluation.results.effects import (
    ArmValue,
    Boundary,
    HypothesisResult,
    Interval,
    MissingBounds,
    PairedTable,
    TestResult,
)
from evaluation.results.look import (
    AlarmEntry,
    ArmOperations,
    CompletenessResult,
    DeviationCount,
    Digests,
    FlowStep,
    LateOutcomes,
    LookFacts,
    LookResults,
    PopulationCount,
    Recommendation,
    RefusalEntry,
)
from evaluation.results.sequential import (
    FutilityReading,
    HarmReading,
    Inference,
    PowerAhead,
    ReEstimationResult,
    SequentialInference,
    SharedAlpha,
    Unweighted,
)

__all__ = [
    "AlarmEntry",
    "AnalysisResult",
    "ArmCalibration",
    "ArmOperations",
    "ArmValue",
    "Boundary",
    "CompletenessResult",
    "CurvePoint",
    "DeviationCount",
    "Digests",
    "FlowStep",
    "FutilityReading",
    "HarmReading",
    "HypothesisResult",
    "Inference",
    "Interval",
    "LateOutcomes",
    "LookFacts",
    "LookResults",
    "MissingBounds",
    "MissingPattern",
    "NaturalFrequencies",
    "PairedTable",
    "PopulationCount",
    "PowerAhead",
    "QuantityResult",
    "ReEstimationResult",
    "Recommendation",
    "RefusalEntry",
    "Result",
    "RocCurve",
    "SafetyResult",
    "SequentialInference",
    "SharedAlpha",
    "SubgroupCell",
    "SubgroupResult",
    "TestResult",
    "Unweighted",
]
