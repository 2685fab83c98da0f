"""Statistics as pure functions: counts and arrays in, frozen results out."""
