"""The people of a department from day to day: their morale, who leaves and comes, and who stands in for whom."""
