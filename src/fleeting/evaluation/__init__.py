"""A method held against people it has never seen: protocols, folds, runs, their comparison and the page about them."""
