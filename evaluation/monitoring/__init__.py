"""Anytime-valid safety: evidence of harm that may be looked at after every case."""
