"""How strongly a video file is compressed: its quantiser, where the codec tells, and the blocks that show."""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import Any

import numpy as np

PLACES, FRAMES = 3, 16  # looked at: so many frames after the keyframe before each of so many places
BLOCK = 8  # px: the transforms of JPEG, MPEG and H.264 are this wide, or share its borders
# FFmpeg's AVVideoEncParams: number of blocks, where and how large they are, kind, quantiser of the picture; of a block, its addition.
_HEAD, _BLOCK = struct.Struct("=I4xQQIi"), np.dtype([("place", "<i4", 4), ("more", "<i4")])
# Kind -> name, the most, and how many of FFmpeg's make one: of MPEG it gives twice the number that the stream has.
SCALES = {0: ("VP9", 255, 1), 1: ("H.264", 51, 1), 2: ("MPEG", 31, 2)}


def measured(path: str, index: int) -> dict[str, Any]:
    """What :meth:`.stream.Media.compression` says of stream ``index`` of a video file; empty where none of its pictures can be decoded."""
    import av

    quantisers: list[float] = []
    steps: list[tuple[float, float]] = []
    kind, bits, pixels = -1, 0, 0
    with suppress(av.error.FFmpegError), av.open(f"file:{path}", options={"protocol_whitelist": "file"}) as container:
        stream: Any = container.streams[index]
        stream.codec_context.options = {"export_side_data": "venc_params"}
        stream.thread_type = "AUTO"
        for place in range(PLACES):
            if place and container.duration:
                container.seek(int(container.duration * place / PLACES) + (container.start_time or 0))
            seen = 0
            for packet in container.demux(stream):
                bits, pixels = bits + 8 * packet.size, pixels + stream.width * stream.height
                for frame in packet.decode():
                    params: Any = frame.side_data.get("VIDEO_ENC_PARAMS")
                    if params is not None:
                        kind, quantiser = _quantiser(bytes(params))
                        quantisers.append(quantiser)
                    steps.append(_steps(frame.to_ndarray(format="gray")))
                    seen += 1
                if seen >= FRAMES:
                    break
    if not steps:
        return {}
    across, elsewhere = np.sum(steps, axis=0)
    name, most, unit = SCALES.get(kind, (None, None, 1))
    return {
        "quantiser": round(float(np.mean(quantisers)) / unit, 1) if name else None,
        "quantiser_of": name,
        "quantiser_most": most,
        "bits_per_pixel": round(bits / pixels, 4),
        "blocking": round(float(across / elsewhere), 3) if elsewhere else None,
    }


def _quantiser(params: bytes) -> tuple[int, float]:
    """The kind of codec, and the mean quantiser of a picture's blocks."""
    count, offset, size, kind, quantiser = _HEAD.unpack_from(params)
    if count and size >= _BLOCK.itemsize:
        blocks = np.ndarray(count, _BLOCK, params, offset, strides=size)
        width, height = blocks["place"][:, 2:].T.astype(float)
        quantiser += float(np.average(blocks["more"], weights=width * height))
    return kind, float(quantiser)


def _steps(grey: np.ndarray) -> tuple[float, float]:
    """Mean step of grey from one pixel to the next across the borders of blocks, and elsewhere, of a picture (H, W) uint8."""
    across, elsewhere = [], []
    for picture in (grey.astype(np.int16), grey.T.astype(np.int16)):
        step = np.abs(np.diff(picture, axis=1)).mean(axis=0)  # (W - 1,)
        border = np.arange(len(step)) % BLOCK == BLOCK - 1
        if border.any() and not border.all():
            across.append(step[border].mean())
            elsewhere.append(step[~border].mean())
    return (float(np.mean(across)), float(np.mean(elsewhere))) if across else (0.0, 0.0)
