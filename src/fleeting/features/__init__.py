"""What is measured in a clip: one descriptor a file."""

from .au_motion import AUMotion

__all__ = ["AUMotion"]
