"""The mirror: ships the journal to the trial store, asks the candidate, records what came of it.

A process of its own, so that nothing a candidate does can take the gateway's time.
"""
