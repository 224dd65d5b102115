"""`hptc check --fix`: writes what was meant into the files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from hptc.cli.inputs import all_diagnostics
from hptc.compiler.outcome import Outcome
from hptc.diagnostics import Diagnostic
from hptc.files import write_all
from hptc.source import fixes
from hptc.source.fixes import Edit
from hptc.source.text_files import read_text

_MAX_PASSES = 10
"""What was meant by a key can show what was meant by its value, and so on."""


def fix_all(compile_specs: Callable[[], list[Outcome]]) -> tuple[list[Outcome], dict[str, int]]:
    """Apply the fixes of all findings until there are none; the number of edits by file.

    Only what a finding says was meant is written, never a removal or another value. The files of a
    pass are written together, or none of them.
    """
    counts: dict[str, int] = {}
    outcomes = compile_specs()
    for _ in range(_MAX_PASSES):
        edits = _edits(all_diagnostics(outcomes))
        texts = {file: read_text(file) for file in edits}
        fixed = {file: fixes.applied(text, edits[file]) for file, text in texts.items()}
        changed = {file: text for file, text in fixed.items() if text != texts[file]}
        if not changed:
            break
        write_all({Path(file): text for file, text in changed.items()})
        for file in changed:
            counts[file] = counts.get(file, 0) + len(edits[file])
        outcomes = compile_specs()
    return outcomes, counts


def _edits(diagnostics: Iterable[Diagnostic]) -> dict[str, list[Edit]]:
    """The edits of each file. Of two for one place, the first counts."""
    found: dict[str, dict[tuple[int, int], Edit]] = {}
    for each in diagnostics:
        if (edit := fixes.replacement(each)) is not None:
            found.setdefault(each.span.file, {}).setdefault((edit.line, edit.column), edit)
    return {file: [*edits.values()] for file, edits in found.items()}
