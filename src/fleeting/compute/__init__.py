"""What is common to all that computes: names for results, what was computed once, what learns nothing, and where it runs."""
