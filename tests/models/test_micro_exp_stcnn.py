"""MicroExpSTCNN and MicroExpFuseNet."""

import pytest
import torch

from fleeting.errors import UsageError
from fleeting.models.micro_exp_stcnn import MicroExpFuseNet, MicroExpSTCNN

from .on_meta import count, meta, shapes


@pytest.mark.parametrize(("frames", "maps", "parameters"), [(96, (32, 27, 20, 20), 44_241_667), (18, (32, 1, 20, 20), 1_643_267)])
def test_parameters(frames, maps, parameters):
    assert count(MicroExpSTCNN, 3, (1, frames, 64, 64)) == parameters
    seen, net = [], meta(MicroExpSTCNN, 3, (1, frames, 64, 64))
    net.drop.register_forward_hook(lambda layer, given, out: seen.append(tuple(out.shape[1:])))
    assert shapes(net)["conv"] == (32, frames - 14, 62, 62)
    assert seen == [maps, (128,)]
    assert net.dense.in_features == {96: 345_600, 18: 12_800}[frames]


def test_too_few_frames():
    assert meta(MicroExpSTCNN, 3, (1, 17, 64, 64))
    with pytest.raises(UsageError, match=r"at least 17 frames.* have 16: interpolate the clips to 17"):
        MicroExpSTCNN(3, (1, 16, 64, 64))


@pytest.mark.parametrize(
    ("fusion", "parameters"),
    [
        ("intermediate", 2 * 4_352 + 172_800 * 1024 + 1024 + 1024 * 128 + 128 + 128 * 3 + 3),
        ("late", 2 * (4_352 + 86_400 * 1024 + 1024 + 1024 * 128 + 128) + 256 * 3 + 3),
    ],
)
def test_fusion(fusion, parameters):
    assert count(MicroExpFuseNet, fusion=fusion) == parameters
    found = shapes(meta(MicroExpFuseNet, fusion=fusion))
    assert found["eyes"] == found["mouth"] == (32, 82, 30, 30)
    torch.manual_seed(0)
    net = MicroExpFuseNet(3, (1, 17, 16, 8), 0.2, fusion=fusion).eval()
    eyes, mouth = torch.randn(2, 1, 17, 8, 8), torch.randn(2, 1, 17, 8, 8)
    assert torch.allclose(net((eyes, mouth)), net(torch.cat([eyes, mouth], dim=3)), atol=1e-6)
    assert not torch.allclose(net((eyes, mouth)), net((mouth, eyes)), atol=1e-4)


def test_what_cannot_be():
    with pytest.raises(UsageError, match="17 rows cannot be halved"):
        MicroExpFuseNet(input_shape=(1, 96, 17, 32))
    with pytest.raises(UsageError, match="intermediate, late"):
        MicroExpFuseNet(fusion="early")
