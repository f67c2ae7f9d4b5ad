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

EMOTIONS = ("negative", "positive", "surprise")  # labels 0, 1, 2
FPS = {"casme2": 200.0, "samm": 200.0, "smic": 100.0}


class FlowMaps(Dataset):
    """Flow maps as clips of one frame: channels horizontal flow u, vertical flow v, strain.

    Files expected: a tree ``<root>/<subject>/u_train|u_test/<label>/<sample>.png`` (``norm_u_v_os``), or an npz with
    ``subject, clip, label``, perhaps ``dataset``, and maps (N, H, W, 3) uint8. ``u_train`` of a subject repeats the samples
    of all others, so each sample is taken once, from its own subject's ``u_test``.

    Clips keep the name they have in their own dataset, ``casme2/sub01/EP02_01f``, and their subjects stay theirs: subjects
    ``sub01`` are of CASME II, ``006`` of SAMM, ``s01`` of SMIC. Names of SMIC are padded as MEGC 2019 does.

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

    def read_table(self) -> pd.DataFrame:
        """One row a sample; ``dataset`` is where it comes from, ``file`` where it lies."""
        table = pd.DataFrame(self._read_npz() if self._npz else self._read_tree())
        if table.empty:
            raise DatasetError(f"{self.root} has no <subject>/u_test/<label>/<sample>.png. Give the folder norm_u_v_os or an npz.")
        return table.sort_values("clip", ignore_index=True)

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
            self._table = table[[*STANDARD, *(column for column in table if column not in STANDARD)]]
        return self._table

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The one picture of a sample of a tree; that of an npz has none."""
        return {0: Path(row.file)}

    def span(self, row: Any, numbers: Any) -> tuple[int, int, int]:
        """The one frame there is."""
        return 0, 0, 0

    def _clip(self, row: Any) -> Clip:
        read: Any = Pictures((Path(row.file),))
        if self._npz:
            read = InMemory(self._images[row.index][None] if self._images is not None else np.empty(0))
        return Clip(
            id=row.clip, dataset=row.dataset, subject=row.subject, fps=row.fps, onset=0, apex=0, offset=0,
            read=read, emotion=row.emotion, aus=row.aus,
        )  # fmt: skip

    def _read_tree(self) -> list[dict[str, Any]]:
        rows = []
        for subject in self.tree.entries(self.root).values():
            test = self.tree.child(subject, "u_test") if subject.is_dir() else None
            for label in self.tree.entries(test).values() if test else ():
                if label.name not in ("0", "1", "2"):
                    continue
                files = [file for file in self.tree.entries(label).values() if file.suffix.lower() in PICTURES]
                emotion = EMOTIONS[int(label.name)]
                rows += [{**_sample(subject.name, file.stem), "emotion": emotion, "file": str(file)} for file in files]
        return rows

    def _read_npz(self) -> dict[str, Any]:
        try:
            with np.load(str(self._npz), allow_pickle=False) as content:
                arrays = {name: content[name] for name in content.files}
        except (OSError, ValueError) as error:
            raise DatasetError(f"{self._npz} cannot be read as npz ({error}). Copy it again.") from error
        choice = [name for name, array in arrays.items() if array.ndim == 4 and array.shape[-1] == 3]
        name = self.maps or (choice[0] if choice else "")
        lacking = [key for key in ("subject", "clip", "label") if key not in arrays]
        if name not in choice or lacking:
            raise DatasetError(f"{self._npz} lacks {', '.join(lacking) or f'maps {name!r}'}; it has {', '.join(arrays)}.")
        self._images = arrays[name]
        origin = arrays.get("dataset", np.full(len(arrays["clip"]), ""))
        samples = [_sample(str(s), str(c), str(d)) for s, c, d in zip(arrays["subject"], arrays["clip"], origin, strict=True)]
        table: dict[str, Any] = {key: [sample[key] for sample in samples] for key in ("clip", "subject", "dataset")}
        table |= {"emotion": [EMOTIONS[int(label)] for label in arrays["label"]], "file": str(self._npz)}
        table |= {"index": list(range(len(samples)))} | ({"au": list(map(str, arrays["au"]))} if "au" in arrays else {})
        return table | ({"own_emotion": list(map(str, arrays["emotion"]))} if "emotion" in arrays else {})


def _sample(subject: str, name: str, dataset: str = "") -> dict[str, Any]:
    """Where a sample comes from, by how its subject is written if nothing else is said, and its name there."""
    subject, name = subject.strip(), name.strip()
    if dataset and dataset not in FPS:
        pass
    elif re.fullmatch(r"\d{3}", subject):
        dataset, name = "samm", re.sub(rf"^{subject}_(?={subject}_)", "", name)
    elif re.fullmatch(r"s\d{1,2}", subject):
        dataset, name, subject = "smic", smic_name(name) or name, f"s{int(subject[1:]):02d}"
    else:
        dataset, name = "casme2", name.removeprefix(f"{subject}_")
    return {"clip": f"{dataset}/{subject}/{name}", "subject": subject, "dataset": dataset}
