"""Care first, trial second: serve the standard of care, journal it, mirror it, take outcomes."""
