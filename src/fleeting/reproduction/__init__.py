"""Five papers' tables and figures, run anew."""
