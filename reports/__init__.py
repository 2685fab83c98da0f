"""The promise read aloud: pages, figures and tables made from results, never from tables."""
