"""SOFTNet: a shallow network over flow and strain says of each frame whether an expression is under way.

References
----------
Liong, See & Wong (2021), Shallow optical flow three-stream CNN for macro- and micro-expression spotting from long videos, ICIP.
arXiv:2106.06489
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from scipy.ndimage import uniform_filter1d

from ..clip import Video
from ..compute.cache import Cache
from ..errors import UsageError
from ..extras import need
from ..features.pictures import resized
from ..flow import flow, strain
from .video_spotter import ContrastSpotter, kept, places, with_face

if TYPE_CHECKING:
    from ..models.softnet import SOFTNet

# In eye distances from the point between the eyes: both brows and eyes, the mouth, the nose, and the eyes that are masked.
UPPER, LOWER = {"x": (-0.95, 0.95), "y": (-0.65, 0.2)}, {"x": (-0.7, 0.7), "y": (0.6, 1.25)}
NOSE, LIDS = {"x": (-0.25, 0.25), "y": (0.2, 0.6)}, ({"x": (-0.8, -0.2), "y": (-0.13, 0.15)}, {"x": (0.2, 0.8), "y": (-0.13, 0.15)})
SIDE = 42


class SOFTNetSpotter(ContrastSpotter):
    """Peaks of what SOFTNet says of the flow over ``k`` frames, one network for micro- and one for macro-expressions.

    A network is trained on windows of the training videos: 1 where one overlaps with a coded interval of its kind, 0 elsewhere, of which
    every other is left out. What it says is smoothed over ``2 k`` frames; ``p`` is .55 in the paper and learned here unless given.

    Ours differs: crops are aligned instead of boxed, so that brows, mouth, nose and eyes are fixed places in them; maps are divided by
    their spread over the training windows; and a window's score stands at its middle, where the paper's stands at its first frame, so that
    the paper's intervals lie half a window too early.

    Parameters
    ----------
    size : int, default=128
        As in :class:`.video_spotter.CropSpotter`.
    rate : float, default=30.0
        As in :class:`.video_spotter.CropSpotter`.
    k : mapping of str to int, optional
        As in :class:`.video_spotter.ContrastSpotter`.
    p : float, optional
        As in :class:`.video_spotter.ContrastSpotter`.
    epochs : int, default=10
        Times that the windows are gone through.
    batch_size : int, default=12
        Windows a step.
    lr : float, default=5e-4
        Of stochastic gradient descent with momentum .9.
    method : {"dis", "tvl1", "farneback"}, default="dis"
        Optical flow, see :func:`fleeting.flow.flow`. The paper has ``tvl1``, which takes ten times as long.
    random_state : int, optional
        Of weights and order.

    Attributes
    ----------
    k_, p_
        As in :class:`.video_spotter.ContrastSpotter`.
    nets_ : dict of str to SOFTNet
        Of each kind.
    spreads_ : dict of str to ndarray of shape (3, 1, 1)
    """

    def __init__(
        self,
        size: int = 128,
        rate: float = 30.0,
        k: Mapping[str, int] | None = None,
        p: float | None = None,
        epochs: int = 10,
        batch_size: int = 12,
        lr: float = 5e-4,
        method: str = "dis",
        random_state: int | None = None,
    ):
        super().__init__(size, rate, k, p)
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.method = method
        self.random_state = random_state

    def fit(self, videos: Sequence[Video], cache: Cache | None = None) -> Self:
        """Itself, with networks, lengths and thresholds of the training videos."""
        if self.epochs < 1 or self.batch_size < 1 or not self.lr > 0:
            raise UsageError(f"epochs={self.epochs} and batch_size={self.batch_size} must be 1 or more, lr={self.lr} above 0")
        need("networks", "SOFTNet")
        self.nets_: dict[str, SOFTNet] = {}
        self.spreads_: dict[str, np.ndarray] = {}
        for kind, k in self._lengths(videos).items():
            maps, under_way = [], []
            for video in videos:
                x, shown = self._maps(video, k, cache)
                coded = video.intervals[video.intervals["kind"] == kind]
                y = overlaps(len(x), k, coded["onset"].to_numpy(int) // self.step(video), coded["offset"].to_numpy(int) // self.step(video))
                taken = shown & (y | (np.arange(len(y)) % 2 == 0))
                maps.append(x[taken])
                under_way.append(y[taken])
            self._train(kind, np.concatenate(maps).astype(np.float32), np.concatenate(under_way))
        return super().fit(videos, cache)

    def scores(self, video: Video, kind: str, cache: Cache | None = None) -> np.ndarray:
        """What the network says of each looked-at frame, smoothed, (T,) float64."""
        import torch

        k = self.k_[kind]
        maps, shown = self._maps(video, k, cache)
        said, at_middle = np.zeros(len(maps)), np.zeros(len(maps))
        with torch.inference_mode():
            for start in range(0, len(maps), 512):
                x = torch.from_numpy(maps[start : start + 512].astype(np.float32) / self.spreads_[kind])
                said[start : start + 512] = self.nets_[kind](x)[:, 0].numpy()
        at_middle[k // 2 :] = (said * shown)[: max(len(said) - k // 2, 0)]
        return np.maximum(uniform_filter1d(at_middle, 2 * k, mode="constant"), 0)

    def _train(self, kind: str, x: np.ndarray, y: np.ndarray) -> None:
        import torch

        from ..models.softnet import SOFTNet

        if not len(x):
            raise UsageError("the training videos show no face in two frames far enough apart: SOFTNet has nothing to learn from")
        spread = np.maximum(x.std(axis=(0, 2, 3), keepdims=True)[0], 1e-6)
        seed = int(np.random.default_rng().integers(2**31)) if self.random_state is None else self.random_state
        order = torch.Generator().manual_seed(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = SOFTNet()
        optimiser = torch.optim.SGD(net.parameters(), lr=self.lr, momentum=0.9)
        maps, target = torch.from_numpy(x / spread), torch.from_numpy(y.astype(np.float32))
        for _ in range(self.epochs):
            for rows in torch.split(torch.randperm(len(maps), generator=order), self.batch_size):
                optimiser.zero_grad()
                loss = ((net(maps[rows])[:, 0] - target[rows]) ** 2).mean()
                loss.backward()
                optimiser.step()
        if not torch.isfinite(loss):
            raise UsageError(f"SOFTNet's loss is no number any more: lower lr={self.lr}")
        self.nets_[kind], self.spreads_[kind] = net.eval(), spread

    def _maps(self, video: Video, k: int, cache: Cache | None) -> tuple[np.ndarray, np.ndarray]:
        """The maps of the window from each frame, (T, 3, 42, 42) float16, 0 without a face at both ends; whether it has one, (T,) bool."""

        def measure() -> np.ndarray:
            crops = self.crops(video, cache)
            seen = with_face(crops)
            out = np.zeros((len(crops), 3, SIDE, SIDE), np.float16)
            for i in np.flatnonzero(seen[:-k] & seen[k:]):
                out[i] = flow_maps(flow(crops[i], crops[i + k], self.method))
            return out

        maps = kept(cache, [type(self), self.revision, self.size, self.rate, self.method, k], video, measure)
        return maps, np.asarray(maps.any(axis=(1, 2, 3)))


def flow_maps(field: np.ndarray) -> np.ndarray:
    """What SOFTNet sees of a flow between aligned crops, (3, 42, 42) float32: horizontal, vertical, strain.

    The nose's mean flow, which is the head's, is taken away, and the eyes are set to 0. Brows and eyes are the upper 21 rows, the mouth
    is the lower 21.

    Parameters
    ----------
    field : ndarray of shape (size, size, 2), float32
    """
    size = len(field)
    still = field - field[places(size, **NOSE)].mean(axis=(0, 1))
    maps = np.dstack([still, strain(still)])
    for lids in LIDS:
        maps[places(size, **lids)] = 0
    halves = [resized(np.ascontiguousarray(maps[places(size, **part)]), (SIDE // 2, SIDE)) for part in (UPPER, LOWER)]
    return np.moveaxis(np.concatenate(halves), -1, 0).astype(np.float32)


def overlaps(n: int, k: int, onsets: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Whether each window from frame i to i + k, inclusive, shares a frame with any interval, (n,) bool."""
    i = np.arange(n)[:, None]
    return np.asarray(((i <= offsets) & (i + k >= onsets)).any(axis=1))
