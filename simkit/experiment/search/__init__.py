"""Looking for the values of levers that do best, or that get somewhere."""
