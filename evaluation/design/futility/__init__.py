"""Stopping because success has become unlikely, and what that does to power and error rates."""
