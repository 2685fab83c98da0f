"""Encounters that nest in subjects."""
