"""What spotters over videos learn, measure and keep, on crops that need no face to be found."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from fleeting.compute.cache import Cache
from fleeting.errors import UsageError
from fleeting.spotting import (
    SPOTTERS,
    VIDEO_SPOTTERS,
    ExpressionRuns,
    FeatureDifference,
    FrameDifference,
    SignalSpotter,
    SOFTNetSpotter,
    load_video_spotter,
)
from fleeting.spotting.scores import Counts, count
from fleeting.spotting.video_spotter import agreement, near_faces, places

from .made_videos import bump, moved, texture, video


class Ready:
    """The frames are the crops already."""

    def crops(self, video, cache=None):
        return np.stack([frame[..., 0] for frame in video.frames()][:: self.step(video)])


class Differences(Ready, FrameDifference):
    pass


class Features(Ready, FeatureDifference):
    pass


class Network(Ready, SOFTNetSpotter):
    pass


class Frames(Ready, ExpressionRuns):
    pass


def brows(subject, apexes, n=150, half=6, size=64, repeat=1, look=None):
    """A video in which the right brow goes up and down around each apex, coded as micro; each frame ``repeat`` times."""
    motion = sum((bump(n, apex, half) for apex in apexes), np.zeros(n))
    crops = moved(texture(size, seed=ord(look or subject)), motion, where=(18, 18), px=2.0)
    frames = np.repeat(np.repeat(crops, repeat, axis=0)[..., None], 3, axis=-1)
    coded = [((apex - half + 1) * repeat, apex * repeat, (apex + half) * repeat - 1, "micro") for apex in apexes]
    return video(subject, frames, coded, 30.0 * repeat)


@pytest.fixture(scope="module")
def films():
    return [brows("a", [30, 80, 120]), brows("b", [25, 60, 100, 130]), brows("c", [40, 75, 115])]


def right(spotter, film, cache=None):
    found = spotter.spot(film, cache)
    return count(found.assign(video=""), film.intervals.assign(video=""))["micro"]


@pytest.mark.parametrize("kind", [Differences, Features, Network])
def test_learned_on_two_and_found_on_a_third(films, tmp_path, kind):
    spotter = kind(size=64, **({"random_state": 0} if kind is Network else {})).fit(films[:2], Cache(tmp_path))
    assert spotter.k_ == {"micro": 6}  # (12 + 1) // 2
    assert 0.01 <= spotter.p_["micro"] <= 0.95
    said = right(spotter, films[2], Cache(tmp_path))
    assert said.right == 3
    assert said.false <= 1


def test_expression_runs_learn_stills():
    """Three who look alike: of strangers, single frames of a few others tell nothing."""
    alike = [brows(name, apexes, look="a") for name, apexes in (("a", [30, 80, 120]), ("b", [25, 60, 100]), ("c", [40, 75, 115]))]
    spotter = Frames(size=64, picture=16, random_state=0).fit(alike[:2])
    found = spotter.spot(alike[2])
    assert set(found["kind"]) == {"micro"}
    assert [sum(a <= apex <= b for a, b in zip(found["onset"], found["offset"], strict=True)) for apex in (40, 75, 115)] == [1, 1, 1]
    assert len(found) == 3
    given = Frames(size=64, picture=16, classifier=spotter.classifier_).fit([])
    assert given.spot(alike[2]).equals(found)
    with pytest.raises(UsageError, match="two classes cannot be learned"):
        Frames(size=64, picture=16).fit([brows("d", [])])


def test_faster_recordings_are_thinned_and_told_in_their_own_frames(films):
    slow = brows("c", [40, 75, 115], repeat=4)  # 120 frames a second
    spotter = Differences(size=64, k={"micro": 6}, p=0.5).fit([])
    thin, full = spotter.spot(films[2]), spotter.spot(slow)
    assert full["apex"].tolist() == [4 * apex for apex in thin["apex"]]
    assert full["onset"].tolist() == [4 * onset for onset in thin["onset"]]
    assert full["offset"].tolist() == [4 * offset + 3 for offset in thin["offset"]]
    assert Differences(size=64).fit([slow]).k_ == {"micro": 6}
    assert Differences(size=64, rate=60.0).fit([slow]).k_ == {"micro": 11}


def test_a_kind_that_nobody_shows_is_not_looked_for(films):
    spotter = Differences(size=64).fit(films[:2])
    assert set(spotter.spot(films[2])["kind"]) == {"micro"}
    with pytest.raises(UsageError, match="no training video has a coded interval"):
        Differences(size=64).fit([brows("d", [])])


def test_given_lengths_and_threshold_are_taken(films):
    spotter = Differences(size=64, k={"macro": 9}, p=0.3).fit(films)
    assert (spotter.k_, spotter.p_) == ({"macro": 9}, {"macro": 0.3})
    assert spotter.selection is None
    assert "mean length" in Differences().selection
    with pytest.raises(UsageError, match="must give micro, macro or both"):
        Differences(k={"blink": 3}).fit(films)
    with pytest.raises(UsageError, match="call fit"):
        Differences().spot(films[0])


def test_what_was_measured_is_kept_and_known_by_its_parameters(films, tmp_path):
    cache = Cache(tmp_path)
    spotter = Differences(size=64, k={"micro": 6}, p=0.5).fit(films[:1])
    first = spotter.spot(films[0], cache)
    entries = cache.info()["entries"]
    assert entries
    assert spotter.spot(films[0], cache).equals(first)
    Differences(size=64, k={"micro": 6}, p=0.9).fit(films[:1]).spot(films[0], cache)
    assert cache.info()["entries"] == entries  # p moves no measurement
    Differences(size=64, k={"micro": 7}, p=0.5).fit(films[:1]).spot(films[0], cache)
    assert cache.info()["entries"] > entries


def test_the_same_seed_gives_the_same_network(films):
    nets = [Network(size=64, epochs=1, k={"micro": 6}, p=0.5, random_state=seed).fit(films[:1]) for seed in (1, 1, 2)]
    spans = [net.scores(films[1], "micro") for net in nets]
    np.testing.assert_array_equal(spans[0], spans[1])
    assert not np.array_equal(spans[0], spans[2])


def test_where_a_face_is_missing_nothing_is_judged():
    crops = np.ones((12, 4, 4), np.uint8)
    crops[5] = 0
    assert np.flatnonzero(~near_faces(crops, 2)).tolist() == [3, 5, 7]
    assert near_faces(crops, 40).sum() == 11
    gone = brows("a", [30, 80, 120])
    frames = np.stack(list(gone.frames()))
    frames[100:] = 0
    spotter = Differences(size=64, k={"micro": 6}, p=0.3).fit([])
    assert spotter.spot(video("a", frames, []))["apex"].max() < 100


@pytest.mark.parametrize("kind", [Differences, Features, Network])
def test_a_video_shorter_than_an_expression_has_none(films, kind):
    spotter = kind(size=64, k={"micro": 6, "macro": 30}, p=0.5, **({"epochs": 1} if kind is Network else {})).fit(films[:1])
    frames = np.stack(list(films[1].frames()))[:20]
    short = video("short", frames, [])
    assert len(spotter.scores(short, "macro")) == 20
    assert spotter.spot(short)["offset"].max() < 20 or not len(spotter.spot(short))
    assert set(spotter.spot(short)["kind"]) <= {"micro"}


def test_agreement_and_places():
    film = brows("a", [30])
    assert agreement(film.intervals, film.intervals) == Counts(1, 1, 1)
    assert places(100, x=(-0.5, 0.5), y=(0.0, 5.0)) == (slice(42, 100), slice(30, 70))


def test_each_has_a_name():
    for name in (*VIDEO_SPOTTERS, *SPOTTERS):
        spotter = load_video_spotter(name)
        assert repr(clone(spotter)) == repr(spotter)
    assert isinstance(load_video_spotter("flow", threshold=6.0), SignalSpotter)
    assert load_video_spotter("flow", threshold=6.0).spotter.threshold == 6.0
    with pytest.raises(UsageError, match="no spotter is called 'lbp'"):
        load_video_spotter("lbp")
    with pytest.raises(UsageError, match="mdmd has no parameter 'n'; it has grid, k, method, p, rate, size"):
        load_video_spotter("mdmd", n=3)
