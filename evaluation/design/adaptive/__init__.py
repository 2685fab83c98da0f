"""Changing the size of a trial after looking at the difference, without losing alpha."""
