"""The two witnesses of every word exist: its reference cases, and the test of its law."""

# ruff: noqa: E501 - a test is named in one piece

import ast
import json
import re
from pathlib import Path

import pytest

from evaluation.methods import Described, described

TESTS = Path(__file__).resolve().parents[2]
IDS = {
    case["id"]
    for path in sorted((TESTS / "reference" / "cases").glob("*.json"))
    for case in json.loads(path.read_text(encoding="utf-8"))
}
LIKE_AN_ID = re.compile(r"\b[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+(?:\.\d+)?\b")

PUBLISHED = {
    "obuchowski_rockette": "test_reader_average:random_readers_give_the_published_analysis_of_franken",
    "reader_averaged_area": "test_reader_average:each_modality_of_franken_has_its_published_interval",
    "partial_area": "test_discrimination:parts_of_a_curve_agree_with_proc",
    "sensitivity_at_specificity": "test_discrimination:parts_of_a_curve_agree_with_proc",
    "recall_at_alert_rate": "test_discrimination:measures_of_a_small_ranking_are_those_counted_by_hand",
    "c_index_difference": "test_liver:bilirubin_alone_is_worse_than_the_mayo_score",
    "concordance_index": "test_liver:the_mayo_score_has_its_published_concordance",
    "ascertainment": "test_missing_methods:who_is_ascertained_is_told_by_what_the_arms_predicted",
    "calibration_gap": "test_subgroup_methods:the_calibration_of_each_level_is_its_observed_over_expected",
}
"""Words without a case among the files: the test of the published or counted numbers."""

LAWS = {
    "tango_score": "test_paired_laws:without_a_margin_the_squared_statistic_is_mcnemars",
    "scas_score": "test_proportions_laws:the_corrected_and_the_exact_interval_exclude_the_margin_exactly_when_p_is_below_alpha",
    "exact_difference": "test_proportions_laws:the_exact_test_without_a_margin_is_the_sign_test",
    "tang_score_ratio": "test_paired_laws:swapping_the_arms_inverts_the_ratio_interval",
    "paired_difference": "test_proportions_laws:swapping_the_arms_mirrors_every_closed_interval",
    "paired_ratio": "test_paired_laws:swapping_the_arms_inverts_the_ratio_interval",
    "conditional_odds": "test_proportions_laws:swapping_the_arms_inverts_the_conditional_odds",
    "mcnemar": "test_paired_laws:without_a_margin_the_squared_statistic_is_mcnemars",
    "paired_equivalence": "test_proportions_laws:equivalence_is_shown_exactly_when_the_interval_lies_within_the_margin",
    "clustered_difference": "test_clusters_laws:one_pair_a_subject_is_the_paired_t_test",
    "clustered_score": "test_clusters_laws:the_clustered_score_is_the_least_favourable_of_its_three_parts",
    "clustered_difference_cr2": "test_clusters_laws:subjects_of_one_size_make_all_errors_alike",
    "subject_weighted_difference": "test_clusters_laws:one_pair_a_subject_is_the_paired_t_test",
    "jackknife_difference": "test_clusters_laws:subjects_of_one_size_make_all_errors_alike",
    "bootstrap_difference": "test_clusters:many_resamples_come_near_the_linearised_error",
    "gee_difference": "test_clusters_laws:estimating_equations_with_independence_are_the_pooled_difference",
    "durkalski_margin": "test_clusters_laws:published_statistics_without_a_margin_are_the_squares_of_the_forms_with_one",
    "yang_margin": "test_clusters_laws:published_statistics_without_a_margin_are_the_squares_of_the_forms_with_one",
    "clustered_ratio": "test_clusters_laws:swapping_the_arms_inverts_the_ratio",
    "clustered_effect": "test_clusters_laws:subjects_of_one_size_make_all_errors_alike",
    "clustered_effect_bootstrap": "test_resampling:the_same_seed_draws_the_same_subjects_and_another_seed_does_not",
    "clustered_ratio_estimate": "test_clusters_laws:swapping_the_arms_inverts_the_ratio",
    "clustered_mcnemar": "test_clusters_laws:one_pair_a_subject_makes_durkalskis_test_mcnemars",
    "mixed_model_effect": "test_mixed_and_flip_laws:another_library_finds_the_same_restricted_likelihood",
    "gee_arm_effect": "test_clusters_laws:estimating_equations_with_independence_are_the_pooled_difference",
    "relative_share": "test_diagnostic_laws:the_linearised_error_is_the_slope_in_each_subjects_weight",
    "relative_predictive_value": "test_diagnostic_laws:the_linearised_error_is_the_slope_in_each_subjects_weight",
    "likelihood_ratio_regression": "test_diagnostic_laws:the_linearised_error_is_the_slope_in_each_subjects_weight",
    "predictive_value_difference": "test_diagnostic_laws:the_difference_has_the_slope_in_each_subjects_weight",
    "sensitivity_and_specificity": "test_diagnostic:both_shares_pass_with_the_larger_p",
    "predictive_values": "test_diagnostic_laws:the_generalised_score_is_leisenrings_double_sum",
    "likelihood_ratios": "test_diagnostic_laws:a_likelihood_ratio_has_the_errors_of_its_two_shares",
    "global_accuracy_test": "test_diagnostic_laws:the_joint_test_adds_two_mcnemar_statistics",
    "relative_accuracy": "test_diagnostic_laws:swapping_the_arms_inverts_the_ratio",
    "delong": "test_discrimination_laws:placements_by_sorting_equal_the_double_loop",
    "delong_at_margin": "test_at_margin_laws:centring_the_placements_one_by_one_gives_the_same_statistic",
    "bootstrap_rank_difference": "test_ranking_laws:a_weighted_curve_is_the_curve_of_repeated_rows",
    "obuchowski_rockette": "test_ranking_laws:one_fixed_reader_is_delong",
    "area_under_curve": "test_discrimination_laws:placements_by_sorting_equal_the_double_loop",
    "reader_averaged_area": "test_ranking_laws:one_fixed_reader_is_delong",
    "bootstrap_area": "test_ranking_laws:a_weighted_curve_is_the_curve_of_repeated_rows",
    "precision_recall": "test_ranking_laws:a_weighted_curve_is_the_curve_of_repeated_rows",
    "partial_area": "test_ranking_laws:a_weighted_curve_is_the_curve_of_repeated_rows",
    "sensitivity_at_specificity": "test_ranking_laws:a_weighted_curve_is_the_curve_of_repeated_rows",
    "recall_at_alert_rate": "test_ranking_laws:a_weighted_curve_is_the_curve_of_repeated_rows",
    "brier_score": "test_probabilities_laws:a_pair_a_subject_gives_the_paired_t_test",
    "log_loss": "test_probabilities_laws:a_clip_bounds_every_log_loss",
    "calibration": "test_probabilities_laws:intercept_and_slope_are_those_of_statsmodels",
    "expected_calibration_error": "test_probabilities_laws:binned_errors_are_those_of_a_loop_over_bins",
    "net_benefit": "test_probabilities_laws:net_benefit_at_the_samples_prevalence_is_net_benefit",
    "decision_curve": "test_probabilities_laws:net_benefit_at_the_samples_prevalence_is_net_benefit",
    "reclassification": "test_probabilities_laws:swapping_the_arms_turns_reclassification",
    "paired_t": "test_continuous_laws:paired_t_is_the_t_test_and_agrees_with_its_interval",
    "wilcoxon_signed_rank": "test_continuous_laws:signed_ranks_agree_with_another_implementation",
    "mean_difference": "test_continuous_laws:paired_t_is_the_clustered_test_of_subjects_seen_once",
    "mean_equivalence": "test_continuous_laws:equivalence_is_both_tests_and_the_interval_between_the_limits",
    "hodges_lehmann": "test_continuous_laws:averages_are_counted_and_ranked_as_if_they_were_listed",
    "sign_flip": "test_mixed_and_flip_laws:the_exact_test_counts_every_pattern_of_signs",
    "limits_of_agreement": "test_continuous:limits_of_agreement_cover_the_true_limit_as_often_as_they_say",
    "deming_regression": "test_measurement_laws:demings_line_is_the_principal_axis_and_its_error_the_refitted_one",
    "passing_bablok_regression": "test_measurement_laws:swapping_the_arms_turns_passing_and_babloks_slope_round",
    "concordance_correlation": "test_measurement_laws:concordance_is_one_less_the_expected_squared_difference",
    "intraclass_correlation": "test_measurement_laws:intraclass_forms_follow_from_variances_and_do_not_know_the_arms",
    "error_grid": "test_glucose:every_published_corner_of_parkes_lies_in_the_better_zone",
    "glucose_ranges": "test_measurement_laws:shares_below_in_and_above_range_add_up",
    "within_tolerance": "test_measurement_laws:a_wider_tolerance_never_loses_an_answer",
    "kappa_difference": "test_agreement_laws:leaving_one_subject_out_gives_nearly_the_same_error",
    "mean_score_difference": "test_agreement_laws:mean_scores_of_single_encounters_are_the_table_s",
    "kappa": "test_agreement_laws:kappa_and_its_error_are_those_of_another_package",
    "gwet_agreement": "test_agreement_laws:the_influence_is_the_derivative_of_the_coefficient",
    "marginal_homogeneity": "test_agreement_laws:marginal_homogeneity_is_that_of_another_package_where_no_cell_is_empty",
    "mean_scores": "test_agreement:rank_errors_agree_with_leaving_each_pair_out",
    "cochran_q": "test_agreement_laws:with_two_levels_every_test_of_homogeneity_is_mcnemars",
    "count_ratio": "test_events_laws:equal_exposures_give_the_exact_sign_test",
    "poisson_rate_ratio": "test_events_laws:the_poisson_ratio_is_that_of_estimating_equations",
    "negative_binomial_rate_ratio": "test_events_laws:no_other_dispersion_is_likelier",
    "cox_stratified_by_pair": "test_events_laws:both_cox_fits_are_those_of_another_package",
    "cox_marginal": "test_events_laws:the_robust_error_of_the_hazard_ratio_is_that_of_another_package",
    "c_index_difference": "test_concordance_laws:concordance_with_one_event_time_is_the_area_under_the_curve",
    "count_ratio_estimate": "test_events_laws:equal_exposures_give_the_exact_sign_test",
    "rate_ratio": "test_events_laws:no_other_dispersion_is_likelier",
    "exact_rate_ratio": "test_events_laws:equal_exposures_give_the_exact_sign_test",
    "kaplan_meier": "test_events_laws:survival_is_that_of_another_package",
    "cox": "test_events_laws:both_cox_fits_are_those_of_another_package",
    "concordance_index": "test_concordance_laws:concordance_is_the_double_loop",
    "exact_share_bound": "test_safety:bounds_between_subjects_err_no_more_often_than_registered",
    "exact_rate_bound": "test_safety_laws:poisson_bounds_are_chi_squared_quantiles",
    "net_discordant_harm": "test_safety_laws:net_harm_is_a_binomial_tail",
    "severity_weighted_harm": "test_safety_laws:weights_times_a_factor_change_the_unit_only",
    "posterior_harm": "test_safety_laws:a_posterior_is_prior_times_likelihood",
    "ipw_difference": "test_missing_laws:equal_weights_give_the_clustered_difference",
    "imputed_difference": "test_missing_laws:with_every_outcome_known_all_methods_are_the_clustered_difference",
    "worst_and_best_case": "test_missing_laws:no_assignment_leaves_the_worst_and_the_best_case",
    "tipping_point": "test_missing_laws:the_smallest_tip_is_the_one_found_by_trying_all",
    "delta_adjustment": "test_missing_laws:a_shift_towards_the_candidate_never_lowers_the_estimate",
    "inverse_probability_weighting": "test_missing_laws:equal_weights_give_the_clustered_difference",
    "multiple_imputation": "test_missing_laws:with_every_outcome_known_all_methods_are_the_clustered_difference",
    "ascertainment": "test_missing_methods:who_is_ascertained_is_told_by_what_the_arms_predicted",
    "subgroup_interaction": "test_subgroups_laws:two_groups_without_common_subjects_have_walds_test_as_the_square_of_z",
    "heterogeneity": "test_subgroups_laws:renaming_the_groups_leaves_the_test_of_heterogeneity",
    "stratified_odds": "test_subgroups_laws:breslow_and_day_agree_with_another_package_away_from_an_odds_ratio_of_one",
    "fairness_gaps": "test_subgroups_laws:rates_and_gaps_are_what_counting_pair_by_pair_gives",
    "calibration_gap": "test_subgroups_laws:probabilities_equal_to_each_groups_share_leave_no_calibration_gap",
}
"""The test behind each word's second witness; what it says in words stands beside the word."""


def _names() -> set[str]:
    found = set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.add(f"{path.stem}:{node.name.removeprefix('test_')}")
    return found


NAMES = _names()


@pytest.mark.parametrize("item", described(), ids=lambda item: item.word)
def test_every_case_that_a_word_names_is_among_the_files(item: Described) -> None:
    named = LIKE_AN_ID.findall(item.witnesses[0])
    assert set(named) <= IDS
    assert named or item.word in PUBLISHED


@pytest.mark.parametrize("item", described(), ids=lambda item: item.word)
def test_every_law_that_a_word_names_is_tested(item: Described) -> None:
    assert LAWS[item.word] in NAMES


def test_published_numbers_that_are_no_case_are_tested() -> None:
    assert set(PUBLISHED.values()) - NAMES == set()


def test_no_word_is_listed_that_is_gone() -> None:
    words = {item.word for item in described()}
    assert set(LAWS) == words
    assert set(PUBLISHED) <= words
