"""The same results in other formats."""
