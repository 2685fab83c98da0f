"""Figures as SVG text: no library, no clock, no random id."""
