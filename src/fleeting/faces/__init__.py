"""Where the face is, what its parts are, and how its skin moves beyond the head's own motion."""
