"""`hptc check --fix`: writes the safe fixes of findings into the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from hptc.cli.inputs import all_diagnostics
from hptc.compiler.outcome import Outcome
from hptc.diagnostics import Diagnostic, Fix
from hptc.files import write_all
from hptc.source import fixes
from hptc.source.document import parse_document
from hptc.source.text_files import read_text
from hptc.source.text_fixes import Edit

_MAX_PASSES = 10
"""What was meant by a key can show what was meant by its value, and so on."""


def fix_all(compile_specs: Callable[[], list[Outcome]]) -> tuple[list[Outcome], dict[str, int]]:
    """Apply the fixes of all findings until there are none; the number of edits by file.

    Only what is safe is written, which is what the author meant: never another meaning. The files
    of a pass are written together, or none of them.
    """
    counts: dict[str, int] = {}
    outcomes = compile_specs()
    for _ in range(_MAX_PASSES):
        changed: dict[Path, str] = {}
        for file, safe in _safe_fixes(all_diagnostics(outcomes)).items():
            text, count = _fixed(read_text(file), file, safe)
            if count:
                changed[Path(file)] = text
                counts[file] = counts.get(file, 0) + count
        if not changed:
            break
        write_all(changed)
        outcomes = compile_specs()
    return outcomes, counts


def _safe_fixes(diagnostics: Iterable[Diagnostic]) -> dict[str, list[Fix]]:
    """The safe fixes by file, the first of each finding."""
    found: dict[str, list[Fix]] = {}
    for each in diagnostics:
        safe = next((fix for fix in each.fixes if fix.is_safe), None)
        if safe is not None:
            found.setdefault(safe.file, []).append(safe)
    return found


def _fixed(text: str, file: str, safe: Iterable[Fix]) -> tuple[str, int]:
    """A file's text after its fixes, and their number. Of two for one place, the first counts."""
    document, _ = parse_document(text, file)
    edits: list[Edit] = []
    count = 0
    for fix in safe:
        own = fixes.text_edits(fix, document)
        if own and document.text == text and not fixes.overlap((*edits, *own)):
            edits += own
            count += 1
    return fixes.applied(text, edits), count
