"""The cache: what goes in comes out, whoever writes beside, however little room there is; and its keys."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from fleeting.clip import Clip
from fleeting.compute.cache import Cache, default_folder
from fleeting.compute.identity import UnnamableError, describe, digest, source
from fleeting.errors import OutputError


def test_what_goes_in_comes_out(tmp_path, rng):
    cache = Cache(tmp_path)
    moment = np.zeros((), [("fps", "f8"), ("frames", "u1", (2, 3))])
    for key, array in {"ab1": rng.random((3, 4)), "ab2": np.array([], np.float32), "cd3": np.arange(5)[::2], "ef4": moment}.items():
        assert cache.get(key) is None
        assert cache.put(key, array)
        back = cache.get(key)
        assert back.dtype == array.dtype
        np.testing.assert_array_equal(back, array)
    size = sum(file.stat().st_size for file in tmp_path.rglob("*.npy"))
    assert cache.info() == {"folder": str(tmp_path), "entries": 4, "bytes": size, "limit": cache.limit}
    assert cache.clear() > 0
    assert cache.info()["entries"] == cache.info()["bytes"] == 0
    assert cache.get("ab1") is None


def test_nothing_that_could_run_code_is_kept(tmp_path):
    cache = Cache(tmp_path)
    assert not cache.put("ab", np.array([print], dtype=object))
    (tmp_path / "cd").mkdir()
    np.save(tmp_path / "cd" / "cd.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert cache.get("cd") is None


def test_a_damaged_entry_is_no_entry(tmp_path):
    cache = Cache(tmp_path)
    cache.put("ab", np.arange(1000))
    file = tmp_path / "ab" / "ab.npy"
    for damage in (file.read_bytes()[:500], b"", b"something else"):
        file.write_bytes(damage)
        assert cache.get("ab") is None
        assert not file.exists()


def test_what_was_used_longest_ago_leaves(tmp_path):
    cache = Cache(tmp_path, limit=100_000)
    for i in range(9):
        cache.put(f"{i}0", np.zeros(10_000, np.uint8))
        os.utime(tmp_path / f"{i}0" / f"{i}0.npy", (i, i))
    assert cache.get("00") is not None  # used now
    cache.put("x0", np.zeros(10_000, np.uint8))
    assert cache.info()["bytes"] <= 100_000
    assert cache.get("00") is not None
    assert cache.get("x0") is not None
    assert cache.get("10") is None
    assert not cache.put("y0", np.zeros(200_000, np.uint8))  # more than all of it


def test_the_limit_of_a_folder_holds_for_all_who_use_it(tmp_path):
    cache = Cache(tmp_path)
    assert cache.limit == 20_000_000_000
    for i in range(9):
        cache.put(f"{i}0", np.zeros(10_000, np.uint8))
        os.utime(tmp_path / f"{i}0" / f"{i}0.npy", (i, i))
    cache.keep_below(50_000)
    assert cache.info()["bytes"] <= 50_000
    assert cache.get("80") is not None
    assert Cache(tmp_path).limit == 50_000
    assert Cache(tmp_path, limit=7).limit == 7
    cache.clear()
    assert Cache(tmp_path).limit == 50_000
    (tmp_path / "limit").write_text("much")
    assert Cache(tmp_path).limit == 20_000_000_000
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="could not be written"):
        Cache(tmp_path / "file").keep_below(3)


def test_what_a_killed_writer_left_is_swept_away_and_what_is_being_written_stays(tmp_path):
    cache = Cache(tmp_path)
    cache.put("ab", np.zeros(3))
    old, new = tmp_path / "ab" / ".old.tmp", tmp_path / "ab" / ".new.tmp"
    for file in (old, new):
        file.write_bytes(b"part")
    os.utime(old, (1, 1))
    Cache(tmp_path).put("cd", np.zeros(3))
    assert (old.exists(), new.exists()) == (False, True)
    cache.clear()
    assert new.exists()


WRITER = """
import sys, numpy as np
from fleeting.compute.cache import Cache
cache = Cache(sys.argv[1], limit=2_000_000)
for _ in range(20):
    for i in range(8):
        cache.put(f"{i}{i}", np.full(20_000, i, np.int64))
        got = cache.get(f"{i}{i}")
        assert got is None or (got == i).all()
print("done")
"""


def test_writers_do_not_disturb_each_other(tmp_path):
    def start():
        command = [sys.executable, "-W", "error", "-c", WRITER, str(tmp_path)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    with start() as one, start() as two:
        cache = Cache(tmp_path)
        while two.poll() is None:
            for i in range(8):
                got = cache.get(f"{i}{i}")
                assert got is None or (got == i).all()
        for process in (one, two):
            out, problem = process.communicate(timeout=60)
            assert out == b"done\n", problem.decode()
    assert cache.info()["entries"] == 8


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_warns_once_and_leaves_no_part(tmp_path):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    cache = Cache(tmp_path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        with pytest.warns(UserWarning, match="could not be written: .*; going on without it") as caught:
            assert not cache.put("ab", np.zeros(100_000))
        assert not cache.put("cd", np.zeros(3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(caught) == 1
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_where_it_lies(tmp_path, monkeypatch):
    monkeypatch.setenv("FLEETING_CACHE", str(tmp_path))
    assert default_folder() == tmp_path / "clips" == Path(Cache().folder)
    monkeypatch.delenv("FLEETING_CACHE")
    assert default_folder().parts[-2:] == ("fleeting", "clips")


def test_keys_tell_apart_what_differs_and_nothing_else(rng):
    a = rng.random((2, 3))
    values = [1, 1.5, "1", None, True, [1, 2], [2, 1], {"a": 1}, {"b": 1}, {1: 2}, {1, 2}, b"1", np.int64, SVC, len, np.log1p]
    values += [a, a.astype(np.float32), a.T, partial(np.add, 1), Path("x/a.csv")]
    values += [SVC(), SVC(C=2), StandardScaler(), make_pipeline(StandardScaler(), SVC()), SelectKBest(f_classif)]
    names = [digest(value) for value in values]
    assert len(set(names)) == len(values)
    assert digest((1, 2)) == digest([1, 2])
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"x", "y", "z"}) == digest({"z", "x", "y"})
    assert digest(SVC(verbose=True)) == digest(SVC())
    assert len(digest(1, length=12)) == 12


def test_keys_are_the_same_in_each_process():
    code = "from fleeting.compute.identity import digest; f = lambda x: x in {'p', 'q', 'r'}; print(digest(f, {'p', 'q'}))"
    names = []
    for seed in "12":
        environment = os.environ | {"PYTHONHASHSEED": seed}
        names.append(subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True).stdout)
    assert names[0] == names[1] != ""


def function_of(text):
    names: dict = {"__name__": "somewhere"}
    exec(text, names)
    return names["f"]


def test_code_of_ones_own_counts_and_its_notes_do_not():
    plain = digest(function_of("def f(x): return x + 1"))
    assert digest(function_of("def f(x):\n    # a comment\n    return x + 1")) == plain
    assert digest(function_of("def f(x): return x + 2")) != plain
    helper = "K = {}\ndef g(x): return x + K\ndef f(x): return g(x)"
    assert digest(function_of(helper.format(1))) != digest(function_of(helper.format(2)))
    notes = "calls = {}\ndef f(x):\n    calls.append(x)\n    return x"
    assert digest(function_of(notes.format("[]"))) == digest(function_of(notes.format("[1, 2]")))
    count = "n = {}\ndef f(x):\n    global n\n    n += 1\n    return x"
    assert digest(function_of(count.format(1))) == digest(function_of(count.format(2)))
    class_ = "class f:\n    def g(self): return {}"
    assert digest(function_of(class_.format(1))()) != digest(function_of(class_.format(2))())


def test_what_cannot_be_named_says_so(tmp_path):
    ring: list = []
    ring.append(ring)
    with (tmp_path / "x").open("w") as file:
        for value in (np.random.default_rng(0), np.random.RandomState(0), ring, SVC(C=np.random.default_rng(0)), iter([1]), file):
            with pytest.raises(UnnamableError, match="cannot be named"):
                describe(value)


@dataclass(frozen=True)
class FromFile:
    path: Path

    def __call__(self):
        return np.load(self.path)


def test_the_source_of_frames(tmp_path):
    def clip(read):
        return Clip("a/b/c", "a", "b", 25.0, 0, 1, 2, read)

    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    for folder in "12":
        np.save(tmp_path / folder / "x.npy", np.zeros((3, 4, 4, 3), np.uint8))
    here, there = (clip(FromFile(tmp_path / folder / "x.npy")) for folder in "12")
    assert source(here) == source(there)
    assert source(here, place=True) != source(there, place=True)
    before = source(here, place=True)
    os.utime(tmp_path / "1" / "x.npy", (1, 1))
    assert source(here, place=True) != before
    np.save(tmp_path / "1" / "x.npy", np.zeros((4, 4, 4, 3), np.uint8))
    assert source(here) != source(there)

    held = [np.zeros((3, 4, 4, 3), np.uint8)]
    by_function = clip(lambda: held[0])
    name = source(by_function)
    held[0] = held[0] + 1
    assert source(by_function) != name  # a function may read anything: its frames count
    laid_over = replace(here, read=partial(np.flip, here))
    assert source(laid_over) != source(replace(laid_over, read=partial(np.flip, there)), place=True)


def test_a_second_run_computes_no_clip_anew(tmp_path, monkeypatch):
    from fleeting.base import ClipTransformer
    from fleeting.evaluation.evaluate import evaluate
    from fleeting.protocols import SubjectKFold

    computed = []

    class Counted(ClipTransformer):
        def transform_clip(self, clip):
            computed.append(clip.id)
            return clip.frames.mean(axis=0).ravel()

    monkeypatch.setenv("FLEETING_CACHE", str(tmp_path))
    frames = np.random.default_rng(0).integers(0, 255, (30, 10, 64, 64, 3), dtype=np.uint8)
    clips = [Clip(f"a/{i % 5}/{i}", "a", str(i % 5), 25.0, 0, 1, 2, lambda i=i: frames[i]) for i in range(30)]
    for _ in range(2):
        evaluate(make_pipeline(Counted(), SVC()), clips, np.arange(30) // 5 % 2, SubjectKFold(2))
    assert sorted(computed) == sorted(clip.id for clip in clips)
