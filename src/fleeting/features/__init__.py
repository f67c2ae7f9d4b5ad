"""What is measured in a clip: one descriptor a file."""

from .au_motion import AUMotion
from .bi_woof import BiWOOF, bi_woof
from .fdm import FDM, fdm
from .fhofo import FHOFO, fhofo
from .flow_image import FlowImage, FlowStack, flow_image, flow_stack
from .hog3d import HOG3D, hog3d
from .hoof import HOOF, hoof
from .lbp_top import LBPMOP, LBPSIP, LBPTOP, lbp_mop, lbp_sip, lbp_top
from .mdmo import MDMO, mdmo
from .strain_weighted import StrainMap, StrainWeightedLBPTOP, strain_map

__all__ = [
    "FDM",
    "FHOFO",
    "HOG3D",
    "HOOF",
    "LBPMOP",
    "LBPSIP",
    "LBPTOP",
    "MDMO",
    "AUMotion",
    "BiWOOF",
    "FlowImage",
    "FlowStack",
    "StrainMap",
    "StrainWeightedLBPTOP",
    "bi_woof",
    "fdm",
    "fhofo",
    "flow_image",
    "flow_stack",
    "hog3d",
    "hoof",
    "lbp_mop",
    "lbp_sip",
    "lbp_top",
    "mdmo",
    "strain_map",
]
