import io

import joblib
import numpy as np
import pytest
from sklearn.base import clone

from fleeting.errors import UsageError
from fleeting.features.bi_woof import BiWOOF, bi_woof
from fleeting.flow import strain

from ..made_clips import make_clip, moving


def test_only_the_strained_block_speaks():
    flow = np.zeros((40, 40, 2), np.float32)
    x = np.arange(10)
    flow[0:10, 10:20, 0] = 0.1 * np.minimum(x, 9 - x)  # block (0, 1) of 4 x 4, zero at its rim to the left and right
    flow[8:10] = flow[:2] = 0
    out = bi_woof(flow, (4, 4)).reshape(16, 8)
    assert out.shape == (16, 8)
    assert set(np.flatnonzero(out.any(axis=1))) == {1}
    np.testing.assert_allclose(out[1, 4], flow[..., 0].sum(), rtol=1e-5)  # to the right: the sector from angle 0
    assert not np.delete(out[1], 4).any()


def test_a_shift_has_no_strain():
    assert not bi_woof(np.full((40, 40, 2), 0.7, np.float32)).any()
    assert not bi_woof(np.zeros((40, 40, 2), np.float32)).any()


def test_the_authors_program_worked_out_block_by_block(rng):
    """Each histogram over its sum, times the summed strain of its block, the whole of length 1."""
    flow = rng.normal(size=(40, 48, 2)).astype(np.float32)
    angle, length, strained = np.arctan2(flow[..., 1], flow[..., 0]), np.hypot(*np.moveaxis(flow, 2, 0)), strain(flow)
    rows = []
    for top in range(0, 40, 20):
        for left in range(0, 48, 16):
            part = np.s_[top : top + 20, left : left + 16]
            counts, _ = np.histogram(angle[part], 8, (-np.pi, np.pi), weights=length[part])
            rows.append(counts / counts.sum() * strained[part].sum())
    expected = np.concatenate(rows) / np.linalg.norm(rows)
    out = bi_woof(flow, (2, 3), variant="program")
    np.testing.assert_allclose(out, expected, atol=1e-5)
    np.testing.assert_allclose(bi_woof(3 * flow, (2, 3), variant="program"), out, atol=1e-5)
    assert not bi_woof(np.full((40, 40, 2), 0.7, np.float32), variant="program").any()
    with pytest.raises(UsageError, match="choose from paper, program"):
        bi_woof(flow, variant="code")


def test_doubled_flow_doubles_it(rng):
    flow = rng.normal(size=(40, 48, 2)).astype(np.float32)
    np.testing.assert_allclose(bi_woof(2 * flow, (5, 6)), 2 * bi_woof(flow, (5, 6)), rtol=1e-4)
    assert bi_woof(flow).shape == (8 * 64,)
    assert bi_woof(flow).dtype == np.float32


def test_clips():
    clip = make_clip(moving([0, 0.5, 1, 0.2]), apex=2)
    rows = BiWOOF((3, 3), method="dis").transform([clip, clip])
    assert rows.shape == (2, 72)
    assert np.isfinite(rows).all()
    with pytest.raises(UsageError, match="made/s1/c1: onset 0 and apex 9 must be frames 0 to 3"):
        BiWOOF().transform([make_clip(moving([0, 0, 0, 0]), apex=9)])
    with pytest.raises(UsageError, match="80 x 8 px"):
        bi_woof(np.zeros((40, 40, 2)), (8, 80))
    file = io.BytesIO()
    joblib.dump(clone(BiWOOF((5, 5))), file)
    file.seek(0)
    assert repr(joblib.load(file)) == "BiWOOF(grid=(5, 5))"
