"""Classifiers that scikit-learn lacks, one a file."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .chi_square_svm import ChiSquareKernel, chi_square_svc
    from .dbn import DBN
    from .dtsa import DTSA
    from .elm import ELM, KernelELM
    from .emotion_table import EmotionTable
    from .evolution import EvolutionarySelection
    from .gentle_svm import GentleBoost, GentleSVM
    from .hmm import DoubleLayerHMM, GaussianHMM, HMMClassifier
    from .kernel_ridge import KernelRidgeClassifier
    from .linear_kernel import LinearKernel
    from .mkl import AlignedKernel, mkl_svc
    from .slpp import SLPP

__all__ = [
    "DBN",
    "DTSA",
    "ELM",
    "SLPP",
    "AlignedKernel",
    "ChiSquareKernel",
    "DoubleLayerHMM",
    "EmotionTable",
    "EvolutionarySelection",
    "GaussianHMM",
    "GentleBoost",
    "GentleSVM",
    "HMMClassifier",
    "KernelELM",
    "KernelRidgeClassifier",
    "LinearKernel",
    "chi_square_svc",
    "mkl_svc",
]

# Looked up when first asked for: `fleeting analyze` needs one of them, and all together load a second of scikit-learn and SciPy.
_FILES = {
    "chi_square_svm": ("ChiSquareKernel", "chi_square_svc"),
    "dbn": ("DBN",),
    "dtsa": ("DTSA",),
    "elm": ("ELM", "KernelELM"),
    "emotion_table": ("EmotionTable",),
    "evolution": ("EvolutionarySelection",),
    "gentle_svm": ("GentleBoost", "GentleSVM"),
    "hmm": ("DoubleLayerHMM", "GaussianHMM", "HMMClassifier"),
    "kernel_ridge": ("KernelRidgeClassifier",),
    "linear_kernel": ("LinearKernel",),
    "mkl": ("AlignedKernel", "mkl_svc"),
    "slpp": ("SLPP",),
}
_LAZY = {name: file for file, names in _FILES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'fleeting.classifiers' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"fleeting.classifiers.{_LAZY[name]}"), name)
