"""Video in and out: files, folders of pictures and cameras as one stream of upright RGB frames with true timestamps.

Every frame carries the timestamp of its own, never a count divided by the average rate: recordings of telephones and
browsers have a variable frame rate. Nothing is read before it is asked for, and nothing is kept but 16 bytes a frame.
"""

import os
from pathlib import Path

import numpy as np

from ..errors import MediaError, UsageError
from .file import VideoFile
from .pictures import Camera, PictureArray, PictureFolder
from .stream import Frame, Media
from .write import write_video

__all__ = ["Camera", "Frame", "Media", "PictureArray", "PictureFolder", "VideoFile", "open_media", "write_video"]


def open_media(
    source: str | Path | int | np.ndarray, *, fps: float | None = None, seconds: float | None = None, partial: bool = False
) -> Media:
    """Video file, folder of pictures, camera or array, opened: iterate over it for its frames.

    Parameters
    ----------
    source : str, Path, int or ndarray of shape (T, H, W, 3), uint8 RGB
        A video file; a folder of pictures (bmp, jpg, png, tif), taken in natural order (img2 before img10); or the
        number of a camera, also as a string of digits (write ``./0`` for a folder of that name).
    fps : float, optional
        Frames a second. For a folder or an array, 25 if not given, and ``fps_assumed`` says so. For a file, it replaces the file's
        own timestamps: for high-speed recordings that were stored to play in slow motion. For a camera, a request.
    seconds : float, optional
        A camera stops after this time; default: it goes on until :meth:`Media.close`.
    partial : bool, default=False
        Take what a damaged or cut-off recording still gives: pictures that cannot be decoded are left out, and
        ``truncated`` says what is missing, where otherwise TruncatedError is raised.

    Returns
    -------
    Media
        Of the kind that fits.

    Raises
    ------
    MediaError
        The source cannot be read; the message says why and what to do. TruncatedError: it breaks off.
    UsageError
        ``fps`` or ``seconds`` is not positive, ``seconds`` is given for something else than a camera, or ``source`` is something
        else, such as an array of another shape.

    Examples
    --------
    >>> import numpy as np
    >>> for frame in open_media(np.zeros((2, 48, 64, 3), np.uint8), fps=50):
    ...     print(frame.index, frame.time, frame.image.shape)
    0 0.0 (48, 64, 3)
    1 0.02 (48, 64, 3)
    """
    for name, value in (("fps", fps), ("seconds", seconds)):
        if value is not None and not 0 < value < float("inf"):
            raise UsageError(f"{name}={value} must be a positive number.")
    if isinstance(source, int) or (isinstance(source, str) and source.isdecimal()):
        return Camera(int(source), fps=fps, seconds=seconds)
    if seconds is not None:
        what = "an array" if isinstance(source, np.ndarray) else source
        raise UsageError(f"seconds={seconds} is for cameras only; {what} is read to its end.")
    if isinstance(source, np.ndarray):
        return PictureArray(source, fps=fps)
    if not isinstance(source, str | os.PathLike):
        raise UsageError(
            f"a {type(source).__name__} is no video: give a file, a folder of pictures, the number of a camera, or an array "
            "(T, H, W, 3) uint8 RGB. Frames of another kind are written to a file first, fl.write_video('frames.mkv', frames, fps)."
        )
    path = Path(source).expanduser()
    try:
        if path.is_dir():
            os.scandir(path).close()
            return PictureFolder(path, fps=fps, partial=partial)
        if path.exists() and not path.is_file():
            raise MediaError(f"{path} is neither a file nor a folder. A camera is opened by its number: 0, 1, ...")
        path.open("rb").close()
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist. Check the spelling, and the folder in which you are.") from error
    except MediaError:
        raise
    except OSError as error:
        raise MediaError(f"{path} may not be read: {error.strerror}. Ask its owner, or copy it elsewhere.") from error
    if not path.stat().st_size:
        raise MediaError(f"{path} is empty (0 bytes): nothing was recorded, or copied. Copy or record it again.")
    return VideoFile(path, fps=fps, partial=partial)
