"""Kim et al.'s CNN-LSTM: a CNN that learns the five states of an expression, and an LSTM over them. 3,247,055 parameters.

The states are onset, onset to apex, apex, apex to offset, and offset: one frame each. First the CNN alone is trained on frames by
:func:`expression_state_loss`, then the LSTM over its features. The sizes of the layers are those of a public reimplementation.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from .layers import after, checked_shape, scaled, start

STATES = ("onset", "onset to apex", "apex", "apex to offset", "offset")


class KimCNNLSTM(nn.Module):
    """Scores of each class, (N, n_classes), from a frame of each state, (N, 1, 5, 64, 64).

    Parameters
    ----------
    n_classes : int, default=5
        Classes; as many scores come out.
    input_shape : (C, 5, H, W), default=(1, 5, 64, 64)
        At least 29 px a side.
    width : float, default=1
        Share of the paper's filters.

    References
    ----------
    Kim, Baddar & Ro (2016), ACM Multimedia.
    """

    heads = ("out", "frame_class")

    def __init__(self, n_classes: int = 5, input_shape: tuple[int, ...] = (1, 5, 64, 64), width: float = 1.0):
        super().__init__()
        self.input_shape = checked_shape(self, input_shape, "CTHW", {"H": 29, "W": 29}, {"T": len(STATES)})
        c, _, *sides = self.input_shape
        few, more, units = scaled(32, width), scaled(64, width), scaled(512, width)
        self.conv = nn.Sequential()
        for filters in (few, more, more):
            self.conv.extend([nn.Conv2d(c, filters, 3), nn.ReLU(), nn.MaxPool2d(3, 2)])
            c, sides = filters, [after(after(side, 3), 3, 2) for side in sides]
        self.dense1, self.dense2 = nn.Linear(c * sides[0] * sides[1], units), nn.Linear(units, units)
        self.frame_class, self.frame_state = nn.Linear(units, n_classes), nn.Linear(units, len(STATES))
        self.lstm = nn.LSTM(units, units, batch_first=True)
        self.out = nn.Linear(units, n_classes)
        start(self, "he")

    def frames(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Of frames (M, C, H, W) the features (M, 512), the scores of each class, and those of each state (M, 5).

        Parameters
        ----------
        x : Tensor of shape (M, C, H, W)
            Frames.

        Returns
        -------
        tuple of Tensor
            Features, scores of the classes, scores of the states.
        """
        x = self.conv(x).flatten(1)  # (M, 32, 30, 30), (M, 64, 13, 13), (M, 64, 5, 5), (M, 1600)
        x = functional.relu(self.dense2(functional.relu(self.dense1(x))))  # (M, 512)
        return x, self.frame_class(x), self.frame_state(x)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of each class."""
        n = x.shape[0]
        x, _, _ = self.frames(x.transpose(1, 2).flatten(0, 1))  # (N 5, 512)
        x, _ = self.lstm(x.reshape(n, -1, x.shape[1]))  # (N, 5, 512)
        return self.out(x[:, -1])


def expression_state_loss(
    features: torch.Tensor, class_scores: torch.Tensor, state_scores: torch.Tensor, classes: torch.Tensor, states: torch.Tensor
) -> torch.Tensor:
    """How far frames' features are from telling apart classes, and in these the states; a mean over frames.

    Four of the paper's terms: cross-entropy of class and of state; and, through a softplus, by how much a frame lies farther from the
    mean of its class, and from that of its class and state, than half the way to the nearest other class. The means are those of
    the batch. The fifth, which lets states follow each other smoothly, is left out: we have not seen its formula.

    Parameters
    ----------
    features, class_scores, state_scores : Tensor
        From :meth:`KimCNNLSTM.frames`.
    classes, states : Tensor of shape (M,), int
    """
    loss = functional.cross_entropy(class_scores, classes) + functional.cross_entropy(state_scores, states)
    present, index = torch.unique(classes, return_inverse=True)
    centres = _means(features, index)  # (K, D)
    if len(present) > 1:
        apart = torch.cdist(centres, centres).detach().fill_diagonal_(torch.inf).amin(1) / 2  # (K,)
        _, both = torch.unique(index * len(STATES) + states, return_inverse=True)
        for middle in (centres[index], _means(features, both)[both]):
            far = (features - middle).square().sum(1) - apart[index].square()
            loss = loss + functional.softplus(far).mean() / 2
    return loss


def _means(features: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    belongs = functional.one_hot(index).to(features.dtype)  # (M, G)
    return belongs.T @ features / belongs.sum(0)[:, None]
