"""A method by its name, or by the function in a file that returns it."""

from __future__ import annotations

import sys

import pytest
from sklearn.pipeline import Pipeline

from fleeting.compute.identity import digest
from fleeting.errors import UsageError
from fleeting.methods import METHODS
from fleeting.methods.load import load_method

FILE = """
from sklearn.svm import SVC
import beside

class Mine(SVC):
    def fit(self, X, y):
        return super().fit(X + 0, y)

def method():
    return Mine(C=beside.C)

def wrong():
    return 3

def refusing():
    from fleeting.errors import UsageError
    raise UsageError("ask somebody else")
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "mine.py").write_text(FILE)
    (tmp_path / "beside.py").write_text("C = 7\n")
    yield tmp_path / "mine.py"
    sys.modules.pop("beside", None)


def test_a_registered_name_gives_the_method_itself_each_time_a_fresh_one():
    assert isinstance(load_method("au_template"), Pipeline)
    assert load_method("au_template") is not load_method("au_template")
    assert all(hasattr(load_method(name), "predict") for name in METHODS)


def test_a_function_in_a_file_and_what_lies_beside_it(mine):
    modules = set(sys.modules)
    assert load_method(f"{mine}:method").C == 7
    assert set(sys.modules) - modules == {"beside"}


def test_the_method_is_named_anew_when_its_file_is_edited(mine):
    before = digest(load_method(f"{mine}:method"))
    assert digest(load_method(f"{mine}:method")) == before
    mine.write_text(FILE.replace("X + 0", "X + 1"))
    assert digest(load_method(f"{mine}:method")) != before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("au_templat", "'au_templat' is no registered method: there is au_template; .*file.py:function"),
        ("svm", "'svm' is no registered method: there is .*lbp_top_svm"),
        ("{}/none.py:method", r"none.py cannot be read \(No such file.*file.py:function"),
        ("{}/mine.py:other", "no function 'other'; it has Mine, method, wrong, refusing"),
        ("{}/mine.py:wrong", "3 is no method"),
        ("{}/mine.py:refusing", "^ask somebody else$"),
        ("{}/broken.py:f", "broken.py:f failed: ZeroDivisionError"),
        ("{}/text.md:f", "is no Python file: its name must end in .py"),
    ],
)
def test_what_cannot_be_used_is_said(mine, text, says):
    (mine.parent / "broken.py").write_text("1/0")
    (mine.parent / "text.md").write_text("words")
    with pytest.raises(UsageError, match=says):
        load_method(text.format(mine.parent))
