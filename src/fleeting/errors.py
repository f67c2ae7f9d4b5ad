"""What can go wrong, as a tree. Each error carries the exit code with which the command line ends."""


class FleetingError(Exception):
    """Anything Fleeting raises on purpose. Its message names the thing, the value, what is allowed and what to do."""

    exit_code = 1


class UsageError(FleetingError, ValueError):
    """A parameter, a name or an output folder that cannot be used as asked."""

    exit_code = 2


class MissingLibraryError(UsageError, ImportError):
    """A library that only some parts of Fleeting need, and that is not installed."""


class LeakageError(UsageError):
    """One person would be trained on and tested, where the protocol does not say that this may be."""


class MediaError(FleetingError, OSError):
    """A video, picture folder or camera that cannot be read."""

    exit_code = 3


class TruncatedError(MediaError):
    """A recording that ends before its own header says it should."""


class DatasetError(FleetingError, OSError):
    """A release that is not there, not whole, or not what its sheet says."""

    exit_code = 3


class CodingError(FleetingError, ValueError):
    """A coder's file that cannot be read, or says what cannot be."""

    exit_code = 3


class OutputError(FleetingError, OSError):
    """A result that could not be written (disk full, folder read-only); nothing of it is left behind."""


class ModelFileError(FleetingError, FileNotFoundError):
    """The face model file is not on this machine, or is not the file it should be."""
