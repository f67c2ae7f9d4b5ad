"""Polikovsky's recordings: 42 posed micro-expressions of 10 people, 200 frames/s; not distributed."""

from __future__ import annotations

from typing import ClassVar

from .folder import FolderDataset


class Polikovsky(FolderDataset):
    """Polikovsky's recordings, through a table of your own: they are not distributed, and their layout is not documented.

    Files expected: those of :class:`.folder.FolderDataset`.

    Counts: 42 clips of 10 subjects, seven classes.

    Label oddities: posed: students were asked to show an expression faintly and to go back to a neutral face quickly.

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
    Polikovsky, Kameda, Ohta (2009), ICDP. doi:10.1049/ic.2009.0244
    """

    name = "polikovsky"
    title = "Polikovsky"
    fps = 200.0
    resolution = "640x480"
    doi = "10.1049/ic.2009.0244"
    request_url = "(not distributed; ask the authors)"
    expected: ClassVar = {"clips": 42, "subjects": 10}
