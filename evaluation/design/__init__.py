"""Alpha spending, boundaries and what a look may claim."""
