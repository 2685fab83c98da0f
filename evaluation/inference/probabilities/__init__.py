"""Quality of predicted probabilities."""
