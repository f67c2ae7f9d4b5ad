"""Twelve small clips of six people who are no people: textures in which one of two places moves."""

import cv2
import numpy as np

from fleeting.clip import Clip

from ..made_clips import Stored, texture

SIDE, FRAMES, APEX = 56, 16, 8
# Where and whereto each class moves most: middle x, y and direction, shares of the side.
MOVES = {"negative": (0.5, 0.28, 0.0, 0.03), "positive": (0.5, 0.75, 0.03, 0.0)}


def made_set():
    """Clips and their classes, (12,): each person shows each class once."""
    clips = [_clip(person, emotion) for person in range(6) for emotion in MOVES]
    return clips, np.array([clip.emotion for clip in clips])


def flow_maps(clips):
    """The same as clips of one frame, whose channels are horizontal flow, vertical flow and strain, 0-255."""
    return [_as_map(clip) for clip in clips]


def _clip(person, emotion):
    picture = texture(SIDE, SIDE, seed=person, smooth=1.2).astype(np.float32)
    x, y, dx, dy = SIDE * np.float32(MOVES[emotion])
    grid_x, grid_y = np.meshgrid(np.arange(SIDE, dtype=np.float32), np.arange(SIDE, dtype=np.float32))
    bump = np.exp(-((grid_x - x) ** 2 + (grid_y - y) ** 2) / np.float32(2 * (0.13 * SIDE) ** 2))
    noise = np.random.default_rng([person, len(emotion), ord(emotion[0])])
    frames = []
    for t in range(FRAMES):
        share = np.float32(np.sin(np.pi * t / (FRAMES - 1)) ** 2)
        moved = cv2.remap(picture, grid_x - share * dx * bump, grid_y - share * dy * bump, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        frames.append(moved + noise.normal(scale=1, size=moved.shape))
    stack = np.clip(np.rint(frames), 0, 255).astype(np.uint8)
    return Clip(f"made/s{person}/{emotion}", "made", f"s{person}", 100.0, 0, APEX, FRAMES - 1, Stored(stack), emotion)


def _as_map(clip):
    from fleeting.features.flow_image import FlowImage

    channels = FlowImage(28, "dis").transform_clip(clip)
    low, high = channels.min(axis=(1, 2), keepdims=True), channels.max(axis=(1, 2), keepdims=True)
    picture = np.moveaxis((255 * (channels - low) / (high - low)).astype(np.uint8), 0, -1)
    return Clip(clip.id, clip.dataset, clip.subject, clip.fps, 0, 0, 0, Stored(picture[None]), clip.emotion)
