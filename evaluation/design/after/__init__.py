"""Inference once a trial has stopped: late data, orderings of results, bias of the estimate."""
