"""How the trial store's tables came to be, step by step."""

SCHEMA_VERSION = "0003"
"""The version this program reads and writes: the newest file in `versions`."""
