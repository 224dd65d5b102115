"""Fixes as actions of the protocol, for one finding or for all of a file.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/#codeActionKind
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lsprotocol import types
from pygls.workspace import PositionCodec

from hptc.frozen import frozen
from hptc.lsp.positions import position_of
from hptc.source.text_fixes import Edit, TextFix
from hptc.text import plural, printable

FIX_ALL = "source.fixAll.hptc"
"""The kind of the action that makes all safe fixes of a file, which editors can do on save."""
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)


@frozen
class Target:
    """The file of edits, as the client knows it."""

    uri: str
    lines: Sequence[str]
    codec: PositionCodec


def is_wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Whether a client requests a kind of action, or a broader kind that includes it."""
    return only is None or any(
        kind == requested or kind.startswith(f"{requested}.") for requested in only
    )


def quick_fix(fix: TextFix, diagnostic: types.Diagnostic, target: Target) -> types.CodeAction:
    """The action that resolves a finding."""
    return types.CodeAction(
        title=printable(fix.title),
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic],
        edit=_workspace_edit(fix.edits, target),
        is_preferred=fix.is_safe or None,
    )


def fix_all(edits: Iterable[Edit], count: int, target: Target) -> types.CodeAction:
    """The action that makes the safe fixes of some findings of a file."""
    return types.CodeAction(
        title=f"Fix {plural(count, 'finding')} of hptc",
        kind=FIX_ALL,
        edit=_workspace_edit(edits, target),
    )


def _workspace_edit(edits: Iterable[Edit], target: Target) -> types.WorkspaceEdit:
    return types.WorkspaceEdit(changes={target.uri: [_text_edit(edit, target) for edit in edits]})


def _text_edit(edit: Edit, target: Target) -> types.TextEdit:
    replaced = types.Range(
        position_of(edit.line, edit.column, target.lines, target.codec),
        position_of(edit.end_line, edit.end_column, target.lines, target.codec),
    )
    return types.TextEdit(range=replaced, new_text=edit.text)
