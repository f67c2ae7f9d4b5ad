import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.features.fields import block_edges, block_insides
from fleeting.features.lbp_top import lbp_top
from fleeting.features.neighbours import binary_codes, neighbour, require_blocks, stretches, three_planes


def test_a_neighbour_by_hand():
    t, y, x = np.mgrid[:5, :6, :7].astype(float)
    volume = 100 * t + 10 * y + x
    there = neighbour(volume, (0.5, -1, 0.25), (1, 2, 1))
    assert there.shape == (3, 2, 5)
    np.testing.assert_allclose(there, (volume + 25 - 10 + 0.5)[1:-1, 2:-2, 1:-1])
    np.testing.assert_array_equal(neighbour(volume, (1, 2, -1), (1, 2, 1)), volume[:-2, 4:, 2:])
    flat = np.full((3, 3, 3), 0.1, np.float32)
    np.testing.assert_array_equal(neighbour(flat, (0.3, 0.7, -0.3), (1, 1, 1)), 0.1 * np.ones((1, 1, 1), np.float32))


@pytest.mark.parametrize("radii", [(3, 3, 3), (1, 2, 3)])
def test_codes_are_those_of_lbp_top(rng, radii):
    frames = rng.integers(0, 256, (9, 15, 17), dtype=np.uint8)
    parts = [np.bincount(binary_codes(frames, plane, radii).ravel(), minlength=256) for plane in three_planes(radii, (8, 8, 8))]
    histograms = [part / part.sum() for part in parts]
    np.testing.assert_allclose(np.concatenate(histograms), lbp_top(frames, (1, 1), radii, uniform=False), atol=1e-7)


def test_pieces_hold_each_inner_frame_once(monkeypatch):
    monkeypatch.setattr("fleeting.features.neighbours.CHUNK", 50)
    volume = np.arange(11)[:, None, None] * np.ones((1, 4, 4), int)
    pieces = list(stretches(volume, 2))
    assert len(pieces) == 3
    assert [t for piece in pieces for t in piece[2:-2, 0, 0]] == list(range(2, 9))


def test_blocks_and_their_insides():
    assert block_edges(10, 3).tolist() == [0, 3, 7, 10]
    assert block_insides(10, 2, 1).tolist() == [0, 0, 0, 2, 2, 1, 1, 1]
    with pytest.raises(UsageError, match="whole numbers from 1"):
        require_blocks(np.zeros((9, 9, 9)), (1, 1), (1, 1, 0), "it")
    with pytest.raises(UsageError, match=r"it with radii .* at least 5 frames of 7 x 4 px; got 4 frames of 9 x 9 px"):
        require_blocks(np.zeros((4, 9, 9)), (2, 3), (2, 1, 2), "it")
