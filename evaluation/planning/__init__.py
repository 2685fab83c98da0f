"""The registered design, held against the pure functions of `evaluation.design` before any data."""
