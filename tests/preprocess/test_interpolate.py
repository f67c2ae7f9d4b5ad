import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.preprocess import Interpolate, interpolate
from fleeting.preprocess.interpolate import interpolation_matrix

from ..made_clips import make_clip, moving


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ([0, 1, 2, 3], [0, 0.464035, 1, 1.5, 2, 2.535965, 3]),
        ([0, 0, 1, 0, 0], [0, -0.247214, 0, 0.647214, 1, 0.647214, 0, -0.247214, 0]),
        ([1, 2, 4, 8], [1, 1.589785, 2.230599, 3.379291, 5.578368, 8]),
        ([0, 1, 0, 0], [0, 0.823443, 0.909692, 0.220345, -0.212827, 0]),
    ],
)
def test_curves_worked_out_by_hand(given, made):
    np.testing.assert_allclose(interpolate(np.array(given, float), len(made)), made, atol=1e-6)


def graph_embedding(frames, n_to):
    """The model as the paper has it: a curve through the eigenvectors of the path graph, mapped back by SVD."""
    n = len(frames)
    data = frames.reshape(n, -1).T
    mean = data.mean(axis=1, keepdims=True)
    u, s, vt = np.linalg.svd(data - mean, full_matrices=False)
    u, q = u[:, : n - 1], (s[:, None] * vt)[: n - 1]
    k = np.arange(1, n)[:, None]
    y = np.sin(np.pi * k * np.arange(1, n + 1) / n + np.pi * (n - k) / (2 * n))
    t = np.linspace(1 / n, 1, n_to)
    curve = np.sin(np.pi * k * t + np.pi * (n - k) / (2 * n))
    w = np.linalg.lstsq(q.T, y.T, rcond=None)[0]  # w' q = y
    return (u @ np.linalg.solve(w.T, curve) + mean).T.reshape(n_to, *frames.shape[1:])


@pytest.mark.parametrize("n_to", [4, 7, 12, 30])
def test_the_matrix_is_the_papers_graph_embedding(n_to, rng):
    frames = rng.random((12, 5, 6))
    np.testing.assert_allclose(interpolate(frames, n_to), graph_embedding(frames, n_to), atol=1e-10)


def test_it_is_linear_and_treats_each_pixel_alone(rng):
    one, other = rng.random((2, 6, 5, 7))
    np.testing.assert_allclose(interpolate(3 * one - other + 2, 9), 3 * interpolate(one, 9) - interpolate(other, 9) + 2, atol=1e-12)
    order = rng.permutation(7)
    np.testing.assert_allclose(interpolate(one[:, :, order], 9), interpolate(one, 9)[:, :, order], atol=1e-12)
    np.testing.assert_allclose(interpolate(one[::-1], 9), interpolate(one, 9)[::-1], atol=1e-12)  # time backwards


@pytest.mark.parametrize(("n_from", "n_to"), [(2, 2), (5, 9), (32, 10), (60, 64)])
def test_rows_sum_to_one_and_the_ends_stay(n_from, n_to):
    matrix = interpolation_matrix(n_from, n_to)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(matrix[[0, -1]], np.eye(n_from)[[0, -1]], atol=1e-12)
    np.testing.assert_allclose(interpolation_matrix(n_from, n_from), np.eye(n_from), atol=1e-12)


def test_repeated_frames_are_no_trouble(rng):
    frames = np.repeat(rng.random((3, 4, 4)), 3, axis=0)
    assert np.isfinite(interpolate(frames, 20)).all()
    np.testing.assert_allclose(interpolate(np.full((5, 3, 3), 7, np.uint8), 9), 7, atol=1e-5)


def test_shapes_and_dtypes():
    assert interpolate(np.zeros((3, 4, 5, 3), np.uint8), 6).shape == (6, 4, 5, 3)
    assert interpolate(np.zeros((3, 4, 5), np.uint8), 6).dtype == np.float32
    assert interpolate(np.zeros((3, 4, 5)), 6).dtype == np.float64


def test_a_clip_goes_from_onset_to_offset_and_takes_as_long():
    clip = make_clip(moving(np.arange(9) / 4), onset=2, apex=4, offset=7)
    out = Interpolate(11).transform([clip])[0]
    assert (out.onset, out.apex, out.offset, out.fps) == (0, 4, 10, 200)
    assert out.frames.shape == (11, 48, 56, 3)
    assert out.frames.dtype == np.uint8
    np.testing.assert_array_equal(out.frames[[0, 10]], clip.frames[[2, 7]])
    np.testing.assert_array_equal(Interpolate(6).transform([clip])[0].frames, clip.frames[2:8])


def test_too_few_frames_are_refused_by_the_clips_name():
    with pytest.raises(UsageError, match=r"made/s1/c1.*at least 2"):
        Interpolate(10).transform([make_clip(moving([0]))])
    with pytest.raises(UsageError, match="at least 2"):
        interpolate(np.zeros((1, 4, 4)), 5)
    with pytest.raises(UsageError, match="at least 2"):
        interpolate(np.zeros((4, 4, 4)), 1)
    for wrong in (np.zeros((4, 0, 3)), np.zeros((0, 4, 3)), np.zeros((4, 3), bool)):
        with pytest.raises(UsageError, match="at least 2 frames of whole or real numbers"):
            interpolate(wrong, 5)
    with pytest.raises(UsageError, match=r"n_frames=2\.5"):
        interpolate(np.zeros((4, 4, 4)), 2.5)
    with pytest.raises(UsageError, match="NaN"):
        interpolate(np.full((4, 4, 4), np.nan), 5)
    with pytest.raises(UsageError, match=r"made/s1/c1.*frames 0 to 2"):
        Interpolate(4).transform([make_clip(moving([0, 0, 0]), offset=5)])[0].frames  # noqa: B018


def test_it_can_be_cloned_shown_and_stored():
    step = clone(Interpolate(32))
    assert repr(step) == "Interpolate(n_frames=32)"
    file = io.BytesIO()
    out = step.transform([make_clip(moving([0, 1, 2]))])
    joblib.dump((step, out), file)
    file.seek(0)
    again, clips = joblib.load(file)
    assert again.get_params() == step.get_params()
    np.testing.assert_array_equal(clips[0].frames, out[0].frames)
