"""Continuous answers and doses."""
