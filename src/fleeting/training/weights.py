"""Weights in files and into networks: safetensors, with a card (JSON) beside each that says what they are.

Nothing is unpickled: a file of weights holds numbers and words, and cannot run code.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open

from ..errors import OutputError, UsageError
from ..whole import whole_file

if TYPE_CHECKING:
    import torch
    from torch import nn

FORMAT = 1
PARTS = ("all", "body", "matching")
HOME = "fleeting.models."  # saved weights name their network; only those that lie here are looked up by name


def save_weights(
    path: str | os.PathLike[str], tensors: Mapping[str, torch.Tensor] | Mapping[str, np.ndarray], card: Mapping[str, Any]
) -> Path:
    """The file, ``<path>.safetensors``, with its card ``<path>.json`` beside it; both are whole, or not there.

    Parameters
    ----------
    path : path
        With or without its suffix.
    tensors : mapping of str to Tensor or of str to ndarray
    card : mapping
        JSON-able. ``format`` and ``sha256`` (of the weights' file) are added.

    Raises
    ------
    OutputError
        They could not be written.
    """
    path = weights_path(path)
    try:
        card = json.loads(json.dumps(card))
    except TypeError as error:
        raise UsageError(f"the card of {path} holds what JSON cannot ({error}): save numbers, words, lists and mappings") from error
    write_tensors(path, tensors)
    text = json.dumps({"format": FORMAT, **card, "sha256": _sha256(path)}, indent=1, ensure_ascii=False) + "\n"
    _write_whole(path.with_suffix(".json"), text.encode())
    return path


def load_weights(path: str | os.PathLike[str]) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors of a file, on the CPU, and its card.

    Raises
    ------
    UsageError
        One of the two is not there, broken, of another format, or not of the other.
    """
    path = weights_path(path)
    card_path = path.with_suffix(".json")
    tensors, _ = read_tensors(path)
    try:
        card = json.loads(card_path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} has no readable card {card_path.name} beside it ({error}): keep both files together") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        version = card.get("format") if isinstance(card, dict) else None
        raise UsageError(f"{card_path} has format {version}; this Fleeting reads format {FORMAT}: save the weights anew")
    if card.get("sha256") != _sha256(path):
        raise UsageError(f"{path} is not the file that its card speaks of: one of the two was exchanged or cut short. Copy both again")
    return tensors, card


def tensors_of(path: str | os.PathLike[str]) -> dict[str, torch.Tensor]:
    """The tensors of any safetensors file, on the CPU; where a card lies beside it, only if it is of this file."""
    path = weights_path(path)
    return load_weights(path)[0] if path.with_suffix(".json").exists() else read_tensors(path)[0]


def put_into(module: nn.Module, tensors: Mapping[str, torch.Tensor], part: str = "all", source: str = "the weights") -> list[str]:
    """The names of the tensors that were copied into the network.

    Parameters
    ----------
    module : Module
    tensors : mapping of str to Tensor
    part : {"all", "body", "matching"}, default="all"
        ``body``: all but the head, the layer that names the classes. ``matching``: whatever has the name and the shape of
        one of the network's own, such as the trunk that two networks share.
    source : str
        What errors call the weights.

    Raises
    ------
    UsageError
        They are of another architecture: a tensor lacks, is foreign, or has another shape.
    """
    if part not in PARTS:
        raise UsageError(f"part={part!r} of the weights; allowed are {', '.join(PARTS)}")
    own = module.state_dict()
    head = tuple(f"{name}." for name in _heads(module)) if part == "body" else ()
    wanted = [name for name in own if not name.startswith(head)] if head else list(own)
    if part == "matching":
        wanted = [name for name in wanted if name in tensors and tensors[name].shape == own[name].shape]
    foreign = [] if part == "matching" else [name for name in tensors if name not in own and not (head and name.startswith(head))]
    kind = type(module).__name__
    if lacking := [name for name in wanted if name not in tensors]:
        raise UsageError(f"{source} are not of the architecture {kind}: they have no {lacking[0]} (and lack {len(lacking)} in all)")
    if foreign:
        raise UsageError(f"{source} are not of the architecture {kind}, which has no {foreign[0]} ({len(foreign)} such in all)")
    for name in wanted:
        if tensors[name].shape != own[name].shape:
            raise UsageError(
                f"{source} are not of this {kind}: {name} is {tuple(tensors[name].shape)}, here {tuple(own[name].shape)}. "
                "Build it with the same input, width and classes, or take the body alone"
            )
    if not wanted:
        raise UsageError(f"{source} share no tensor with {kind}: they are of another architecture")
    module.load_state_dict({name: tensors[name] for name in wanted}, strict=False)
    return wanted


def write_tensors(
    path: Path, tensors: Mapping[str, torch.Tensor] | Mapping[str, np.ndarray], about: Mapping[str, Any] | None = None
) -> None:
    """A safetensors file with these tensors, or arrays, and words: there when this returns, and never in part."""
    data = _bytes(tensors, {"about": json.dumps(about or {})})
    # save_file would make a file that nobody but its owner may read, whatever the folder's custom is.
    _write_whole(path, data)


def read_tensors(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors and words of a safetensors file, on the CPU."""
    try:
        with safe_open(str(path), "pt") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118  # it is no mapping
    except FileNotFoundError as error:
        raise UsageError(f"{path} does not exist: give a file of weights that Fleeting saved") from error
    except (OSError, SafetensorError, ValueError) as error:
        raise UsageError(f"{path} is no whole safetensors file ({error}): copy it again, or train anew") from error


def folder(path: str | os.PathLike[str]) -> Path:
    """The folder, made where it was not there."""
    path = Path(path).expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be made a folder: {error.strerror or error}") from error
    return path


def weights_path(path: str | os.PathLike[str]) -> Path:
    """The path with its suffix, ``.safetensors``."""
    path = Path(path).expanduser()
    return path if path.suffix == ".safetensors" else path.with_name(f"{path.name}.safetensors")


def _bytes(tensors: Mapping[str, Any], words: dict[str, str]) -> bytes:
    """What stands in the file; PyTorch is needed for its own tensors only."""
    if all(isinstance(each, np.ndarray) for each in tensors.values()):
        from safetensors.numpy import save

        return save({name: np.ascontiguousarray(each) for name, each in tensors.items()}, words)
    from safetensors.torch import save as save_tensors

    return save_tensors({name: each.detach().cpu().contiguous().clone() for name, each in tensors.items()}, words)


def _heads(module: nn.Module) -> list[str]:
    """The layers that name the classes: what the network itself calls so, else its last linear layer."""
    named: Any = getattr(module, "heads", None)
    if named is not None:
        return [named] if isinstance(named, str) else list(named)
    from torch import nn

    linear = [name for name, layer in module.named_modules() if isinstance(layer, nn.Linear)]
    return linear[-1:]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_whole(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as beside:
            beside.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{path} could not be written: {error.strerror or error}") from error


def dotted(network: Any) -> str:
    """How saved weights name their network."""
    return f"{getattr(network, '__module__', '')}.{getattr(network, '__qualname__', repr(network))}"


def named(where: str, path: Any) -> Any:
    """The network that saved weights name; UsageError if it is none of Fleeting's own, which alone are looked up by name."""
    module, _, name = str(where).rpartition(".")
    try:
        if not str(where).startswith(HOME):
            raise ImportError(where)
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"{path} is of {where}, which is no network of this Fleeting: give it, load(path, network=...)") from error
