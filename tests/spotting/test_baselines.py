"""The published spotters' own signals: still, bump, step, shift; worked out by hand where that can be done."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleeting.errors import UsageError
from fleeting.spotting.expression_runs import run_spans, stills
from fleeting.spotting.feature_difference import FeatureDifference, feature_difference
from fleeting.spotting.frame_difference import FrameDifference
from fleeting.spotting.mdmd import MDMD, main_directional_difference
from fleeting.spotting.optical_strain import PARTS, strain_of_parts, strained_spans
from fleeting.spotting.peaks import contrast
from fleeting.spotting.softnet_spotter import flow_maps, overlaps

from .made_videos import bump, moved, shifted, texture

STEP = np.repeat([0.0, 1.0], [20, 20])


def test_feature_difference_by_hand():
    """One of four blocks differs for one frame, all of its mass in another bin: chi-square 1, a half and a half."""
    histograms = np.zeros((9, 4, 2), np.float32)
    histograms[:, :, 0] = 1
    histograms[4, 1] = [0, 1]
    # (0 - 1)² / (0 + 1) + (1 - 0)² / (1 + 0) = 2, over the 2 blocks that differ most
    said = feature_difference(histograms, 3, 2)
    assert np.isnan(said[[0, 1, 2, 6, 7, 8]]).all()
    assert said[4] == pytest.approx(1.0)
    assert feature_difference(histograms, 3, 1)[4] == pytest.approx(2.0)
    assert said[3] == said[5] == 0.0
    assert np.isnan(feature_difference(histograms, 5, 2)).all()


@pytest.mark.parametrize("centre", [17, 25])
def test_a_bump_peaks_at_its_apex(centre):
    crops = moved(texture(), bump(44, centre, 8))
    for signal in (FrameDifference().signal(crops, 8), _features(crops, 8), MDMD().signal(crops, 8)):
        assert abs(int(np.argmax(contrast(signal, 4))) - centre) <= 1


def test_a_still_face_gives_nothing():
    crops = np.repeat(texture()[None], 24, axis=0)
    for signal in (FrameDifference().signal(crops, 5), _features(crops, 5), MDMD().signal(crops, 5)):
        assert np.nanmax(np.abs(signal)) < 1e-6
    strains = strain_of_parts(crops, 12)
    assert strains.shape == (24, len(PARTS))
    assert np.abs(strains).max() < 1e-6
    assert strained_spans(strains, 30.0) == []


def test_what_does_not_return_is_no_maximal_difference():
    """2 px there and back: 2 px longer there. 2 px and no return: as long there as later."""
    there = np.zeros((60, 60, 2))
    there[:30, :30, 0] = 2  # 9 of 36 blocks, of which the 12 that differ most are looked at
    assert main_directional_difference(there, np.zeros_like(there)) == pytest.approx(2 * 9 / 12)
    assert main_directional_difference(there, there) == 0
    crops = shifted(texture(), STEP)
    back = shifted(texture(), bump(40, 20, 6))
    assert np.nanmax(MDMD().signal(crops, 6)) < 0.3 * np.nanmax(MDMD().signal(back, 6))


def test_only_the_main_direction_counts():
    there = np.zeros((30, 30, 2))
    there[..., 0] = 1
    there[:10, ..., :] = [0, 5]  # a third moves down, and far
    assert main_directional_difference(there, np.zeros_like(there), (1, 1)) == pytest.approx(1)


def test_a_shift_strains_nothing_and_a_bulge_its_own_part():
    strains = strain_of_parts(np.concatenate([shifted(texture(), bump(40, 20, 8), px=1.0), np.zeros((2, 128, 128), np.uint8)]), 20)
    assert np.isnan(strains[-2:]).all()
    # The chin lies 1.25 eye distances below the eyes: .42 + .4 * 1.25 of the crop.
    local = strain_of_parts(moved(texture(), bump(40, 20, 8), where=(64, 118)), 20)
    assert np.argmax(local[20]) == PARTS.index("chin")
    assert np.nanmax(strains) < 0.35 * local[20, PARTS.index("chin")]


def test_micro_is_short_and_in_few_parts():
    strains = np.full((900, 9), 1.0) + 1e-3 * np.random.default_rng(0).normal(size=(900, 9))
    strains[50:59, 2] += 1  # .3 s in one part
    strains[150:210, 3] += 1  # 2 s
    strains[250:259, 4:8] += 1  # .3 s in four parts
    strains[300, 2] += 1  # a single frame
    spans = [(a, c, kind) for a, _, c, score, kind in strained_spans(strains, 30.0) if score > 3]
    assert spans == [(50, 58, "micro"), (150, 209, "macro"), (250, 258, "macro")]
    assert strained_spans(np.full((20, 9), np.nan), 30.0) == []


def test_a_run_is_bridged_and_judged_by_its_length():
    other = np.zeros(120, bool)
    other[[10, 11, 12, 14, 15]] = True  # six frames with a hole of one
    other[40] = True  # too short
    other[60:100] = True
    assert run_spans(other, 30.0, 0.05, 0.5, 0.04) == [(10, 12, 15, 5.0, "micro"), (60, 79, 99, 40.0, "macro")]
    assert run_spans(np.zeros(5, bool), 30.0, 0.05, 0.5, 0.05) == []


def test_stills_are_apexes_and_frames_far_from_any_interval():
    intervals = pd.DataFrame({"onset": [20, 60], "apex": pd.array([24, None], "Int64"), "offset": [29, 69]})
    seen = np.ones(50, bool)
    seen[:3] = False
    apexes, calm = stills(intervals, 2, seen, 6)
    assert apexes == [12, 32]  # 24 / 2; the middle of 60 and 69, 64 / 2
    assert len(calm) == 6
    assert calm[0] == 3
    near = set(range(15 // 2, 34 // 2 + 1)) | set(range(55 // 2, 74 // 2 + 1))
    assert not near & set(calm)


def test_windows_that_overlap():
    # Windows [i, i + 3] and the interval 5 to 6: i from 2 to 6
    assert np.flatnonzero(overlaps(12, 3, np.array([5]), np.array([6]))).tolist() == [2, 3, 4, 5, 6]
    assert not overlaps(12, 3, np.array([], int), np.array([], int)).any()


def test_the_heads_motion_is_taken_out_of_the_maps():
    still = np.zeros((128, 128, 2), np.float32)
    still[...] = [3, -1]
    assert flow_maps(still).shape == (3, 42, 42)
    assert np.abs(flow_maps(still)).max() < 1e-6
    brow = np.zeros((128, 128, 2), np.float32)
    brow[28:38, 30:98, 1] = -2  # above the eyes, which lie at .42 of the crop
    maps = flow_maps(brow)
    assert maps[1, :21].min() < -1
    assert np.abs(maps[:, 21:]).max() == 0  # nothing at the mouth
    mouth = np.zeros((128, 128, 2), np.float32)
    mouth[95:105, 44:84, 0] = 2
    assert np.abs(flow_maps(mouth)[:, :21]).max() == 0
    assert flow_maps(mouth)[0, 21:].max() > 1


def test_parameters_out_of_range_are_named():
    with pytest.raises(UsageError, match="n_blocks=40 must lie between 1 and the number of blocks, 36"):
        FeatureDifference(n_blocks=40).measured(_never, 3)


def _never():
    raise AssertionError


def _features(crops, k):
    from fleeting.preprocess.apex import block_histograms

    histograms = np.stack([block_histograms(crop) for crop in crops]).reshape(len(crops), 36, 59)
    return feature_difference(histograms, k)
