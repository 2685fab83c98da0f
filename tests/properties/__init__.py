"""Laws that hold for all data: the second witness of every published number."""
