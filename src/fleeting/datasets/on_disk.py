"""OnDisk: which sheet and which folders on disk are a release's, whatever was done to their names and nesting."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from ..errors import DatasetError
from .alike import has_columns, is_person, listed, other_sheets, same, sorted_copy, the_one
from .tree import Tree, has_suffix, where_from


class OnDisk:
    """A folder in which a release lies. :class:`.base.Dataset` is one, and reads it.

    Attributes
    ----------
    root : Path
    tree : Tree
        What lies in it.
    layout : str
        Which of the release's picture folders is there; ``plain``: none of them, the pictures are somewhere below ``pictures``.
    pictures : Path
    otherwise : dict of str to str
        What is called otherwise than by the owners, and was found: their name, that on disk.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    request_url: ClassVar[str] = ""
    layouts: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    sheets: ClassVar[tuple[str, ...]] = ()
    _or_the_sheet: ClassVar[str] = ", or the sheet itself (sheet=)"
    root: Path
    tree: Tree
    layout: str
    pictures: Path
    otherwise: dict[str, str]
    _sheet: Path | None
    _below: dict[tuple[str, str], Path] | None

    @cached_property
    def sheet(self) -> Path:
        """The annotation sheet; DatasetError says which one is missing."""
        if self._sheet is not None:
            if not self._sheet.is_file():
                raise DatasetError(f"The sheet {self._sheet} does not exist. Give the file that came with {self.title}.")
            return self._sheet
        found = self.tree.sheets(self.sheets)
        if not found and self._from_an_owner and self._picture_root:
            found = Tree(self.root.absolute().parent).sheets(self.sheets, depth=1 if self.layouts else 0)
        if found:
            return found[0]
        if other := self._under_another_name():
            return other
        raise DatasetError(
            f"{self.root} holds no annotation sheet of {self.title} ({' or '.join(self.sheets)}). {sorted_copy(self.tree)} Is it the right "
            f"folder? {self.tree.packed()}Give the folder that holds it{self._or_the_sheet}. {where_from(self.request_url)}".rstrip()
        )

    def picture_folder(self, *names: tuple[str, ...] | str) -> Path:
        """The folder under ``pictures`` reached by these names (a tuple: any of them); DatasetError if it is missing."""
        folder = self.pictures
        for name in names:
            choice = (name,) if isinstance(name, str) else name
            found = self._child(folder, *choice)
            if found is None and folder == self.pictures and self.layout == "plain":
                found = next((inner for each in self.tree.walk(3) if (inner := self._child(each, *choice))), None)
                self.pictures = found.parent if found else folder
            if found is None:
                raise DatasetError(f"{folder} has no folder {' or '.join(choice)}. {self._seen(folder)}{self._expected_folders()}")
            folder = found
        return folder

    def nested_folder(self, parent: str, name: str, depth: int = 4) -> Path:
        """The folder of that name below one of the parent's name, wherever it lies, or of that name alone; or DatasetError.

        Never one below another person's folder: clips of several people may have one name.
        """
        if self._below is None:
            self._below = self.tree.below(self.tree.inner(self.pictures), depth)
        if found := self._below.get((parent.casefold(), name.casefold())):
            return found
        alike = [path for path in self._below.values() if same(path.name) == same(name)]
        near = [path for path in alike if same(path.parent.name) == same(parent)]
        if found := the_one(near or [path for path in alike if self._belongs(path, parent)], name):
            if is_person(found.parent.name) or same(found.parent.name) == same(parent):
                self._note(parent, found.parent.name)
            self._note(name, found.name)
            return found
        people = {path.name for path in self._below.values() if is_person(path.name)}
        seen = f"There are folders {listed(people)}: if one is meant, rename it. " if people else self._seen(self.pictures)
        raise DatasetError(f"{self.pictures} has no folder {parent}/{name}. {seen}{self._expected_folders()}")

    def pictures_in(self, folder: Path) -> dict[int, Path]:
        """The pictures of a folder by frame number; DatasetError if it has none."""
        frames = self._frames_of.get(folder)
        if frames is None:
            frames = self.tree.frames(folder)
            if len(self._frames_of) >= 4:  # clips of one long video follow each other
                self._frames_of.clear()
            self._frames_of[folder] = frames
        if not frames:
            raise DatasetError(f"{folder} has no numbered picture. Unpack or copy {self.title} again.")
        return frames

    @property
    def sheet_name(self) -> str:
        """The annotation sheet, or the folder where folders are the table; for messages."""
        return str(self.sheet) if self.sheets or self._sheet else str(self.root)

    def lookalikes(self) -> list[str]:
        """What was taken though it is called otherwise, or lies elsewhere, than the owners have it: a line each; for the doctor."""
        lines = []
        if self._sheet is None and self._from_an_owner and self.sheets:
            own = Tree(self.sheet.parent).sheets(self.sheets, depth=0)
            if self.sheet not in own:
                lines.append(f"{self.sheet} is taken for the sheet: no other has onsets, and none has the owners' name")
            outside = self.root.absolute() not in self.sheet.absolute().parents
            lines += [f"the sheet lies above the folder that was given: {self.sheet}"] if outside else []
        if self.otherwise:
            pairs = listed(f"{seen} for {name}" for name, seen in self.otherwise.items())
            lines.append(f"called otherwise than in the sheet, and taken for the same: {pairs}")
        return lines

    def _child(self, folder: Path, *names: str) -> Path | None:
        """The folder or file of one of these names in a folder, or the only one whose name means the same."""
        if found := self.tree.child(folder, *names):
            return found
        for name in names:
            inside = (path for key, path in self.tree.entries(folder).items() if not has_suffix(key) and path.is_dir())
            if found := the_one(inside, name):
                self._note(name, found.name)
                return found
        return None

    def _belongs(self, clip: Path, parent: str) -> bool:
        """Whether a clip's folder that is not below ``parent`` is no other person's: below no person, or named after either."""
        named = clip.name.casefold().startswith((parent.casefold(), clip.parent.name.strip().casefold()))
        return named or not is_person(clip.parent.name)

    def _note(self, name: str, seen: str) -> None:
        if name.casefold() != seen.strip().casefold():
            self.otherwise[name] = seen

    def _seen(self, folder: Path) -> str:
        """A sentence about the folders that are there instead."""
        inside = [path.name for key, path in self.tree.entries(folder).items() if not has_suffix(key) and path.is_dir()]
        return f"It has {listed(inside)}: if these are meant, rename them. " if inside else ""

    @property
    def _from_an_owner(self) -> bool:
        """Whether the sheet's name is the owners' own, so that it is safe to look for it elsewhere."""
        return not self.request_url.startswith("(")

    @property
    def _picture_root(self) -> bool:
        """Whether the root may not be the release but its folder of pictures."""
        return not self.layouts or (self.layout != "plain" and self.pictures == self.root)

    def _is_sheet(self, path: Path) -> bool:
        """Whether a sheet of any name may be the release's."""
        return has_columns(path, "filename", "onset", "offset")

    def _under_another_name(self) -> Path | None:
        """The only sheet that may be the release's, if none has its name; DatasetError where there are several."""
        fits = other_sheets(self.tree, self.name, self._is_sheet) if self._from_an_owner else []
        if len(fits) > 1:
            names = listed(str(path.relative_to(self.root)) for path in fits)
            raise DatasetError(f"Which is the sheet of {self.title} in {self.root}: {names}? None has the owners' name. Say sheet=.")
        return fits[0] if fits else None

    @cached_property
    def _frames_of(self) -> dict[Path, dict[int, Path]]:
        return {}

    def _expected_folders(self) -> str:
        if self.layout == "plain" and self.layouts:
            names = ", ".join(name for folders in self.layouts.values() for name in folders[:1])
            return f"{self.tree.packed()}The pictures of {self.title} come in a folder {names}: give the folder which holds it."
        return f"{self.tree.packed()}Unpack or copy {self.title} again."

    def _find_pictures(self, layout: str | None) -> tuple[str, Path]:
        if layout is not None and layout not in self.layouts:
            raise DatasetError(f"{self.title} has no layout {layout!r}; there are {', '.join(self.layouts) or 'none'}.")
        for name, folders in self.layouts.items():
            if layout in (None, name) and (found := self.tree.folder(*folders)):
                return name, found
        if layout is not None:
            raise DatasetError(f"{self.root} has none of the folders {', '.join(self.layouts[layout])} (layout {layout!r}).")
        return "plain", self.root
