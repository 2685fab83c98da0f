"""The promise: what will be tested, written down before any data."""
