"""Trained networks as ONNX files, which run without PyTorch."""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import numpy as np
import torch
from torch import nn

from ..errors import OutputError, UsageError

TOLERANCE = 1e-4


def export_onnx(module: nn.Module, path: str | os.PathLike[str], example: torch.Tensor) -> Path:
    """The ONNX file of a network, whose outputs ONNX Runtime was seen to repeat to 1e-4.

    Its input is called ``samples``, of any number of samples, its output ``scores``: what the module gives, before any softmax.

    Parameters
    ----------
    module : Module
        Exported as it is for prediction, on the CPU.
    path : path
    example : Tensor of shape (N, C, H, W) or (N, C, T, H, W), float32

    Raises
    ------
    UsageError
        What the export needs is not installed.
    OutputError
        The file could not be written, or gives other outputs than the network.
    """
    if lacking := [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]:
        raise UsageError(f"to export networks, {', '.join(lacking)} must be installed: pip install 'fleeting[export]'")
    path = Path(path).expanduser()
    beside = path.with_name(f".{uuid4().hex}.onnx")
    was_training, device = module.training, next(module.parameters()).device
    module.eval().cpu()
    some = example.detach().cpu().float()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        graph = traced(module, some)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=FutureWarning)  # the exporter uses what its own package has given up
            torch.onnx.export(graph, f=beside, input_names=["samples"], output_names=["scores"], external_data=False, verbose=False)
        apart = _difference(module, beside, torch.cat([some, some.flip(0)]))
        if not apart <= TOLERANCE:
            raise OutputError(f"{path} was not written: its outputs differ from the network's by {apart:.1e}, {TOLERANCE:.0e} is allowed")
        os.replace(beside, path)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"{path} could not be written: {error.strerror or error}") from error
    finally:
        module.train(was_training).to(device)
        with suppress(OSError):
            beside.unlink()
    return path


def traced(module: nn.Module, some: torch.Tensor) -> torch.export.ExportedProgram:
    """The network as a graph of operations on any number of samples."""
    some = torch.cat([some, some])  # of a batch of one the number would become a constant
    with warnings.catch_warnings():
        # An LSTM lists its own weights anew while it is looked at, which changes nothing.
        warnings.filterwarnings("ignore", "The tensor attributes? .*_flat_weights", UserWarning)
        return torch.export.export(module, (some,), dynamic_shapes=({0: torch.export.Dim("batch")},))


def _difference(module: nn.Module, path: Path, samples: torch.Tensor) -> float:
    """The largest difference between what the network and the file give."""
    from onnxruntime import InferenceSession

    session = InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (given,) = session.run(None, {"samples": samples.numpy()})
    with torch.no_grad():
        wanted = module(samples).numpy()
    return float(np.abs(given - wanted).max())
