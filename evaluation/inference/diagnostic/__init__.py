"""Sensitivity, specificity, predictive values and likelihood ratios of two tests."""
