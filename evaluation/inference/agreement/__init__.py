"""Agreement, ordered and unordered categories."""
