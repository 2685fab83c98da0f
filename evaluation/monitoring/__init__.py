"""Surveillance beside the looks: never on the request path."""
