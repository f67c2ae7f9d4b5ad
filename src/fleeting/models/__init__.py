"""Networks, one a file, and what makes any of them a classifier. Nothing is imported before it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..extras import need

if TYPE_CHECKING:
    from ..training.net import NetClassifier
    from ..training.net_features import DeepFeatures
    from ..training.onnx import export_classifier, export_onnx
    from ..training.tlcnn import TLCNNClassifier
    from .apex_dcnn import ApexDCNN
    from .cnn3d import CNN3D
    from .dssn import DSSN
    from .dtscnn import DTSCNN
    from .dual_inception import DualInception
    from .elrcn import ELRCN
    from .eye_cnn import EyeCNN
    from .flow_3dcnn import Flow3DCNN
    from .htnet import HTNet
    from .kim_cnn_lstm import KimCNNLSTM
    from .micro_exp_stcnn import MicroExpFuseNet, MicroExpSTCNN
    from .mmnet import MMNet
    from .off_apexnet import OFFApexNet
    from .rcn import RCN
    from .sdf import VGGF
    from .softnet import SOFTNet
    from .sssnet import SSSNet
    from .ststnet import STSTNet
    from .tlcnn import TLCNN, TLCNNFrames
    from .two_stream import CNNRNN, OneStream3DCNN, TwoStream

NETWORKS: dict[str, str] = {
    "apex_dcnn": "apex_dcnn.ApexDCNN",
    "cnn3d": "cnn3d.CNN3D",
    "cnn_rnn": "two_stream.CNNRNN",
    "dssn": "dssn.DSSN",
    "dtscnn": "dtscnn.DTSCNN",
    "dual_inception": "dual_inception.DualInception",
    "elrcn": "elrcn.ELRCN",
    "eye_cnn": "eye_cnn.EyeCNN",
    "flow_3dcnn": "flow_3dcnn.Flow3DCNN",
    "htnet": "htnet.HTNet",
    "kim_cnn_lstm": "kim_cnn_lstm.KimCNNLSTM",
    "micro_exp_fusenet": "micro_exp_stcnn.MicroExpFuseNet",
    "micro_exp_stcnn": "micro_exp_stcnn.MicroExpSTCNN",
    "mmnet": "mmnet.MMNet",
    "off_apexnet": "off_apexnet.OFFApexNet",
    "one_stream_3dcnn": "two_stream.OneStream3DCNN",
    "rcn": "rcn.RCN",
    "softnet": "softnet.SOFTNet",
    "sssnet": "sssnet.SSSNet",
    "ststnet": "ststnet.STSTNet",
    "tlcnn": "tlcnn.TLCNN",
    "tlcnn_frames": "tlcnn.TLCNNFrames",
    "two_stream": "two_stream.TwoStream",
    "vggf": "sdf.VGGF",
}
"""The file and class of each network. A network is built by ``(n_classes, input_shape, width, **options)``, all of which have defaults."""

# Made in a room above this one, and had from here as well: by name only, so that networks know nothing of their training.
_TRAINING = {
    "DeepFeatures": "net_features",
    "NetClassifier": "net",
    "TLCNNClassifier": "tlcnn",
    "export_classifier": "onnx",
    "export_onnx": "onnx",
}
_HOME = {name: f"{__name__}.{file}" for file, _, name in (each.partition(".") for each in NETWORKS.values())} | {
    name: f"fleeting.training.{file}" for name, file in _TRAINING.items()
}

__all__ = [
    "CNN3D",
    "CNNRNN",
    "DSSN",
    "DTSCNN",
    "ELRCN",
    "NETWORKS",
    "RCN",
    "TLCNN",
    "VGGF",
    "ApexDCNN",
    "DeepFeatures",
    "DualInception",
    "EyeCNN",
    "Flow3DCNN",
    "HTNet",
    "KimCNNLSTM",
    "MMNet",
    "MicroExpFuseNet",
    "MicroExpSTCNN",
    "NetClassifier",
    "OFFApexNet",
    "OneStream3DCNN",
    "SOFTNet",
    "SSSNet",
    "STSTNet",
    "TLCNNClassifier",
    "TLCNNFrames",
    "TwoStream",
    "export_classifier",
    "export_onnx",
    "network",
]


def network(name: str) -> Any:
    """The class of a network by its name in :data:`NETWORKS`.

    Parameters
    ----------
    name : str
        One of :data:`NETWORKS`, such as ``"ststnet"``.

    Returns
    -------
    type
        A subclass of ``torch.nn.Module``.

    Raises
    ------
    UsageError
        No network has this name.

    Examples
    --------
    >>> sum(weights.numel() for weights in network("ststnet")().parameters())
    1683
    """
    if name not in NETWORKS:
        raise UsageError(f"network {name!r} is not known; choose from {', '.join(NETWORKS)}")
    return __getattr__(NETWORKS[name].partition(".")[2])


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'fleeting.models' has no attribute {name!r}")
    from importlib import import_module

    need("export" if _HOME[name].endswith(".onnx") else "networks", name)
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
