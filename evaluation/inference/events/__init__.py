"""Counts, rates and times to an event."""
