"""What a design does when it is run many times: operating characteristics with their errors."""
