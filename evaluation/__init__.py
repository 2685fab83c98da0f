"""The promise kept: plan, lock, look, result. Runs the registered protocol and nothing else."""
