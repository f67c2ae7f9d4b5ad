"""Libraries that are installed with an extra, and what is said where one is missing."""

from __future__ import annotations

from importlib.util import find_spec

from .errors import MissingLibraryError

EXTRAS = {
    "cluster": ("dask", "distributed"),
    "export": ("onnx", "onnxruntime", "onnxscript", "torch"),
    "networks": ("torch",),
    "studio": ("fastapi", "uvicorn"),
}


def need(extra: str, what: str) -> None:
    """Nothing, where the libraries of the extra are installed.

    Parameters
    ----------
    extra : str
        A name of :data:`EXTRAS`.
    what : str
        What needs them, as its user calls it.

    Raises
    ------
    MissingLibraryError
        They are not; it says how to get them.
    """
    if lacking := [name for name in EXTRAS[extra] if find_spec(name) is None]:
        # Double quotes: the Windows command line takes no other.
        raise MissingLibraryError(f'{what} needs {", ".join(lacking)}, not installed here: pip install "fleeting[{extra}]"')
