"""Methods by name: each is a function that returns a scikit-learn estimator over clips, with its paper's values as defaults."""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .action_units import au_template
    from .flow import bi_woof, fdm, fhofo, flow_hmm, flow_krr, mdmo, strain_weighted
    from .networks import (
        apex_dcnn,
        cnn3d,
        cnn_rnn,
        dtscnn,
        elrcn,
        eye_cnn,
        micro_exp_stcnn,
        off_apexnet,
        one_stream_3dcnn,
        ststnet,
        two_stream,
    )
    from .recogniser import check_recogniser
    from .shipped import pretrained
    from .stills import dwld_dbn, gentle_svm
    from .texture import (
        cbp_top_elm,
        evm_lbp_top,
        lbp_top_dbn,
        lbp_top_mkl,
        lbp_top_mlp,
        lbp_top_rf,
        lbp_top_svm,
        stclqp,
        stlbp_ip,
        tics_lbp_top,
    )
    from .transfer import c5_svm, sdf, tlcnn
    from .volume import dtsa_elm, hog3d, rpca_lstd

__all__ = [
    "GROUPS",
    "METHODS",
    "NETWORKS",
    "UNTRAINED",
    "apex_dcnn",
    "au_template",
    "bi_woof",
    "c5_svm",
    "cbp_top_elm",
    "check_recogniser",
    "cnn3d",
    "cnn_rnn",
    "dtsa_elm",
    "dtscnn",
    "dwld_dbn",
    "elrcn",
    "evm_lbp_top",
    "eye_cnn",
    "fdm",
    "fhofo",
    "flow_hmm",
    "flow_krr",
    "gentle_svm",
    "hog3d",
    "lbp_top_dbn",
    "lbp_top_mkl",
    "lbp_top_mlp",
    "lbp_top_rf",
    "lbp_top_svm",
    "mdmo",
    "micro_exp_stcnn",
    "off_apexnet",
    "one_stream_3dcnn",
    "pretrained",
    "rpca_lstd",
    "sdf",
    "stclqp",
    "stlbp_ip",
    "strain_weighted",
    "ststnet",
    "tics_lbp_top",
    "tlcnn",
    "two_stream",
]

# By file, one a family. A file is imported when one of its methods is asked for, so that names alone cost nothing; none has a
# method's name, or the package would give the module where the function is meant.
_FAMILIES = {
    "action_units": ("au_template",),
    "flow": ("bi_woof", "fdm", "fhofo", "flow_hmm", "flow_krr", "mdmo", "strain_weighted"),
    "networks": (
        *("apex_dcnn", "cnn3d", "cnn_rnn", "dtscnn", "elrcn", "eye_cnn", "micro_exp_stcnn"),
        *("off_apexnet", "one_stream_3dcnn", "ststnet", "two_stream"),
    ),
    "shipped": ("pretrained",),
    "stills": ("dwld_dbn", "gentle_svm"),
    "texture": (
        *("cbp_top_elm", "evm_lbp_top", "lbp_top_dbn", "lbp_top_mkl", "lbp_top_mlp", "lbp_top_rf", "lbp_top_svm"),
        *("stclqp", "stlbp_ip", "tics_lbp_top"),
    ),
    "transfer": ("c5_svm", "sdf", "tlcnn"),
    "volume": ("dtsa_elm", "hog3d", "rpca_lstd"),
}
_HOME = {name: family for family, names in _FAMILIES.items() for name in names}


class _Methods(Mapping[str, Callable[..., Any]]):
    """The functions by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)

    def __contains__(self, name: object) -> bool:
        return name in _HOME

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(_HOME))

    def __len__(self) -> int:
        return len(_HOME)


METHODS: Mapping[str, Callable[..., Any]] = _Methods()
"""All methods; listing their names imports none of them."""

GROUPS = ("negative", "positive", "surprise")
"""The classes that ``analyze`` wants of a recogniser."""

UNTRAINED = ("au_template", "pretrained")
"""Those that tell emotions without having been fitted, so that ``analyze`` can take them by name."""

NETWORKS = (*_FAMILIES["networks"], "tlcnn")
"""Those that end in a network (``dtscnn`` with ``classifier="softmax"``), so that :func:`fleeting.train` can keep its weights."""


def __getattr__(name: str) -> Any:
    if name == "check_recogniser":
        return getattr(import_module(f"{__name__}.recogniser"), name)
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return METHODS[name]
