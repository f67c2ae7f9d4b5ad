import numpy as np
import pytest

from fleeting.faces.action_units import (
    AU_NAMES,
    AUS,
    EMOTION_AUS,
    au_fields,
    fit_mean_face,
    format_aus,
    mirrored,
    sides,
)
from fleeting.faces.landmarks import mean_mesh

GRID = np.stack(np.meshgrid(np.arange(-1.2, 1.2, 0.03), np.arange(-1, 1.9, 0.03)), axis=-1).reshape(-1, 2)


def test_names_are_sided_where_facs_is():
    assert {"R1", "L1", "R12", "L45", "17", "26"} <= set(AUS)
    assert len(AUS) == len(set(AUS)) == 31
    assert sides((1, 17)) == ("R1", "L1", "17")


def test_tables_name_known_units_and_the_three_groups():
    assert sorted(EMOTION_AUS) == ["negative", "positive", "surprise"]
    for combinations in EMOTION_AUS.values():
        assert all(usual > 0 and set(numbers) <= set(AU_NAMES) for usual, numbers in combinations)
        assert len({frozenset(numbers) for _, numbers in combinations}) == len(combinations)
    assert len({frozenset(numbers) for part in EMOTION_AUS.values() for _, numbers in part}) == sum(map(len, EMOTION_AUS.values()))


@pytest.mark.parametrize(
    ("name", "point", "across", "down"),  # the mesh point near the peak; where it goes, None: either way
    [
        ("R1", 107, None, -1),
        ("L1", 336, None, -1),
        ("R2", 105, None, -1),
        ("R4", 107, 1, 1),
        ("L4", 336, -1, 1),
        ("R5", 159, None, -1),
        ("R6", 230, None, -1),
        ("R7", 145, None, -1),
        ("R12", 61, -1, -1),
        ("L12", 291, 1, -1),
        ("R14", 61, -1, None),
        ("R15", 61, None, 1),
        ("R20", 61, -1, None),
        ("17", 200, None, -1),
        ("25", 17, None, 1),
        ("26", 152, None, 1),
        ("L45", 386, None, 1),
    ],
)
def test_skin_moves_where_and_whither_the_muscle_pulls(name, point, across, down):
    move = au_fields(mean_mesh(), mean_mesh()[[point], :2])[AUS.index(name), 0]
    assert np.linalg.norm(move) > 0.3
    assert across is None or np.sign(move[0]) == across
    assert down is None or np.sign(move[1]) == down


def test_peak_is_one_eye_distance_and_fields_stay_local():
    size = np.linalg.norm(au_fields(mean_mesh(), GRID), axis=2)
    np.testing.assert_allclose(size.max(axis=1), 1, atol=0.03)
    far = np.linalg.norm(GRID - GRID[size.argmax(axis=1)][:, None], axis=2) > 1.3
    assert (size[far] < 0.05).all()


def test_brows_stop_at_the_lids_and_the_upper_lip_at_the_lower():
    fields = au_fields(mean_mesh(), mean_mesh()[[145, 17], :2])  # below an eye; below the lower lip
    for name in ("R1", "R2", "R4"):
        assert np.linalg.norm(fields[AUS.index(name), 0]) < 0.02
    assert np.linalg.norm(fields[AUS.index("R10"), 1]) < 0.05


def face(angle=0.0, iod=80.0):
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = mean_mesh().copy() * iod
    points[:, 0] += np.random.default_rng(0).normal(0, 0.02 * iod, 478)  # nobody is symmetric
    points[:, :2] = points[:, :2] @ turn.T + [150, 120]
    return points, turn


def test_mirrored_face_has_mirrored_fields():
    points, _ = face(0.2)
    xy = np.random.default_rng(1).uniform([60, 60], [240, 260], (200, 2))
    other = points[mirrored()] * [-1, 1, 1] + [299, 0, 0]
    fields, seen = au_fields(points, xy), au_fields(other, xy * [-1, 1] + [299, 0])
    swapped = [AUS.index(name.translate(str.maketrans("RL", "LR"))) for name in AUS]
    np.testing.assert_allclose(seen[swapped] * [-1, 1], fields, atol=1e-5)


def test_rolled_and_scaled_face_has_rolled_fields_of_the_same_intensity():
    (upright, _), (rolled, turn) = face(0), face(0.5)
    xy = np.random.default_rng(1).uniform([60, 60], [240, 260], (200, 2))
    there = (xy - [150, 120]) @ turn.T + [150, 120]
    np.testing.assert_allclose(au_fields(rolled, there), au_fields(upright, xy) @ turn.T, atol=1e-5)
    np.testing.assert_allclose(au_fields(upright * 2, xy * 2), au_fields(upright, xy), atol=1e-5)


def test_depth_is_not_needed():
    np.testing.assert_array_equal(au_fields(mean_mesh()[:, :2], GRID), au_fields(mean_mesh()[:, :2].copy(), GRID))
    assert au_fields(mean_mesh(), GRID).dtype == np.float32


def test_fit_mean_face_gives_back_the_map():
    affine = np.array([[80, 3], [-4, 70], [120, 90.0]])
    points = mean_mesh()[:, :2].astype(float) @ affine[:2] + affine[2]
    np.testing.assert_allclose(fit_mean_face(points), affine, atol=1e-3)


def test_mirrored_is_its_own_inverse():
    assert (mirrored()[mirrored()] == np.arange(478)).all()
    assert mirrored()[61] == 291
    assert mirrored()[152] == 152


@pytest.mark.parametrize(
    ("names", "word"),
    [
        ((), ""),
        (("R1", "L1", "L12", "R2", "L2"), "AU1+AU2+L12"),
        (("17", "R12"), "R12+AU17"),
        (("R14", "L15"), "R14+L15"),
        (("26", "25", "L5", "R5"), "AU5+AU25+AU26"),
    ],
)
def test_format_aus(names, word):
    assert format_aus(iter(names)) == word


def test_format_aus_names_what_it_does_not_know():
    with pytest.raises(ValueError, match="R99"):
        format_aus(["R1", "R99"])
