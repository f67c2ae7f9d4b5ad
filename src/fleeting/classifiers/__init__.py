"""Classifiers that scikit-learn lacks, one a file."""

from .emotion_table import EmotionTable

__all__ = ["EmotionTable"]
