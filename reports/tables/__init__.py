"""Table specifications: one for the page and for its CSV file."""
