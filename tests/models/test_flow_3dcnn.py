"""The 3D CNN over grey frames and flow."""

import pytest
import torch

from fleeting.errors import UsageError
from fleeting.models.flow_3dcnn import Flow3DCNN

from .on_meta import meta, shapes


def test_maps():
    found = shapes(meta(Flow3DCNN))
    assert [found[f"body.{number}"] for number in (2, 5, 8, 11)] == [(32, 16, 32, 32), (64, 8, 16, 16), (128, 4, 8, 8), (256, 2, 4, 4)]
    with pytest.raises(UsageError, match=r"at least 8 frames.* interpolate the clips to 8"):
        Flow3DCNN(input_shape=(3, 7, 64, 64))


def test_a_reversed_clip_is_another_clip():
    torch.manual_seed(0)
    net, x = Flow3DCNN(3, (3, 8, 16, 16), 0.1).eval(), torch.randn(2, 3, 8, 16, 16)
    assert not torch.allclose(net(x), net(x.flip(2)), atol=1e-5)
