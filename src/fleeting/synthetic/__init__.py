"""Faces, clips, interviews and releases that are drawn, and expressions laid into footage."""
