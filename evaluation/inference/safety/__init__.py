"""Rare harms: exact bounds and net harm."""
