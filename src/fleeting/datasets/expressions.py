"""Still pictures of posed or collected expressions, for pre-training: FER2013, KDEF, RaFD, MMI, TFEID, any class folders.

Each picture is a clip of one frame, of kind ``macro``: no dataset here has micro-expressions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ..clip import Clip
from ..errors import DatasetError, UsageError
from ..labels import SEVEN
from ..media.pictures import PICTURES
from .alike import EXPRESSIONS
from .base import Dataset
from .tree import read_csv, where_from


class Stills(Dataset):
    """Pictures as clips of one frame. Subclasses say in ``describe`` what a picture's path tells.

    Files expected: those of the subclass.
    """

    name = "stills"
    title = "Stills"
    fps = 1.0
    request_url = "(see each)"

    def describe(self, path: Path) -> tuple[str, str, str] | None:
        """Clip, subject and emotion of a picture, or None if it is none of the dataset's."""
        raise NotImplementedError

    def read_table(self) -> pd.DataFrame:
        """One row a picture; ``file`` is where it lies."""
        files = (path for folder in self.tree.walk(4) for path in self.tree.entries(folder).values())
        rows = [(*found, str(path)) for path in files if path.suffix.lower() in PICTURES and (found := self.describe(path))]
        if not rows:
            raise DatasetError(
                f"{self.root} has no picture of {self.title}. {self.tree.packed()}{self._layout()} {where_from(self.request_url)}".rstrip()
            )
        table = pd.DataFrame(sorted(rows), columns=["clip", "subject", "emotion", "file"], dtype=str)
        return table.assign(kind="macro")

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The one picture."""
        return {0: Path(row.file)}

    def _layout(self) -> str:
        text = " ".join((type(self).__doc__ or "").split())
        return re.split(" Counts:| Parameters --", text[text.index("Files expected") :])[0].replace("``", "")


class KDEF(Stills):
    """KDEF: 70 amateur actors, seven expressions, five views, twice.

    Files expected: ``KDEF/AF01/AF01ANS.JPG``: session A or B, F or M, actor, AF AN DI HA NE SA SU, view.

    Counts: 4,900 pictures of 70 people; 980 from the front, 140 an expression.

    Label oddities: AF is afraid, AN angry. Views are S straight, HL and HR half, FL and FR full profile.

    Known leaks: sessions A and B show the same person: ``subject`` is F01, whichever the session.

    Parameters
    ----------
    root : str or Path, optional
        Folder of the release; default ``$FLEETING_DATA/<name>``.
    views : tuple of str, default=("S",)
        Which views to take.
    **keywords
        ``sheet``, ``layout`` and ``corrections``, as other releases have them.

    References
    ----------
    Lundqvist, Flykt, Öhman (1998), The Karolinska Directed Emotional Faces. doi:10.1037/t27732-000
    """

    name = "kdef"
    title = "KDEF"
    resolution = "562x762"
    classes = ("afraid", "angry", "disgusted", "happy", "neutral", "sad", "surprised")
    doi = "10.1037/t27732-000"
    request_url = "https://kdef.se"
    expected: ClassVar = {"clips": 980, "subjects": 70}
    _WORDS: ClassVar = dict(zip(("AF", "AN", "DI", "HA", "NE", "SA", "SU"), classes, strict=True))
    _NAME = re.compile(r"([AB])([FM]\d\d)(AF|AN|DI|HA|NE|SA|SU)(S|HL|HR|FL|FR)", re.IGNORECASE)

    def __init__(self, root: str | Path | None = None, *, views: tuple[str, ...] = ("S",), **keywords: Any):
        if wrong := set(views) - {"S", "HL", "HR", "FL", "FR"}:
            raise UsageError(f"views: {sorted(wrong)[0]!r} is none of S, HL, HR, FL, FR.")
        self.views = views
        super().__init__(root, **keywords)

    def describe(self, path: Path) -> tuple[str, str, str] | None:
        """Clip, actor and expression out of the file's name.

        Parameters
        ----------
        path : Path
            A picture.

        Returns
        -------
        tuple of str, or None
            None for a picture that is not taken.
        """
        found = self._NAME.fullmatch(path.stem.strip().upper())
        if not found or found[4] not in self.views:
            return None
        return f"{found[2]}/{found[0]}", found[2], self._WORDS[found[3]]


class RaFD(Stills):
    """RaFD: 67 models, eight expressions, three gazes, five views.

    Files expected: ``Rafd090_01_Caucasian_female_angry_frontal.jpg``: view in degrees, model, group, sex, expression, gaze.

    Counts: 8,040 pictures of 67 people; 1,608 from the front, 201 an expression.

    Label oddities: words are angry, contemptuous, disgusted, fearful, happy, neutral, sad, surprised.

    Known leaks: three gazes of one expression are nearly one picture.

    Parameters
    ----------
    root : str or Path, optional
        Folder of the release; default ``$FLEETING_DATA/<name>``.
    view : {90, 0, 45, 135, 180}, default=90
        Degrees; 90 is from the front.
    **keywords
        ``sheet``, ``layout`` and ``corrections``, as other releases have them.

    References
    ----------
    Langner, Dotsch, Bijlstra, Wigboldus, Hawk, van Knippenberg (2010), Cognition and Emotion 24(8).
    doi:10.1080/02699930903485076
    """

    name = "rafd"
    title = "RaFD"
    resolution = "681x1024"
    classes = ("angry", "contemptuous", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")
    doi = "10.1080/02699930903485076"
    request_url = "https://rafd.socsci.ru.nl"
    expected: ClassVar = {"clips": 1608, "subjects": 67}
    _NAME = re.compile(r"rafd(\d{3})_(\d{2})_\w+?_(?:fe)?male_([a-z]+)_(frontal|left|right)")

    def __init__(self, root: str | Path | None = None, *, view: int = 90, **keywords: Any):
        if view not in (0, 45, 90, 135, 180):
            raise UsageError(f"view={view} is none of 0, 45, 90, 135, 180.")
        self.view = view
        super().__init__(root, **keywords)

    def describe(self, path: Path) -> tuple[str, str, str] | None:
        """Clip, model and expression out of the file's name.

        Parameters
        ----------
        path : Path
            A picture.

        Returns
        -------
        tuple of str, or None
            None for a picture that is not taken.
        """
        found = self._NAME.fullmatch(path.stem.strip().casefold())
        if not found or int(found[1]) != self.view or found[3] not in self.classes:
            return None
        return f"{found[2]}/{path.stem.strip()}", found[2], found[3]


class ClassFolders(Stills):
    """Any folder of pictures with a folder for each expression.

    Files expected: ``<root>/<emotion>/<picture>.jpg``, also further down: the folder's name is the emotion.

    Parameters
    ----------
    root : str or Path
        The folder above those of the expressions.
    subject : str, default=r"(.+)_[^_]*"
        Regular expression whose first group gives the person out of a picture's name (without its suffix); where it does not
        fit, the picture is a person of its own.
    name : str, optional
        The dataset's name in clip ids and persons.
    **keywords
        ``corrections``, as other releases have it.
    """

    name = "class-folders"
    title = "Class folders"
    request_url = "(yours)"

    def __init__(
        self, root: str | Path | None = None, *, subject: str = r"(.+)_[^_]*", name: str | None = None, **keywords: Any
    ):
        if name is not None:
            self.name = name  # type: ignore[misc]
        try:
            self._subject = re.compile(subject)
        except re.error as error:
            raise UsageError(f"subject={subject!r} is no regular expression: {error}.") from error
        super().__init__(root, **keywords)

    def describe(self, path: Path) -> tuple[str, str, str] | None:
        """Clip, person and expression out of the path.

        Parameters
        ----------
        path : Path
            A picture.

        Returns
        -------
        tuple of str, or None
            None for a picture that is not taken.
        """
        if path.parent == self.root:
            return None
        found = self._subject.fullmatch(path.stem)
        subject = found[1] if found and found.groups() else path.stem
        return path.relative_to(self.root).with_suffix("").as_posix(), subject, path.parent.name

    def remarks(self) -> list[str]:
        """Which folders are named after no expression."""
        if odd := sorted(set(self.table["emotion"].dropna()) - EXPRESSIONS):
            more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
            return [f"folders named after no expression we know: {', '.join(odd[:3])}{more}; their names are the emotions here"]
        return []


class _ExpressionFolders(ClassFolders):
    """Class folders of a release of which we know that its classes are expressions: any other folder is a wrong one.

    Files expected: those of the subclass.
    """

    def read_table(self) -> pd.DataFrame:
        """One row a picture; DatasetError where no folder is named after an expression."""
        table = super().read_table()
        if not EXPRESSIONS & set(table["emotion"].str.casefold()):
            names = ", ".join(sorted(set(table["emotion"]))[:3])
            raise DatasetError(
                f"{self.root} has pictures, but in folders {names}, none of which is named after an expression. {self._layout()} Is it the "
                f"right folder? fleeting.datasets.ClassFolders takes any names."
            )
        return table


class MMI(_ExpressionFolders):
    """MMI, stills sorted into a folder an expression: how sessions are to be cut into stills no paper says.

    Files expected: ``<root>/<emotion>/S001-003.jpg``, sorted by you; what stands before the first ``-`` is the subject.

    Counts: more than 2,900 videos and stills of 75 people; the TLCNN paper takes 176 stills by a rule it does not state.

    Parameters
    ----------
    root : str or Path, optional
        Folder of the release; default ``$FLEETING_DATA/<name>``.
    subject : str, default=r"([^-]+)-.*"
        Regular expression whose first group gives the person out of a picture's name.
    **keywords
        ``corrections``, as other releases have it.

    References
    ----------
    Pantic, Valstar, Rademaker, Maat (2005), ICME. doi:10.1109/ICME.2005.1521424
    """

    name = "mmi"
    title = "MMI"
    resolution = "720x576"
    doi = "10.1109/ICME.2005.1521424"
    request_url = "https://mmifacedb.eu"

    def __init__(self, root: str | Path | None = None, *, subject: str = r"([^-]+)-.*", **keywords: Any):
        super().__init__(root, subject=subject, **keywords)


class TFEID(_ExpressionFolders):
    r"""TFEID, in a folder an expression.

    Files expected: ``<root>/anger/f01_an.jpg``: sex and number of the model come first.

    Counts: 7,200 pictures of 40 models; the TLCNN paper takes 619 by a rule it does not state.

    Parameters
    ----------
    root : str or Path, optional
        Folder of the release; default ``$FLEETING_DATA/<name>``.
    subject : str, default=r"([fmFM]\d+).*"
        Regular expression whose first group gives the person out of a picture's name.
    **keywords
        ``corrections``, as other releases have it.

    References
    ----------
    Chen, Yen (2007), Taiwanese Facial Expression Image Database, National Yang-Ming University.
    """

    name = "tfeid"
    title = "TFEID"
    resolution = "480x600"
    request_url = "http://bml.ym.edu.tw/tfeid/"

    def __init__(self, root: str | Path | None = None, *, subject: str = r"([fmFM]\d+).*", **keywords: Any):
        super().__init__(root, subject=subject, **keywords)


class FER2013(Dataset):
    """FER2013: 35,887 faces off the web, 48x48 grey.

    Files expected: ``fer2013.csv`` with ``emotion,pixels,Usage``; pixels are 2,304 numbers. The file itself may be named, too.

    Counts: anger 4,953, disgust 547, fear 5,121, happiness 8,989, sadness 6,077, surprise 4,002, neutral 6,198; Training
    28,709, PublicTest 3,589, PrivateTest 3,589 (column ``usage`` of the table).

    Label oddities: labels came off web searches and are often wrong.

    Known leaks: who is shown is not known, so each picture counts as a person of its own, and the same person, even the
    same picture, is in training and in test.

    Parameters
    ----------
    root : str or Path, optional
        Folder of the release; default ``$FLEETING_DATA/<name>``.
    sheet : str or Path, optional
        The csv; default: the one in the folder.
    **keywords
        ``corrections``, as other releases have it.

    References
    ----------
    Goodfellow et al. (2013), ICONIP. doi:10.1007/978-3-642-42051-1_16
    """

    name = "fer2013"
    title = "FER2013"
    fps = 1.0
    resolution = "48x48"
    classes = SEVEN
    doi = "10.1007/978-3-642-42051-1_16"
    request_url = "https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge"
    expected: ClassVar = {
        "clips": 35887,
        "anger": 4953, "disgust": 547, "fear": 5121, "happiness": 8989, "sadness": 6077, "surprise": 4002, "neutral": 6198,
    }  # fmt: skip
    sheets = ("fer2013.csv", "icml_face_data.csv", "*fer*.csv")

    def __init__(self, root: str | Path | None = None, *, sheet: str | Path | None = None, **keywords: Any):
        if root is not None and sheet is None and (alone := Path(root).expanduser()).suffix == ".csv" and alone.is_file():
            root, sheet = alone.parent, alone.resolve()  # the release is one file: its owner may well name that
        super().__init__(root, sheet=sheet, **keywords)

    def read_table(self) -> pd.DataFrame:
        """One row a face: ``usage`` is Training, PublicTest or PrivateTest, ``pixels`` the picture as text."""
        rows = read_csv(self.sheet)
        header = [cell.strip().casefold() for cell in rows[0]] if rows else []
        if lacking := {"emotion", "pixels", "usage"} - set(header):
            raise DatasetError(f"{self.sheet} lacks the columns {', '.join(sorted(lacking))}; it has {', '.join(header) or 'none'}.")
        emotion, pixels, usage = (header.index(name) for name in ("emotion", "pixels", "usage"))
        out = []
        for number, row in enumerate(rows[1:], 2):
            if not row:
                continue
            if len(row) < len(header) or row[emotion].strip() not in tuple("0123456"):
                raise DatasetError(f"{self.sheet}, line {number}, has no emotion of 0 to 6. Copy the file again.")
            name = f"{number - 2:05d}"
            out.append((name, name, SEVEN[int(row[emotion])], row[usage].strip(), row[pixels]))
        return pd.DataFrame(out, columns=["clip", "subject", "emotion", "usage", "pixels"], dtype=str).assign(kind="macro")

    def frame_paths(self, row: Any) -> dict[int, Path]:
        """The sheet itself: the faces are in it."""
        return {0: self.sheet}

    def clip(self, row: Any) -> Clip:
        """As in :class:`.base.Dataset`."""
        return Clip(
            id=f"{self.name}/{row.clip}", dataset=self.name, subject=row.subject, fps=self.fps, onset=0, apex=0, offset=0,
            read=_Pixels(row.pixels, f"{self.sheet}, face {row.clip}"), emotion=row.emotion,
        )  # fmt: skip


@dataclass(frozen=True)
class _Pixels:
    """A face of FER2013, out of its text."""

    text: str
    where: str

    def __call__(self) -> np.ndarray:
        try:
            grey = np.array(self.text.split(), np.uint8).reshape(1, 48, 48, 1)
        except (ValueError, OverflowError) as error:
            raise DatasetError(f"{self.where}: its pixels are not 2,304 numbers of 0 to 255. Copy the file again.") from error
        return grey.repeat(3, axis=3)
