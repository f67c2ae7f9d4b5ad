"""What coders say: read, compared, arbitrated, and made into a dataset."""

from ..analysis.clock import Clock
from .arbitration import arbitrate
from .changes import corrections
from .coding import Coding
from .folder import training_folder
from .measures import Agreement, agreement
from .reading import read_coding

__all__ = ["Agreement", "Clock", "Coding", "agreement", "arbitrate", "corrections", "read_coding", "training_folder"]
