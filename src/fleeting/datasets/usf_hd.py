"""USF-HD: 100 micro- and 181 macro-expressions, posed, 29.7 frames/s; not distributed."""

from __future__ import annotations

from typing import ClassVar

from .folder import FolderDataset


class USFHD(FolderDataset):
    """USF-HD, through a table of your own: it is not distributed, and its layout is not documented.

    Files expected: those of :class:`.folder.FolderDataset`.

    Counts: 100 micro-expressions and 181 macro-expressions.

    Label oddities: posed: people imitated micro-expressions they were shown, up to two thirds of a second long.

    Request: of the authors.

    Parameters
    ----------
    root : str or Path, optional
        Folder of the clips; default ``$FLEETING_DATA/<name>``.
    table : str or Path, optional
        The table; default ``clips.csv`` in the folder, or the only other sheet.
    name : str, optional
        Another name, in clip ids and persons.
    fps : float, optional
        Frames a second of clips whose row has none.
    corrections : bool, str or Path, default=True
        Correct known published errors; or the path of your own file of corrections.

    References
    ----------
    Shreve, Godavarthy, Goldgof, Sarkar (2011), FG. doi:10.1109/FG.2011.5771451
    """

    name = "usf-hd"
    title = "USF-HD"
    fps = 29.7
    resolution = "1280x720"
    doi = "10.1109/FG.2011.5771451"
    request_url = "(not distributed; ask the authors)"
    expected: ClassVar = {"clips": 100, "macro": 181}
