"""Recordings to read: small, synthetic, and of kinds which write_video does not make."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np


def noise(count: int, width: int = 48, height: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)


def blocks(count: int, width: int = 96, height: int = 64) -> np.ndarray:
    """Coarse random pictures: they survive H.264, and no two are alike."""
    small = np.random.default_rng(1).integers(40, 216, (count, 2, 3, 3), np.uint8)
    return small.repeat(height // 2, axis=1).repeat(width // 3, axis=2)


def write_av(path: Path, images: np.ndarray, codec: str = "libx264", pix_fmt: str = "yuv420p", **settings) -> Path:
    """Files which write_video does not make: other pixel formats, rates, rotation, options of the muxer and the encoder."""
    rate = settings.get("rate", Fraction(25))
    with av.open(str(path), "w", options=settings.get("muxer", {})) as container:
        stream = container.add_stream(codec, rate=rate, options=settings.get("encoder", {}))
        stream.height, stream.width = images.shape[1:3]
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = 1 / rate
        if "aspect" in settings:
            stream.codec_context.sample_aspect_ratio = settings["aspect"]
        if "rotation" in settings:
            stream.set_display_rotation(settings["rotation"], hflip=settings.get("hflip", False))
        if "colour_range" in settings:
            stream.codec_context.color_range = settings["colour_range"]
        for index, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame = frame.reformat(format=pix_fmt, dst_color_range=settings.get("colour_range"))
            frame.pts, frame.time_base = index, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path, cover: bool = False) -> Path:
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac" if path.suffix == ".m4a" else "flac", rate=16000)
        if cover:
            picture = container.add_stream("png", rate=1)
            picture.width = picture.height = 16
            picture.pix_fmt = "rgb24"
            picture.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.int16), format="s16", layout="mono")
        frame.sample_rate, frame.pts = 16000, 0
        container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
        if cover:
            image = av.VideoFrame.from_ndarray(noise(1, 16, 16)[0], format="rgb24")
            container.mux(picture.encode(image))
            container.mux(picture.encode(None))
    return path


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    short = path.with_stem(path.stem + "_cut")
    short.write_bytes(content[: int(len(content) * share)])
    return short


def images(media) -> np.ndarray:
    return np.stack([frame.image for frame in media])


def write_pictures(folder: Path, frames: np.ndarray, names: list[str]) -> Path:
    folder.mkdir()
    for name, image in zip(names, frames, strict=True):
        assert cv2.imwrite(str(folder / name), image[..., ::-1])
    return folder
