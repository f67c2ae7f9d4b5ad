"""SSSNet, a shallow single stream."""

from fleeting.models.sssnet import SSSNet

from .on_meta import meta, shapes


def test_maps():
    found = shapes(meta(SSSNet))
    assert [found[name] for name in ("conv1", "norm1", "conv2", "norm2", "dense", "out")] == [
        (32, 60, 60), (32, 20, 20), (64, 18, 18), (64, 9, 9), (256,), (3,)
    ]  # fmt: skip
    assert meta(SSSNet).dense.in_features == 9**2 * 64
