"""What passes between the market and the department, day by day."""
