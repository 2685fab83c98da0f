"""Differences between groups of encounters, and fairness."""
