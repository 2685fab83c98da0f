"""Several hypotheses, one error rate: stepwise, graphical and gatekeeping procedures."""
