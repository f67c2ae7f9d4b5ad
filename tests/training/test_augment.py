"""Changes of training samples: what they do to each pixel, and that a seed repeats them."""

from __future__ import annotations

import pytest
import torch

from fleeting.errors import UsageError
from fleeting.training.augment import AUGMENTS, Crop, Mirror, Shift, Window


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def numbered(*shape):
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).view(shape)


def test_half_are_mirrored_and_horizontal_motion_turns_round():
    x = numbered(400, 3, 2, 4) + 1
    out = Mirror(signed=(0,))(x, seeded())
    kept = (out == x).flatten(1).all(1)
    turned = x.flip(-1) * torch.tensor([-1.0, 1, 1]).view(1, 3, 1, 1)
    assert ((out == turned).flatten(1).all(1) | kept).all()
    assert 150 < int(kept.sum()) < 250


def test_a_clip_is_mirrored_as_a_whole():
    x = numbered(8, 1, 5, 2, 3)
    out = Mirror()(x, seeded())
    assert all(torch.equal(a, b) or torch.equal(a, b.flip(-1)) for a, b in zip(out, x, strict=True))


def test_shifts_go_up_to_the_given_pixels_and_continue_the_edge():
    x = numbered(200, 1, 6, 7)
    out = Shift(2)(x, seeded())
    moves = set()
    for each, before in zip(out[:, 0], x[:, 0], strict=True):
        dy = int((each[3, 3] - before[3, 3]) // 7)
        dx = int(each[3, 3] - before[3, 3]) - 7 * dy
        dy, dx = (dy + 1, dx - 7) if dx > 3 else (dy, dx)
        moves.add((dy, dx))
        rows, columns = (torch.arange(6) + dy).clamp(0, 5), (torch.arange(7) + dx).clamp(0, 6)
        assert torch.equal(each, before[rows][:, columns])
    assert moves == {(dy, dx) for dy in range(-2, 3) for dx in range(-2, 3)}


def test_crops_are_pieces_and_the_plain_one_is_the_middle():
    x = numbered(50, 2, 3, 6, 8)
    out = Crop(4, 4)(x, seeded())
    assert out.shape == (50, 2, 3, 4, 4)
    assert torch.equal(out[:, :, :, 1:, :] - out[:, :, :, :-1, :], torch.full((50, 2, 3, 3, 4), 8.0))
    corners = {(int(v) // 8 % 6, int(v) % 8) for v in out[:, 0, 0, 0, 0]}
    assert {c[0] for c in corners} == {0, 1, 2}
    assert {c[1] for c in corners} == {0, 1, 2, 3, 4}
    assert torch.equal(Crop(4, 4).plain(x), x[..., 1:5, 2:6])


def test_windows_are_consecutive_and_all_frames_are_kept_where_nothing_is_trained():
    x = numbered(60, 1, 7, 1, 1)
    out = Window(3)(x, seeded())[:, 0, :, 0, 0]
    assert torch.equal(out[:, 1:] - out[:, :-1], torch.ones(60, 2))
    assert set((out[:, 0] - x[:, 0, 0, 0, 0]).tolist()) == {0, 1, 2, 3, 4}
    assert Window(3).plain(x) is x


@pytest.mark.parametrize("change", [Mirror(), Shift(), Crop(3, 3), Window(2)])
def test_a_seed_repeats(change):
    x = numbered(9, 2, 4, 5, 6)
    assert torch.equal(change(x, seeded(3)), change(x, seeded(3)))
    assert not torch.equal(change(x, seeded(3)), change(x, seeded(4)))


def test_pieces_larger_than_the_sample_are_refused():
    with pytest.raises(UsageError, match="16 frames are to be cut out of samples that have 9"):
        Window(16)(numbered(1, 1, 9, 2, 2), seeded())
    with pytest.raises(UsageError, match="5 columns"):
        Crop(2, 5).plain(numbered(1, 1, 2, 4))


def test_each_is_found_by_its_name():
    assert {Mirror, Shift, Crop, Window} == set(AUGMENTS.values())
