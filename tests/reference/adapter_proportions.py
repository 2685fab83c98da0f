"""Words of the case files for paired shares."""

from tests.reference import adapter_pairs as pairs
from tests.reference.compare import Adapter

PROPORTIONS: dict[str, Adapter] = {
    "paired_diff.tango_score_ci": pairs.tango_ci,
    "paired_diff.tango_nam_ni_test": pairs.nam_test,
    "paired_diff.scas_ci": pairs.scas,
    "paired_diff.exact_mcnemar_ci": pairs.exact_difference,
    "paired_diff.newcombe_method10": pairs.newcombe,
    "paired_diff.wald_family": pairs.wald_family,
    "paired_diff.mcnemar": pairs.mcnemar_tests,
    "paired_diff.equivalence_tost": pairs.equivalence,
    "paired_ratio.tang_score_ci": pairs.ratio_ci,
    "paired_ratio.nam_blackwelder_ni_test": pairs.ratio_test,
    "paired_ratio.wald_bp_mover": pairs.ratio_family,
    "paired_or.conditional": pairs.conditional_odds,
}
