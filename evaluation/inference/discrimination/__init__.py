"""How well scores rank events before non-events."""
