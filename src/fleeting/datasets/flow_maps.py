"""Flow maps: onset-to-apex motion of 28x28 px, as STSTNet and its followers pass it around."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ..clip import Clip
from ..errors import DatasetError
from ..media.pictures import PICTURES
from .aus import parse_aus
from .base import STANDARD, Dataset
from .frames import InMemory, Pictures
from .smic import smic_name
from .tree import read_npz

EMOTIONS = ("negative", "positive", "surprise")  # labels 0, 1, 2
FPS = {"casme2": 200.0, "samm": 200.0, "smic": 100.0}
_SUBJECTS = {"samm": r"\d{3}", "smic": r"s\d{1,2}", "casme2": r"sub\d+"}
_LABELS = {form: word for number, word in enumerate(EMOTIONS) for form in (f"{number}", f"{number}.0")}
# Samples, subjects, negative, positive, surprise of each dataset in the composite of MEGC 2019.
_PARTS = {"casme2": (145, 24, 88, 32, 25), "smic": (164, 16, 70, 51, 43), "samm": (133, 28, 92, 26, 15)}


class FlowMaps(Dataset):
    """Flow maps as clips of one frame: channels horizontal flow u, vertical flow v, strain.

    Files expected: a tree ``<root>/<subject>/u_train|u_test/<label>/<sample>.png`` (``norm_u_v_os``), or an npz with
    ``subject, clip, label``, perhaps ``dataset``, and maps (N, H, W, 3) uint8. ``u_train`` of a subject repeats the samples
    of all others, so each sample is taken once, from its own subject's ``u_test``.

    Clips keep the name they have in their own dataset, ``casme2/sub01/EP02_01f``, and their subjects stay theirs: subjects
    ``sub01`` are of CASME II, ``006`` of SAMM, ``s01`` of SMIC, others of ``flow-maps``. Names of SMIC are padded as MEGC 2019 does.

    Counts: 442 samples of 68 subjects (145 CASME II, 164 SMIC, 133 SAMM): negative 250, positive 109, surprise 83.

    Label oddities: 0 negative, 1 positive, 2 surprise. Sample names may carry a trailing blank. Channels were scaled to
    0-255 for each image, so amplitude and zero are lost.

    Parameters
    ----------
    root : str or Path, optional
        The tree, or the npz file.
    maps : str, optional
        Of an npz, the array to take; default: the first of four dimensions.

    References
    ----------
    Liong, Gan, See, Khor, Huang (2019), STSTNet, FG. doi:10.1109/FG.2019.8756567
    """

    name = "flow-maps"
    title = "Flow maps"
    fps = 200.0
    resolution = "28x28"
    classes = EMOTIONS
    doi = "10.1109/FG.2019.8756567"
    request_url = "https://github.com/christy1206/STSTNet"
    expected: ClassVar = {"clips": 442, "subjects": 68, "negative": 250, "positive": 109, "surprise": 83}

    def __init__(self, root: str | Path | None = None, *, maps: str | None = None):
        self.maps = maps
        self._npz = Path(root).expanduser() if root is not None and str(root).endswith(".npz") else None
        if self._npz is not None and not self._npz.is_file():
            raise DatasetError(f"{self._npz} does not exist. Give the npz file, or the folder norm_u_v_os.")
        super().__init__(self._npz.parent if self._npz else root, corrections=False)
        self._images: np.ndarray | None = None
        self._passed_over: list[Path] = []

    def read_table(self) -> pd.DataFrame:
        """One row a sample; ``dataset`` is where it comes from, ``file`` where it lies."""
        table = pd.DataFrame(self._read_npz() if self._npz else self._read_tree())
        if table.empty:
            raise DatasetError(
                f"{self.sheet_name} has no <subject>/u_test/<label>/<sample>.png. {self.tree.packed()}Give the folder norm_u_v_os, or "
                "an npz."
            )
        return table.sort_values("clip", ignore_index=True)

    @property
    def sheet_name(self) -> str:
        """The npz, or the folder."""
        return str(self._npz or self.root)

    def remarks(self) -> list[str]:
        """Folders that are no label, and subjects that are of none of the three datasets."""
        said = [f"{folder} is none of the labels 0, 1, 2: passed over" for folder in self._passed_over]
        if "flow-maps" in set(self.table["dataset"]):
            names = self.table.loc[self.table["dataset"] == "flow-maps", "subject"].unique()
            said.append(f"subjects are written sub01, 006 or s01; of {', '.join(names[:3])} we do not know the dataset, nor the frames/s")
        return said

    @property
    def table(self) -> pd.DataFrame:
        """One row a sample, named as in its own dataset."""
        if not hasattr(self, "_table"):
            table = self.read_table().assign(kind="micro")
            for column in ("onset", "apex", "offset"):
                table[column] = pd.Series(table.get(column, 0), index=table.index).astype("Int64")
            text = table["au"] if "au" in table else [None] * len(table)
            table["aus"] = pd.Series([parse_aus(cell) for cell in text], index=table.index, dtype=object)
            table["fps"] = table["dataset"].map(FPS).fillna(self.fps)
            here = set(table["dataset"])
            if here < set(_PARTS):  # of the composite one or two datasets
                sums = map(sum, zip(*(_PARTS[origin] for origin in here), strict=True))
                self.expected = dict(zip(FlowMaps.expected, sums, strict=True))  # type: ignore[misc]
            elif here != set(_PARTS):
                self.expected = {}  # type: ignore[misc]
            self._table = table[[*STANDARD, *(column for column in table if column not in STANDARD)]]
        return self._table

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The one picture of a sample of a tree; that of an npz has none."""
        return {0: Path(row.file)}

    def span(self, row: Any, numbers: Any) -> tuple[int, int, int]:
        """The one frame there is."""
        return 0, 0, 0

    def clip(self, row: Any) -> Clip:
        """As in :class:`.base.Dataset`."""
        read: Any = Pictures((Path(row.file),))
        if self._npz:
            read = InMemory(self._images[row.index][None] if self._images is not None else np.empty(0))
        return Clip(
            id=row.clip, dataset=row.dataset, subject=row.subject, fps=row.fps, onset=0, apex=0, offset=0,
            read=read, emotion=row.emotion, aus=row.aus,
        )  # fmt: skip

    def _read_tree(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for test in self.tree.walk(3):
            if test.name.strip().casefold() != "u_test":
                continue
            for label in self.tree.entries(test).values():
                if label.name not in ("0", "1", "2"):
                    self._passed_over.append(label)
                    continue
                files = [file for file in self.tree.entries(label).values() if file.suffix.lower() in PICTURES]
                emotion = EMOTIONS[int(label.name)]
                rows += [{**_sample(test.parent.name, file.stem), "emotion": emotion, "file": str(file)} for file in files]
        return rows

    def _read_npz(self) -> dict[str, Any]:
        arrays = read_npz(Path(str(self._npz)))
        choice = [name for name, array in arrays.items() if array.ndim == 4 and array.shape[-1] == 3]
        name = self.maps or (choice[0] if choice else "")
        lacking = [key for key in ("subject", "clip", "label") if key not in arrays]
        if name not in choice or lacking:
            raise DatasetError(f"{self._npz} lacks {', '.join(lacking) or f'maps {name!r}'}; it has {', '.join(arrays)}.")
        arrays.setdefault("dataset", np.full(arrays[name].shape[0], ""))
        for key in [key for key in ("subject", "clip", "label", "dataset", "au", "emotion") if key in arrays]:
            if arrays[key].shape != arrays[name].shape[:1]:
                raise DatasetError(f"{self._npz}: {key} is {arrays[key].shape}, {name} {arrays[name].shape}; expected is one {key} a map.")
        if arrays[name].dtype != np.uint8:
            raise DatasetError(f"{self._npz}: {name} is {arrays[name].dtype}; expected is uint8, channels scaled to 0-255.")
        if wrong := [str(label) for label in arrays["label"] if str(label) not in _LABELS]:
            raise DatasetError(f"{self._npz} has the label {wrong[0]}; expected are 0 negative, 1 positive, 2 surprise.")
        self._images, origin = arrays[name], arrays["dataset"]
        samples = [_sample(str(s), str(c), str(d)) for s, c, d in zip(arrays["subject"], arrays["clip"], origin, strict=True)]
        table: dict[str, Any] = {key: [sample[key] for sample in samples] for key in ("clip", "subject", "dataset")}
        table |= {"emotion": [_LABELS[str(label)] for label in arrays["label"]], "file": str(self._npz)}
        table |= {"index": list(range(len(samples)))} | ({"au": list(map(str, arrays["au"]))} if "au" in arrays else {})
        return table | ({"own_emotion": list(map(str, arrays["emotion"]))} if "emotion" in arrays else {})


def _sample(subject: str, name: str, dataset: str = "") -> dict[str, Any]:
    """Where a sample comes from, by how its subject is written if nothing else is said, and its name there."""
    subject, name = subject.strip(), name.strip()
    dataset = dataset or next((origin for origin, form in _SUBJECTS.items() if re.fullmatch(form, subject)), FlowMaps.name)
    if dataset == "samm":
        name = re.sub(rf"^{re.escape(subject)}_(?={re.escape(subject)}_)", "", name)
    elif dataset == "smic":
        name, subject = smic_name(name) or name, re.sub(r"^s(\d)$", r"s0\1", subject)
    elif dataset == "casme2":
        name = name.removeprefix(f"{subject}_")
    return {"clip": f"{dataset}/{subject}/{name}", "subject": subject, "dataset": dataset}
