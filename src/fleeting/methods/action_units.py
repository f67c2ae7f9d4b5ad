"""The weight-free recogniser: action units by templates, emotion by the FACS tables."""

from __future__ import annotations

from sklearn.pipeline import Pipeline, make_pipeline

from ..classifiers.emotion_table import EmotionTable
from ..features.au_motion import AUMotion


def au_template() -> Pipeline:
    """A pipeline from clips to ``negative``, ``positive`` or ``surprise`` that works without being fitted.

    Nothing in it was trained; its shapes and tables were drawn by hand (:mod:`fleeting.faces.action_units`). It is what
    a trained network has to beat.

    Returns
    -------
    Pipeline
        It takes a list of clips.

    Examples
    --------
    >>> au_template().classes_.tolist()
    ['negative', 'positive', 'surprise']
    """
    return make_pipeline(AUMotion(), EmotionTable())
