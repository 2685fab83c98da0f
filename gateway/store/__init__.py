"""The trial store: what was served, what the candidate said, what happened. Append only.

This room knows neither FastAPI nor HTTP, so an analyst reads it without a server.
"""
