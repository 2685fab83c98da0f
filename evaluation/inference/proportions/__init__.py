"""Paired proportions: each arm right or wrong on the same encounter."""
