"""The files on disk, with the texts that an editor has not saved yet in their place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hptc.source.filesystem import Disk, stay_inside
from hptc.source.text_files import decode_text


class UnsavedFiles(Disk):
    """The disk as an editor shows it. `texts` has the open files by their canonical path."""

    def __init__(self, texts: Mapping[Path, str]) -> None:
        self._texts = texts

    def read(self, path: str) -> str:
        """A file's text. Raises UnreadableFileError as reading from the disk does."""
        text = self._texts.get(self.real(Path(path)))
        if text is None:
            return super().read(path)
        stay_inside(path)
        return decode_text(text.encode(errors="surrogatepass"), path)

    def is_file(self, path: Path) -> bool:
        """Whether the file exists, or is open without having been saved once."""
        return super().is_file(path) or self.real(path) in self._texts
