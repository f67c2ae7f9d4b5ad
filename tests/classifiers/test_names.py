"""What the package of classifiers hands out."""

import subprocess
import sys

import pytest

import fleeting.classifiers


@pytest.mark.parametrize("name", fleeting.classifiers.__all__)
def test_each_name_is_there(name):
    assert getattr(fleeting.classifiers, name).__name__ == name


def test_a_name_that_is_none():
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        fleeting.classifiers.Nothing  # noqa: B018


def test_one_classifier_does_not_load_all():
    code = (
        "import sys; from fleeting.classifiers import EmotionTable; "
        "print([m for m in sys.modules if m.startswith('fleeting.classifiers.')], 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['fleeting.classifiers.emotion_table'] False"
