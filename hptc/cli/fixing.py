"""`hptc check --fix`: writes the safe fixes of findings into the files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hptc.cli.inputs import all_diagnostics
from hptc.compiler.outcome import Outcome
from hptc.files import write_all
from hptc.source import fixes
from hptc.source.document import parse_document
from hptc.source.text_files import read_text

_MAX_PASSES = 10
"""The fix of a key can reveal the fix of its value, and so on."""


def fix_all(compile_specs: Callable[[], list[Outcome]]) -> tuple[list[Outcome], dict[str, int]]:
    """Apply the fixes of all findings until there are none; the number of edits by file.

    Only safe fixes are written: each makes a file say what its author meant. The files of a pass
    are written together, or none of them.
    """
    counts: dict[str, int] = {}
    outcomes = compile_specs()
    for _ in range(_MAX_PASSES):
        changed: dict[Path, str] = {}
        diagnostics = all_diagnostics(outcomes)
        files = dict.fromkeys(
            fix.file for diagnostic in diagnostics for fix in diagnostic.fixes if fix.is_safe
        )
        for file in files:
            text = read_text(file)
            document, _ = parse_document(text, file)
            edits, count = fixes.safe_edits(diagnostics, document)
            if count and document.text == text:
                changed[Path(file)] = fixes.applied(text, edits)
                counts[file] = counts.get(file, 0) + count
        if not changed:
            break
        write_all(changed)
        outcomes = compile_specs()
    return outcomes, counts
