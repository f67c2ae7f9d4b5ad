"""How strongly a file is compressed: FFmpeg's own record taken apart by hand, and files of known settings."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from fleeting.media import open_media, write_video
from fleeting.media.compression import _quantiser, _steps

from .recordings import write_av


@pytest.fixture(scope="module")
def pictures(frames):
    return frames[:40]


def test_the_quantiser_is_the_pictures_and_its_blocks():
    # Two blocks: 16 x 16 with 4 more, 16 x 48 with 8 less: 30 + (4 + 3 * -8) / 4.
    blocks = struct.pack("=5i5i", 0, 0, 16, 16, 4, 0, 16, 16, 48, -8)
    head = struct.pack("=I4xQQIi", 2, 64, 20, 1, 30)
    assert _quantiser(head + bytes(64 - len(head)) + blocks) == (1, 25.0)
    assert _quantiser(struct.pack("=I4xQQIi", 0, 0, 0, 2, 8) + bytes(32)) == (2, 8.0)


def test_steps_across_borders_and_elsewhere_by_hand():
    # Rows alike; columns rise by 1, and by 5 at each eighth: across the rows nothing moves.
    grey = np.tile((np.arange(32) + 4 * (np.arange(32) // 8)).astype(np.uint8), (32, 1))
    assert _steps(grey) == (2.5, 0.5)
    assert _steps(np.zeros((4, 4), np.uint8)) == (0.0, 0.0)


def test_stronger_compression_has_a_larger_quantiser(pictures, tmp_path):
    found = [open_media(write_video(tmp_path / f"{crf}.mp4", pictures, 50, crf=crf)).compression() for crf in (12, 24, 36)]
    quantisers = [each["quantiser"] for each in found]
    assert quantisers[0] + 5 < quantisers[1] < quantisers[2] - 5
    assert all((each["quantiser_of"], each["quantiser_most"]) == ("H.264", 51) for each in found)
    bits = [each["bits_per_pixel"] for each in found]
    assert bits == sorted(bits, reverse=True)


def test_blocks_show_where_there_are_any(pictures, tmp_path):
    plain = open_media(write_video(tmp_path / "plain.mkv", pictures, 50)).compression()
    assert plain["quantiser"] is None
    blocky = open_media(write_av(tmp_path / "blocky.avi", pictures, "mpeg4", encoder={"qmin": "20", "qmax": "20"})).compression()
    assert (blocky["quantiser_of"], blocky["quantiser"]) == ("MPEG", 20)
    assert abs(plain["blocking"] - 1) < 0.1
    assert blocky["blocking"] > 1.25


def test_what_is_no_file_says_nothing(pictures):
    assert open_media(pictures, fps=50).compression() == {}
