"""Outcomes and answers that are missing."""
