"""How many pairs a trial needs, the power they give, and blinded corrections on the way."""
