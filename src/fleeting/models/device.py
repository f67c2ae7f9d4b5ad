"""Where a network computes: which device, from which seed, and what is said when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from ..errors import UsageError

DEVICES = ("auto", "cpu", "cuda", "mps")


def pick_device(name: str) -> torch.device:
    """The device of that name; ``auto`` is the first there is of cuda, mps and cpu.

    Raises
    ------
    UsageError
        It is not on this machine.
    """
    there = [*(["cuda"] if torch.cuda.is_available() else []), *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]
    kind = name.partition(":")[0]
    if kind not in DEVICES:
        raise UsageError(f"device={name!r} is not known; choose from {', '.join(DEVICES)}")
    if name == "auto":
        return torch.device(there[0])
    if kind not in there:
        built = "" if kind != "cuda" or torch.version.cuda else " This PyTorch was built without CUDA."
        raise UsageError(f"device={name!r} is not on this machine, which has {', '.join(there)}.{built} Take device='auto'")
    return torch.device(name)


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """A block in which PyTorch's global generators start from the seed; afterwards they go on as if nothing had been."""
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=range(torch.cuda.device_count())))
        stack.enter_context(torch.backends.cudnn.flags(benchmark=False, deterministic=True))
        torch.manual_seed(seed)
        yield


@contextmanager
def said(what: str, advice: str) -> Iterator[None]:
    """A block in which running out of memory, and what a network cannot take, is said in words."""
    try:
        yield
    except (MemoryError, RuntimeError, ValueError, TypeError, IndexError) as error:
        if isinstance(error, UsageError):
            raise
        text = str(error).strip().partition("\n")[0]
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "can't allocate memory" in text or "out of memory" in text:
            raise UsageError(f"{what}: out of memory. {advice}") from error
        raise UsageError(f"{what}: {type(error).__name__}: {text}") from error
