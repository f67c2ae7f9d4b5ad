"""What is measured in a clip: one descriptor a file."""

from .au_motion import AUMotion
from .bi_woof import BiWOOF, bi_woof
from .cbp_top import CBPTOP, cbp_top
from .dwld import DWLD, dwld, wld
from .fdm import FDM, fdm
from .fhofo import FHOFO, fhofo
from .flow_image import FlowImage, FlowStack, flow_image, flow_stack
from .flow_map import FlowMap
from .gabor import Gabor, gabor
from .hog import HOG, hog
from .hog3d import HOG3D, hog3d
from .hoof import HOOF, hoof
from .lbp_top import LBPMOP, LBPSIP, LBPTOP, lbp_mop, lbp_sip, lbp_top
from .lstd import LSTD, lstd
from .mdmo import MDMO, mdmo
from .region_flow import RegionFlow, region_flow
from .stclqp import STCLQP, STCLQPVectors, stclqp_vectors
from .stlbp_ip import STLBPIP, stlbp_ip
from .strain_weighted import StrainMap, StrainWeightedLBPTOP, strain_map

__all__ = [
    "CBPTOP",
    "DWLD",
    "FDM",
    "FHOFO",
    "HOG",
    "HOG3D",
    "HOOF",
    "LBPMOP",
    "LBPSIP",
    "LBPTOP",
    "LSTD",
    "MDMO",
    "STCLQP",
    "STLBPIP",
    "AUMotion",
    "BiWOOF",
    "FlowImage",
    "FlowMap",
    "FlowStack",
    "Gabor",
    "RegionFlow",
    "STCLQPVectors",
    "StrainMap",
    "StrainWeightedLBPTOP",
    "bi_woof",
    "cbp_top",
    "dwld",
    "fdm",
    "fhofo",
    "flow_image",
    "flow_stack",
    "gabor",
    "hog",
    "hog3d",
    "hoof",
    "lbp_mop",
    "lbp_sip",
    "lbp_top",
    "lstd",
    "mdmo",
    "region_flow",
    "stclqp_vectors",
    "stlbp_ip",
    "strain_map",
    "wld",
]
