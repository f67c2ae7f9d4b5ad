"""A web page for people, served on their own machine: what was found in videos, seen, corrected and exported; and runs, compared."""
