"""Changes to the training code of a spec: which files, and how many lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from hptc.compiler.outcome import Compiled, CompiledSpec
from hptc.diagnostics import Path
from hptc.diff.changes import Change, Kind
from hptc.request.job_facts import PROGRAM, SUBMIT_DIRECTORY
from hptc.text import plural

if TYPE_CHECKING:  # most specs have no code
    from hptc.request.training_code import TrainingCode
    from hptc.source.packing import CodeFile, PackedCode

_MAX_FILES = 20
_SETTINGS = (
    ("hyperparameters", PROGRAM),
    ("hyperparameters", SUBMIT_DIRECTORY),
    ("inputs", "code"),
)
_ISOLATION = "enable_network_isolation"


def with_code_changes(changes: list[Change], old: Compiled, new: Compiled) -> list[Change]:
    """Changes with those of the training code in place of the settings that it has in a request."""
    before, after = _by_path(old), _by_path(new)
    result = list(changes)
    for path in {**before, **after}:
        code_changes = list(_changes(before.get(path), after.get(path), path))
        # Isolation changes where the container finds the same code.
        if code_changes or any(change.path == (*path, _ISOLATION) for change in changes):
            result = [change for change in result if not _is_setting(change, path)]
        result += code_changes
    return result


def _by_path(compiled: Compiled) -> Mapping[Path, TrainingCode]:
    """The training code by the path of its training job in the spec."""
    codes = compiled.codes.values() if isinstance(compiled, CompiledSpec) else ()
    return {code.at[:-1]: code for code in codes}


def _is_setting(change: Change, path: Path) -> bool:
    """Whether a change is one of the settings that `source` has in the request."""
    inside = change.path[len(path) :]
    return change.path[: len(path)] == path and inside in _SETTINGS


def _changes(old: TrainingCode | None, new: TrainingCode | None, path: Path) -> Iterator[Change]:
    def change(key: str, subject: str, before: str, after: str, note: str = "") -> Change:
        at = (*path, "source", *((key,) if key else ()))
        return Change(kind=Kind.CODE, path=at, subject=subject, old=before, new=after, note=note)

    if old is None or new is None:
        yield change("", "source", _summary(old), _summary(new))
        return
    for key in ("directory", "entry_point"):
        before, after = getattr(old, key), getattr(new, key)
        if before != after:
            yield change(key, key, before, after)
    changed = list(_changed_files(old.packed, new.packed))
    for name in changed[:_MAX_FILES]:
        was, becomes = old.packed.files.get(name), new.packed.files.get(name)
        texts = _size(was), _size(becomes)
        yield change("directory", f"{new.directory}/{name}", *texts, _difference(was, becomes))
    if (more := len(changed) - _MAX_FILES) > 0:
        yield change("directory", plural(more, "more file"), "", "", "changed")


def _summary(code: TrainingCode | None) -> str:
    if code is None:
        return ""
    return f"{code.directory}/{code.entry_point} ({plural(len(code.packed.files), 'file')})"


def _changed_files(old: PackedCode, new: PackedCode) -> Iterable[str]:
    return sorted(
        name for name in {*old.files, *new.files} if old.files.get(name) != new.files.get(name)
    )


def _lines(file: CodeFile | None) -> list[bytes] | None:
    """The lines of a text; None for other content."""
    if file is None:
        return []
    try:
        file.content.decode()
    except UnicodeDecodeError:
        return None
    return file.content.splitlines()


def _size(file: CodeFile | None) -> str:
    if file is None:
        return ""
    lines = _lines(file)
    return plural(len(file.content), "byte") if lines is None else plural(len(lines), "line")


def _difference(old: CodeFile | None, new: CodeFile | None) -> str:
    """How many lines only one of two versions of a file has. In linear time, unlike a diff."""
    if old is None or new is None:
        return "added" if old is None else "removed"
    notes = []
    if old.is_executable != new.is_executable:
        notes.append("now executable" if new.is_executable else "not executable anymore")
    before, after = _lines(old), _lines(new)
    if old.content != new.content and before is not None and after is not None:
        added, removed = Counter(after) - Counter(before), Counter(before) - Counter(after)
        counts = f"+{added.total():,} -{removed.total():,}"
        notes.append(counts if added or removed else "lines moved")
    return ", ".join(notes)
