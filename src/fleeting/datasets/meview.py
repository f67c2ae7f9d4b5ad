"""MEVIEW: micro-expressions of poker players and of people interviewed on television, 25 frames/s."""

from __future__ import annotations

from typing import ClassVar

from .folder import FolderDataset


class MEVIEW(FolderDataset):
    """MEVIEW, through a table of your own: how its owners lay it out is not documented in public.

    Files expected: the video files, and beside them ``clips.csv`` with the columns of :class:`.folder.FolderDataset`,
    made from the annotation that comes with them (onset, offset, action units, emotion).

    Counts: 31 clips of 16 people in the paper; the survey says 40.

    Label oddities: heads move, hands and graphics cover faces, and shots change within a video. Not all clips have action
    units.

    Request: see ``request_url``.

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
    Husák, Čech, Matas (2017), Spotting facial micro-expressions "in the wild", Computer Vision Winter Workshop.
    """

    name = "meview"
    title = "MEVIEW"
    fps = 25.0
    resolution = "1280x720"
    request_url = "http://cmp.felk.cvut.cz/~cechj/ME/"
    expected: ClassVar = {"clips": 31, "subjects": 16}
    published: ClassVar = {"clips": 31, "subjects": 16}
