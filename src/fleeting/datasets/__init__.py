"""Releases of recordings, read as their owners hand them out, and synthetic ones that need no licence."""

from .cas_me_2 import CAS_ME_2
from .cas_me_3 import CAS_ME_3
from .casme import CASME
from .casme2 import CASME2
from .catalogue import DATASETS, catalogue
from .check import Checkup, Finding
from .composite import Composite, read_megc_list
from .dfme import DFME
from .expressions import FER2013, KDEF, MMI, TFEID, ClassFolders, RaFD
from .flow_maps import FlowMaps
from .folder import FolderDataset
from .four_dme import FourDME
from .meview import MEVIEW
from .mmew import MMEW
from .polikovsky import Polikovsky
from .samm import SAMM
from .samm_lv import SAMMLV
from .smic import SMIC
from .tree import DatasetError
from .usf_hd import USFHD

__all__ = [
    "CASME",
    "CASME2",
    "CAS_ME_2",
    "CAS_ME_3",
    "DATASETS",
    "DFME",
    "FER2013",
    "KDEF",
    "MEVIEW",
    "MMEW",
    "MMI",
    "SAMM",
    "SAMMLV",
    "SMIC",
    "TFEID",
    "USFHD",
    "Checkup",
    "ClassFolders",
    "Composite",
    "DatasetError",
    "Finding",
    "FlowMaps",
    "FolderDataset",
    "FourDME",
    "Polikovsky",
    "RaFD",
    "catalogue",
    "read_megc_list",
]
