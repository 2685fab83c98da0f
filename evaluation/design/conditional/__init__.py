"""How likely success still is, given what has been seen."""
