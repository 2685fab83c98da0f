"""Published and peer-computed numbers: case files, adapters to the code, and their comparison."""
