"""Where a network computes: which device, from which seed, and what is said when it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

from ..errors import UsageError

DEVICES = ("auto", "cpu", "cuda", "mps")
NO_MEMORY = ("can't allocate memory", "out of memory", "ALLOC_FAILED")  # the CPU's, a GPU's, and that of its libraries


def pick_device(name: str) -> torch.device:
    """The device of that name; ``auto`` is the first there is of cuda, mps and cpu.

    Raises
    ------
    UsageError
        It is not on this machine.
    """
    name = str(name)
    there = [*(["cuda"] if torch.cuda.is_available() else []), *(["mps"] if torch.backends.mps.is_available() else []), "cpu"]
    kind, _, number = name.partition(":")
    if kind not in DEVICES or (":" in name and not number.isdecimal()):
        raise UsageError(f"device={name!r} is not known; choose from {', '.join(DEVICES)}, or one of several GPUs as 'cuda:0'")
    if name == "auto":
        return torch.device(there[0])
    if kind not in there:
        built = "" if kind != "cuda" or torch.version.cuda else " This PyTorch was built without CUDA."
        raise UsageError(f"device={name!r} is not on this machine, which has {', '.join(there)}.{built} Take device='auto'")
    if number and int(number) >= (many := torch.cuda.device_count() if kind == "cuda" else 1):
        raise UsageError(f"device={name!r} is not on this machine, which has {many} of this kind, counted from 0. Take device='auto'")
    return torch.device(name)


@contextmanager
def repeatable(seed: int) -> Iterator[None]:
    """A block in which PyTorch's global generators start from the seed; afterwards they go on as if nothing had been."""
    with ExitStack() as stack:
        stack.enter_context(torch.random.fork_rng(devices=range(torch.cuda.device_count())))
        # One by one: PyTorch's block of all flags turns off cuDNN unless told, which leaves convolutions to far slower code.
        for flag, value in (("benchmark", False), ("deterministic", True)):
            stack.callback(setattr, torch.backends.cudnn, flag, getattr(torch.backends.cudnn, flag))
            setattr(torch.backends.cudnn, flag, value)
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
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or any(each in text for each in NO_MEMORY):
            raise UsageError(f"{what}: out of memory. {advice}") from error
        if "InvalidCxxCompiler" in text or "TritonMissing" in text:
            raise UsageError(f"{what}: compile=True needs a compiler that works: install one, such as g++, or leave it out") from error
        raise UsageError(f"{what}: {type(error).__name__}: {text}") from error
