"""Releases of recordings, read as their owners hand them out, and synthetic ones that need no licence."""

from typing import TYPE_CHECKING, Any

from ..errors import DatasetError
from .cas_me_2 import CAS_ME_2
from .cas_me_3 import CAS_ME_3
from .casme import CASME
from .casme2 import CASME2
from .catalogue import DATASETS, catalogue, open_dataset
from .check import Checkup
from .composite import Composite, read_megc_list
from .dfme import DFME
from .expressions import FER2013, KDEF, MMI, TFEID, ClassFolders, RaFD
from .eyes import eyes, read_expressions
from .flow_maps import FlowMaps
from .folder import FolderDataset
from .four_dme import FourDME
from .meview import MEVIEW
from .mmew import MMEW
from .polikovsky import Polikovsky
from .samm import SAMM
from .samm_lv import SAMMLV
from .sheet_check import Finding
from .smic import SMIC
from .synthetic_release import Synthetic
from .usf_hd import USFHD

if TYPE_CHECKING:
    from ..synthetic.inject import inject
    from ..synthetic.release import synthesize

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
    "Synthetic",
    "catalogue",
    "eyes",
    "inject",
    "open_dataset",
    "read_expressions",
    "read_megc_list",
    "synthesize",
]

# Made in a room above this one, and had from here as well: by name only, so that readers know nothing of what draws.
_SYNTHETIC = {"inject": "inject", "synthesize": "release"}


def __getattr__(name: str) -> Any:
    if name not in _SYNTHETIC:
        raise AttributeError(f"module 'fleeting.datasets' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"fleeting.synthetic.{_SYNTHETIC[name]}"), name)
