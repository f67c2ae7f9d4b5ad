"""The synthetic release, read like any other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from ..clip import Clip, Video
from ..errors import DatasetError
from ..media import open_media
from .folder import FolderDataset
from .frames import SteadyTimes, VideoStream
from .packed import ZIP, read_truth

HOW = "fleeting datasets synthesize FOLDER"


class Synthetic(FolderDataset):
    """Synthetic clips and long videos: drawn faces, modelled expressions, exact truth. Nobody behaved like this.

    Files expected: those of :func:`.synthesize.synthesize`. ``clips.csv`` and ``clips/s01/s01_0001/img001.jpg``;
    ``flow/s01/s01_0001.npz``; of a packed release ``clips/s01/s01_0001.zip``, which holds both; ``videos/v01.mp4``, beside it
    ``v01.truth.csv`` with every event, blinks, speech and head movements included. Its ``expressions`` are for
    :class:`.expressions.ClassFolders`, its ``maps.npz`` for :class:`.flow_maps.FlowMaps`.

    Counts: as asked for; by default 255 clips of 26 people.

    Label oddities: emotions are words (anger, disgust, ...). In 12 % of the clips the action units are those of another
    group, which stands in ``shown``. ``intensity`` is the largest displacement at the apex, % of the eye distance;
    ``blink`` whether a lid moves between onset and offset; ``noise`` the sensor's, grey levels.

    Known leaks: none between clips, videos, stills and maps, which show different people. But all expressions come from
    one model of the action units, which :class:`fleeting.features.AUMotion` also reads by: of that feature, and of networks
    trained on such data, a good score here says nothing about people.

    Parameters
    ----------
    root : str or Path, optional
        Folder of the release; default ``$FLEETING_DATA/synthetic``.
    """

    name = "synthetic"
    title = "the synthetic release"
    resolution = "128x128"
    fps = 200.0
    classes = ("anger", "disgust", "sadness", "fear", "contempt", "repression", "happiness", "surprise")
    request_url = f"(make it: {HOW})"
    _or_the_sheet = ""
    sheets = ("clips.csv",)  # type: ignore[assignment]
    set_aside = ("flow", "videos", "expressions")

    def __init__(self, root: str | Path | None = None):
        super().__init__(root, corrections=False)

    def remarks(self) -> list[str]:
        """What of the release is missing by its own account, ``release.json``."""
        try:
            told = json.loads((self.root / "release.json").read_text("utf-8"))
            packed = bool(told.get("packed"))
            parts = [
                ("clips.csv", "clips", int(told["clips"]), len(self.table)),
                ("flow", "flow fields", int(told["clips"]), sum(1 for _ in self.root.glob("clips/*/*.zip" if packed else "flow/*/*.npz"))),
                ("videos", "long videos", int(told["long_videos"]), sum(1 for _ in self.root.glob("videos/v*.mp4"))),
                ("videos", "truths of videos", int(told["long_videos"]), sum(1 for _ in self.root.glob("videos/v*.truth.csv"))),
                ("expressions", "stills", int(told["expressions"]), sum(path.is_file() for path in self.root.glob("expressions/*/*"))),
                ("maps.npz", "files of maps", int(told["maps"] > 0), int((self.root / "maps.npz").is_file())),
            ]
        except (OSError, ValueError, KeyError, TypeError) as error:
            return [f"release.json cannot be read ({error}): whether anything is missing cannot be told"]
        lacking = [(where, what, number, here) for where, what, number, here in parts if here != number]
        return [f"{where}: {here} {what} of {number}; the same synthesize again makes the rest" for where, what, number, here in lacking]

    def videos(self) -> list[Video]:
        """The long videos with their micro- and macro-expressions; DatasetError where the release has none."""
        paths = sorted((self.root / "videos").glob("v*.mp4"))
        if not paths:
            raise DatasetError(f"{self.root} has no long videos (videos/v01.mp4). Make some: {HOW}")
        return [self._long(path) for path in paths]

    def _long(self, path: Path) -> Video:
        try:
            truth = pd.read_csv(path.with_suffix(".truth.csv"))
            rows = truth.loc[truth["kind"].isin(["micro", "macro"]), ["onset", "apex", "offset", "kind"]]
            intervals = rows.astype({"apex": "Int64"}).sort_values("onset", ignore_index=True)
        except (OSError, ValueError, KeyError) as error:
            raise DatasetError(f"The truth of {path} cannot be read ({error}). Make the release again: {HOW}") from error
        with open_media(path) as media:
            fps, count = float(media.fps), media.frame_count or sum(1 for _ in media)
        name = path.stem
        return Video(f"{self.name}/{name}", self.name, name, fps, intervals, VideoStream(path), SteadyTimes(count, fps))

    def flow(self, clip: Clip | str) -> np.ndarray:
        """The true flow of a clip from onset to apex, (H, W, 2) float32, px, x right, y down; exact to float16.

        Where lids or lips cover something, it is where that would be seen without. A clip is also known by its id.

        Parameters
        ----------
        clip : Clip
            Of this release.

        Returns
        -------
        ndarray of shape (H, W, 2), float
            Displacement, px, x right, y down.
        """
        name = (clip.id if isinstance(clip, Clip) else clip).removeprefix(f"{self.name}/")
        path = self.root / "flow" / f"{name}.npz"
        if (zipped := self.root / "clips" / f"{name}{ZIP}").is_file():
            path = zipped
        try:
            return np.asarray(read_truth(path)["flow"], np.float32)
        except (DatasetError, KeyError) as error:
            raise DatasetError(f"{path} cannot be read ({error}). Make the release again: {HOW}") from error
