"""The sound that belongs to the pictures of a recording."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from .stream import Media

RATE = 24_000  # samples a second: enough for voices
EARLY_S = 0.2  # decoding begins so much before: the first packet after a seek may be damped


def read_sound(media: Media, start: float, stop: float) -> np.ndarray:
    """The sound of a stretch, (N,) int16, mono, :data:`RATE` samples a second; silence where the recording has none; empty without a sound.

    Parameters
    ----------
    media : Media
        A video file as :func:`fleeting.media.open_media` gives it; other media have no sound.
    start, stop : float
        s since the first picture, as the timestamps of the pictures are.
    """
    import av

    from .file import VideoFile

    if not isinstance(media, VideoFile):
        return np.zeros(0, np.int16)
    out = np.zeros(max(0, round((stop - start) * RATE)), np.int16)
    with av.open(f"file:{media.path}", options={"protocol_whitelist": "file"}, metadata_errors="replace") as container:
        stream = next(iter(container.streams.audio), None)
        if stream is None or stream.codec_context is None:
            return np.zeros(0, np.int16)
        origin = (container.start_time or 0) / 1e6 + media.start + start  # of what is wanted, as the file counts
        with suppress(av.error.FFmpegError):  # then it reads from the beginning
            container.seek(max(0, round((origin - EARLY_S) * 1e6)))
        resampler = av.AudioResampler("s16", "mono", RATE)
        with suppress(av.error.FFmpegError):  # what is damaged stays silent
            for frame in container.decode(stream):
                for part in resampler.resample(frame) if frame.time is not None else []:
                    samples = part.to_ndarray().ravel()
                    at = round(((part.time or 0.0) - origin) * RATE)
                    first, last = max(at, 0), min(at + len(samples), len(out))
                    if first < last:
                        out[first:last] = samples[first - at : last - at]
                if (frame.time or 0.0) > origin + (stop - start) + EARLY_S:
                    break
    return out
