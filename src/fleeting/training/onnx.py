"""Trained networks as ONNX files, which run without PyTorch."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from ..errors import OutputError
from ..extras import need
from ..whole import whole_file
from .loop import Loss
from .samples import standardised

if TYPE_CHECKING:
    from .net import NetClassifier
from .device import said

TOLERANCE = 1e-4


def export_classifier(net: NetClassifier, path: str | os.PathLike[str]) -> Path:
    """The ONNX file of a trained classifier, whose outputs ONNX Runtime was seen to repeat to 1e-4.

    Its input is called ``samples``, (N, C, H, W) or (N, C, T, H, W) float32 of any N, grey levels in 0-1; its output ``probabilities``,
    (N, K) in the order of ``classes_``. All that lies between is in the file: cut, standardised, the network, the mean over time.

    Parameters and errors as in :func:`export_onnx`.

    Parameters
    ----------
    net : NetClassifier
        Fitted.
    path : path
        Where to, ``.onnx``.

    Returns
    -------
    Path
        The file.
    """
    generator = torch.Generator().manual_seed(0)
    return export_onnx(_Whole(net), path, torch.rand(1, *net.sample_shape_, generator=generator), "probabilities")


def export_onnx(module: nn.Module, path: str | os.PathLike[str], example: torch.Tensor, output: str = "scores") -> Path:
    """The ONNX file of a network, whose outputs ONNX Runtime was seen to repeat to 1e-4.

    Its input is called ``samples``, of any number of samples; its output is what the module gives, of a network before any softmax.

    Parameters
    ----------
    module : Module
        Exported as it is for prediction, on the CPU.
    path : path
        Where to, ``.onnx``.
    example : Tensor of shape (N, C, H, W) or (N, C, T, H, W), float32
        What it is traced and tried with.
    output : str, default="scores"
        What the file calls its output.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    UsageError
        What the export needs is not installed; or the network does what ONNX has no word for.
    OutputError
        The file could not be written, or gives other outputs than the network.
    """
    need("export", "export_onnx")
    path = Path(path).expanduser()
    was_training, device = module.training, next(module.parameters()).device
    module.eval().cpu()
    some = example.detach().cpu().float()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path, ".onnx") as beside:
            what, way = f"{type(module).__name__} of {tuple(some.shape[1:])} as ONNX", "Lower its width or the size of the samples"
            with said(what, way), _quiet():
                graph = traced(module, some)
                torch.onnx.export(graph, f=beside, input_names=["samples"], output_names=[output], external_data=False, verbose=False)
                apart = _difference(module, beside, torch.cat([some, some.flip(0)]))
            if not apart <= TOLERANCE:
                text = f"its outputs differ from the network's by {apart:.1e}, {TOLERANCE:.0e} is allowed"
                raise OutputError(f"{path} was not written: {text}")
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"{path} could not be written: {error.strerror or error}") from error
    finally:
        module.train(was_training).to(device)
    return path


def traced(module: nn.Module, some: torch.Tensor) -> torch.export.ExportedProgram:
    """The network as a graph of operations on any number of samples."""
    some = torch.cat([some, some])  # of a batch of one the number would become a constant
    with warnings.catch_warnings():
        # An LSTM lists its own weights anew while it is looked at, which changes nothing.
        warnings.filterwarnings("ignore", "The tensor attributes? .*_flat_weights", UserWarning)
        return torch.export.export(module, (some,), dynamic_shapes=({0: torch.export.Dim("batch")},))


@contextmanager
def _quiet() -> Iterator[None]:
    """A block in which the exporter does not complain of its own package, nor of others that no network here needs."""
    log = logging.getLogger("torch.onnx._internal.exporter._registration")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning)
            yield
    finally:
        log.setLevel(before)


class _Whole(nn.Module):
    """From grey levels in 0-1 to probabilities: what :class:`.net.NetClassifier` does with a sample."""

    centre: torch.Tensor | None
    spread: torch.Tensor | None

    def __init__(self, net: NetClassifier):
        super().__init__()
        self.module, self.augment, self.loss = net.module_, tuple(net.augment), Loss(net.loss, torch.zeros(0))
        self.plain = net.standardise is None
        for name, value in (("centre", net.centre_), ("spread", net.spread_)):
            self.register_buffer(name, None if value is None else torch.as_tensor(value, dtype=torch.float32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for change in self.augment:
            x = change.plain(x)
        return self.loss.probabilities(self.module(x if self.plain else standardised(x, self.centre, self.spread)))


def _difference(module: nn.Module, path: Path, samples: torch.Tensor) -> float:
    """The largest difference between what the network and the file give."""
    from onnxruntime import InferenceSession

    session = InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (given,) = session.run(None, {"samples": samples.numpy()})
    with torch.no_grad():
        wanted = module(samples).numpy()
    return float(np.abs(given - wanted).max())
