"""What `check`, `import` and `diff` must do with a hostile input, and the problems if they don't.

An input may have diagnostics or raise a UsageError. Anything else is a problem: another exception,
a rule that crashed, a code without documentation, a compile without an error whose request AWS's
shape rejects, or a character in any output format that a terminal or a browser obeys.
"""

from __future__ import annotations

import re
import tempfile
import traceback
from enum import StrEnum
from pathlib import Path

from hptc.cli.check import rule_help
from hptc.compiler.importing import requested, write_spec
from hptc.compiler.outcome import Compiled, Failed
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.diff.sides import review_refs
from hptc.errors import UsageError
from hptc.project import project_file
from hptc.render.diagnostics import Format, render, render_json
from hptc.render.diff import Format as DiffFormat
from hptc.render.diff import render_diff
from hptc.render.sarif import render_sarif
from hptc.request.conformance import violations
from hptc.rules import RULES
from hptc.rules.codes import CODES
from hptc.source.fixes import text_fixes
from hptc.source.text_files import decode_text
from hptc.text import printable
from hptc.tool_formats.detection import read_job
from tests.fuzzing.inputs import Input, write_commits
from tests.support.paths import ROOT

_KNOWN_CODES = {entry.code for entry in (*CODES, *RULES)}
_OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but a line feed, line separators, those that reorder text, halves of pairs."""


class Result(StrEnum):
    """How hptc has handled an input."""

    COMPILED = "compiled"
    ERRORS = "errors"  # with diagnostics
    REFUSED = "refused"  # with a UsageError


class MishandledError(Exception):
    """What is wrong with how hptc has handled an input."""


def examine(hostile: Input) -> Result:
    """Give an input to the command for its kind. Raises MishandledError with the problem."""
    command = {"response": _import, "commit": _review}.get(hostile.kind, _check)
    try:
        return command(hostile)
    except MishandledError:
        raise
    except UsageError as error:
        _require_harmless(printable(f"{error.message}{error.help}"), "a message")
        return Result.REFUSED
    except RecursionError as error:
        raise MishandledError(f"RecursionError: {error}") from None
    except Exception:
        raise MishandledError(traceback.format_exc(limit=-4)) from None


def compile_input(hostile: Input) -> Failed | Compiled:
    """Compile an input as `hptc check` does, in this process. Raises UsageError as it does."""
    text = decode_text(hostile.raw, "case.yaml")
    if hostile.project is None:
        project, faults = project_file.load(ROOT / "hptc.yaml")
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "hptc.yaml")
            path.write_bytes(hostile.project)
            project, faults = project_file.load(path)
    if faults:
        render(faults, Format.TEXT)
    return compile_text(text, "case.yaml", Workspace(), project)


def _check(hostile: Input) -> Result:
    compiled = compile_input(hostile)
    _require_safe_output(compiled)
    for diagnostic in compiled.diagnostics:
        if diagnostic.code == "HPT000":  # a rule has crashed
            raise MishandledError(diagnostic.message)
        if diagnostic.code not in _KNOWN_CODES:
            raise MishandledError(f"{diagnostic.code} has no page")
    if isinstance(compiled, Failed):
        if not any(diagnostic.is_error for diagnostic in compiled.diagnostics):
            raise MishandledError("failed without an error")
        return Result.ERRORS
    if refused := list(violations(compiled.request)):
        raise MishandledError(f"accepted, but AWS's shape refuses: {refused[0]}")
    return Result.COMPILED


def _require_safe_output(compiled: Failed | Compiled) -> None:
    """Render the diagnostics in every format. Raises MishandledError."""
    for form in Format:
        _require_harmless(render(compiled.diagnostics, form), f"check as {form}")
    documents = {compiled.file: compiled.document}
    fixes = {
        diagnostic: tuple(text_fixes(diagnostic, documents.get))
        for diagnostic in compiled.diagnostics
    }
    help_of = rule_help(compiled.diagnostics)
    sarif = render_sarif(compiled.diagnostics, help_of, lambda diagnostic: fixes[diagnostic])
    data = render_json(compiled.diagnostics, lambda diagnostic: fixes[diagnostic])
    for name, output in (("JSON", data), ("SARIF", sarif)):
        if not output.isascii():
            raise MishandledError(f"check as {name} is not ASCII")


def _import(hostile: Input) -> Result:
    """Import a Describe response, and compile the spec that it becomes."""
    text = decode_text(hostile.raw, "case.json")
    spec = write_spec(requested(read_job([(text, "case.json")]).request))
    compiled = compile_text(spec, "case.yaml", Workspace(), None)
    return Result.COMPILED if isinstance(compiled, Compiled) else Result.ERRORS


def _review(hostile: Input) -> Result:
    """Review a commit with hostile entries against one with a good project."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        write_commits(root, hostile)
        for new, old in (("new", "old"), ("old", "new")):
            review = review_refs([str(root)], against=old, head=new)
            for form in DiffFormat:
                _require_harmless(render_diff(review, form), f"diff as {form}")
    return Result.COMPILED


def _require_harmless(text: str, what: str) -> None:
    """Raise MishandledError if a text has a character that is obeyed, not shown."""
    obeyed = _OBEYED.search(text)
    if obeyed is not None:
        raise MishandledError(f"{what} contains U+{ord(obeyed[0]):04X}")
