import numpy as np
import pytest

from fleeting.errors import UsageError
from fleeting.preprocess import robust_pca


@pytest.fixture
def parts(rng):
    low = rng.normal(size=(400, 2)) @ rng.normal(size=(2, 60))
    return low, np.where(rng.random((400, 60)) < 0.05, rng.uniform(-10, 10, (400, 60)), 0)


def test_both_parts_are_found_again(parts):
    low, sparse = robust_pca(sum(parts))
    assert np.linalg.norm(low - parts[0]) < 1e-6 * np.linalg.norm(parts[0])
    assert np.linalg.norm(sparse - parts[1]) < 1e-6 * np.linalg.norm(parts[1])
    assert np.linalg.matrix_rank(low, 1e-4) == 2
    assert ((sparse == 0) == (parts[1] == 0)).mean() > 0.999
    np.testing.assert_allclose(low + sparse, sum(parts), atol=1e-5)


def test_a_wide_matrix_is_a_tall_one_turned(parts):
    tall, wide = robust_pca(sum(parts)), robust_pca(sum(parts).T)
    for one, other in zip(tall, wide, strict=True):
        np.testing.assert_array_equal(one, other.T)


def test_gain_and_order_do_not_matter(parts, rng):
    low, _ = robust_pca(sum(parts))
    np.testing.assert_allclose(robust_pca(-3 * sum(parts))[0], -3 * low, atol=1e-5)
    order = rng.permutation(60)
    np.testing.assert_allclose(robust_pca(sum(parts)[:, order])[0], low[:, order], atol=1e-5)


def test_what_stands_still_is_not_sparse(rng):
    still = np.repeat(rng.integers(0, 256, (300, 1)), 20, axis=1)
    low, sparse = robust_pca(still)
    np.testing.assert_allclose(low, still, atol=1e-3)
    np.testing.assert_allclose(sparse, 0, atol=1e-3)
    assert not np.any(robust_pca(np.zeros((9, 3))))


def test_a_heavy_weight_leaves_nothing_sparse(parts):
    assert not robust_pca(sum(parts), weight=100)[1].any()


def test_bad_input():
    with pytest.raises(UsageError, match="finite"):
        robust_pca(np.full((4, 4), np.nan))
    with pytest.raises(UsageError, match=r"\(4,\)"):
        robust_pca(np.ones(4))
    with pytest.raises(UsageError, match="weight=0 must be above 0"):
        robust_pca(np.ones((4, 3)), weight=0)
    with pytest.raises(UsageError, match="500 rounds"):
        robust_pca(np.random.default_rng(0).normal(size=(30, 10)), tolerance=0)
