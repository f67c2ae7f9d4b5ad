"""Releases of recordings, and synthetic ones that need no licence."""
