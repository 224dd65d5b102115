"""The language server: what a client sends, to what hptc finds, on stdin and stdout.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from hptc import __version__
from hptc.compiler.drafting import is_request
from hptc.compiler.environments import environment_names
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic
from hptc.errors import EXIT_INTERRUPTED
from hptc.lsp.code_actions import FIX_ALL, KINDS, Target, fix_all, is_wanted, quick_fix
from hptc.lsp.completions import Choice, choices, variables
from hptc.lsp.cursor import cursor_at, template_start
from hptc.lsp.definitions import definition
from hptc.lsp.hovers import hovered, rule_text
from hptc.lsp.live_check import LiveResults, check_open
from hptc.lsp.name_index import NameIndex
from hptc.lsp.positions import column_of, contains, position_of, range_of
from hptc.lsp.protocol_diagnostics import to_protocol, uri_of
from hptc.lsp.quick_fixes import quick_fixes
from hptc.project import project_file
from hptc.project.project_file import Project
from hptc.source.document import parse_document
from hptc.source.filesystem import DISK
from hptc.source.fixes import safe_edits
from hptc.source.hidden_text import split_lines
from hptc.source.text_files import UnreadableFileError
from hptc.source.unsaved_files import UnsavedFiles

if TYPE_CHECKING:
    from hptc.compiler.workspace import Rehearse

DEBOUNCE_SECONDS = 0.15
"""How long no key was pressed before a check starts."""
_WATCHED = ("**/*.yaml", "**/*.yml", "**/*.json")


class HptcServer(LanguageServer):
    """The state of a session: the open texts, and what the last check found."""

    def __init__(self, rehearse: Callable[[], Rehearse] | None = None) -> None:
        # A client counts lines as hptc does; pygls would apply an edit at other line breaks.
        super().__init__(
            "hptc", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full
        )
        self.results = LiveResults()
        self.shown: dict[Path, list[tuple[types.Diagnostic, Diagnostic]]] = {}
        self._rehearse = rehearse
        self._names = NameIndex()
        self._checked: Mapping[Path, str] = {}  # the texts of `shown`
        self._is_check_due = False
        self._checking: asyncio.Task[None] | None = None

    def uris(self) -> dict[Path, str]:
        """The URIs of the open files, by canonical path, as the client spells them."""
        return {
            DISK.real(Path(name)): uri
            for uri in self.workspace.text_documents
            if (name := to_fs_path(uri)) is not None
        }

    def texts(self) -> dict[Path, str]:
        """The texts of the open files, by canonical path."""
        documents = self.workspace.text_documents
        return {path: documents[uri].source or "" for path, uri in self.uris().items()}

    def files(self) -> UnsavedFiles:
        """The files as the client shows them."""
        return UnsavedFiles(self.texts())

    def check_soon(self) -> None:
        """Check all open files once the user stops typing."""
        self._is_check_due = True
        if self._checking is None or self._checking.done():
            self._checking = asyncio.get_running_loop().create_task(self._check())

    async def _check(self) -> None:
        while self._is_check_due:
            self._is_check_due = False
            await asyncio.sleep(DEBOUNCE_SECONDS)
            if self._is_check_due:
                continue
            texts = self.texts()
            results = await asyncio.to_thread(check_open, texts, self._rehearse, self._names)
            if not self._is_check_due:  # otherwise the lines may have moved
                self._publish(results, texts)

    def _check_now(self) -> tuple[LiveResults, dict[Path, str]]:
        """Check all open files, possibly while another check is running."""
        texts = self.texts()
        return check_open(texts, self._rehearse, NameIndex()), texts

    def _publish(self, results: LiveResults, texts: Mapping[Path, str]) -> None:
        self.results, self._checked = results, texts
        for crash in results.crashes:
            message = f"this is a bug in hptc, not in your files; please report it:\n{crash}"
            self.window_log_message(types.LogMessageParams(types.MessageType.Error, message))
        files, uris = self.files(), self.uris()
        codec = self.workspace.position_codec

        def place_of(name: str) -> tuple[str, Sequence[str]]:
            path = DISK.real(Path(name))
            return uris.get(path, uri_of(path)), _lines(path, files)

        for path in (*self.shown, *results.diagnostics):
            findings = results.diagnostics.get(path, ())
            lines = _lines(path, files) if findings else ()
            shown = [to_protocol(finding, lines, codec, place_of) for finding in findings]
            uri = uris.get(path, uri_of(path))
            version = self.workspace.text_documents[uri].version if path in uris else None
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri=uri, diagnostics=shown, version=version)
            )
            self.shown[path] = list(zip(shown, findings, strict=True))
        self.shown = {path: self.shown[path] for path in results.diagnostics}
        if _has_capability(self.client_capabilities.workspace, "code_lens", "refresh_support"):
            self.workspace_code_lens_refresh(None)

    def hover(self, uri: str, position: types.Position) -> types.Hover | None:
        """The rule of a finding at a position, or else what is known about the key or value."""
        path, text = self._open(uri)
        codec, lines = self.workspace.position_codec, split_lines(text)
        shown = [
            diagnostic
            for diagnostic, _ in self.shown.get(path, ())
            if contains(diagnostic.range, position)
        ]
        if page := rule_text(str(diagnostic.code) for diagnostic in shown):
            return _markdown(page, shown[0].range)
        document, _ = parse_document(text, str(path))
        workspace, in_project = self._project_of(path)
        text_and_span = hovered(
            document,
            position.line,
            column_of(position, lines, codec),
            is_project=path.name == project_file.FILE_NAME,
            in_project=in_project,
            workspace=workspace,
        )
        if text_and_span is None:
            return None
        return _markdown(text_and_span.text, range_of(text_and_span.span, lines, codec))

    def definition(self, uri: str, position: types.Position) -> types.Location | None:
        """The place where what is at a position is defined."""
        path, text = self._open(uri)
        codec, lines = self.workspace.position_codec, split_lines(text)
        document, _ = parse_document(text, str(path))
        workspace, in_project = self._project_of(path)
        target = definition(
            document,
            position.line,
            column_of(position, lines, codec),
            is_project=path.name == project_file.FILE_NAME,
            in_project=in_project,
            workspace=workspace,
        )
        if target is None:
            return None
        file, start = DISK.real(target.file), types.Position(0, 0)
        defined = types.Range(start, start)
        if target.span is not None:
            defined = range_of(target.span, _lines(file, self.files()), codec)
        return types.Location(uri=self.uris().get(file, uri_of(file)), range=defined)

    def completion(self, uri: str, position: types.Position) -> list[types.CompletionItem]:
        """What can be typed at a position: keys, values, and variables of templates."""
        path, text = self._open(uri)
        codec, lines = self.workspace.position_codec, split_lines(text)
        column = column_of(position, lines, codec)
        workspace, in_project = self._project_of(path)

        def items(
            offered: Sequence[Choice],
            kind: types.CompletionItemKind,
            start: int,
            end: int,
            suffix: str = "",
        ) -> list[types.CompletionItem]:
            replaced = types.Range(
                position_of(position.line, start, lines, codec),
                position_of(position.line, end, lines, codec),
            )
            return [
                _completion_item(choice, kind, f"{index:05}", replaced, suffix)
                for index, choice in enumerate(offered)
            ]

        start = template_start(text, position.line, column)
        if start is not None:
            return items(variables(in_project), types.CompletionItemKind.Variable, start, column)
        cursor = cursor_at(text, str(path), position.line, column)
        if cursor is None or is_request(cursor.document):
            return []
        is_project = path.name == project_file.FILE_NAME
        offered = choices(cursor, is_project=is_project, in_project=in_project, workspace=workspace)
        if not cursor.is_key:
            return items(offered, types.CompletionItemKind.Value, cursor.start, cursor.end)
        suffix = "" if cursor.is_followed_by_colon else ": "
        return items(offered, types.CompletionItemKind.Property, cursor.start, cursor.end, suffix)

    def code_actions(
        self, uri: str, selected: types.Range, only: Sequence[str] | None = None
    ) -> list[types.CodeAction]:
        """The quick fixes of the findings in a range, and the safe fixes of the whole file.

        `only` are the kinds that the client asks for: `source.fixAll` when it saves a file, which
        can be before the text is checked. Edits always apply to the text of the findings.
        """
        path, text = self._open(uri)
        if self._checked != self.texts():
            self._publish(*self._check_now())
        files, uris = self.files(), {**self.uris(), path: uri}
        findings = self.shown.get(path, [])
        actions: list[types.CodeAction] = []
        for shown, finding in findings if is_wanted(types.CodeActionKind.QuickFix, only) else ():
            if shown.range.end < selected.start or selected.end < shown.range.start:
                continue
            is_project = path.name == project_file.FILE_NAME
            for fix in quick_fixes(finding, text, files.read, is_project=is_project):
                file = DISK.real(Path(fix.file))
                target = self._target(uris.get(file, uri_of(file)), _lines(file, files))
                actions.append(quick_fix(fix, shown, target))
        if findings and is_wanted(FIX_ALL, only):
            document, _ = parse_document(text, findings[0][1].span.file)
            edits, count = safe_edits((finding for _, finding in findings), document)
            # For a single finding, it would do the same as the quick fix.
            if count > (only is None) and document.text == text:
                actions.append(fix_all(edits, count, self._target(uri, split_lines(text))))
        return actions

    def _target(self, uri: str, lines: Sequence[str]) -> Target:
        return Target(uri=uri, lines=lines, codec=self.workspace.position_codec)

    def code_lenses(self, uri: str) -> list[types.CodeLens]:
        """The number of training jobs and the cost bound, on the first line."""
        text = self.results.costs.get(self._open(uri)[0])
        if text is None:
            return []
        start = position_of(0, 0, (), self.workspace.position_codec)
        command = types.Command(title=text, command="")
        return [types.CodeLens(range=types.Range(start=start, end=start), command=command)]

    def _project_of(self, path: Path) -> tuple[Workspace, Project | None]:
        """The project of a file, and a workspace in its default or else its first environment."""
        workspace = Workspace(files=self.files())
        in_project, _ = workspace.project_of(path.parent)
        names = environment_names(in_project)
        return (workspace.in_environment(names[0]) if names else workspace), in_project

    def _open(self, uri: str) -> tuple[Path, str]:
        """The canonical path and the text of an open file."""
        document = self.workspace.get_text_document(uri)
        return DISK.real(Path(document.path)), document.source


def _lines(path: Path, files: UnsavedFiles) -> list[str]:
    try:
        return split_lines(files.read(str(path)))
    except UnreadableFileError:
        return []


def _completion_item(
    choice: Choice, kind: types.CompletionItemKind, order: str, replaced: types.Range, suffix: str
) -> types.CompletionItem:
    return types.CompletionItem(
        label=choice.word,
        kind=kind,
        detail=choice.note or None,
        documentation=(
            types.MarkupContent(types.MarkupKind.Markdown, choice.about) if choice.about else None
        ),
        sort_text=order,
        text_edit=types.TextEdit(range=replaced, new_text=choice.word + suffix),
    )


def _markdown(text: str, hovered_range: types.Range) -> types.Hover:
    content = types.MarkupContent(kind=types.MarkupKind.Markdown, value=text)
    return types.Hover(contents=content, range=hovered_range)


def _has_capability(capabilities: object, *names: str) -> bool:
    """Whether a client has a capability, which it may leave out at any level."""
    for name in names:
        capabilities = getattr(capabilities, name, None)
    return bool(capabilities)


def create_server(rehearse: Callable[[], Rehearse] | None = None) -> HptcServer:
    """A server with all of its features. `rehearse` tests metric definitions on sample logs."""
    server = HptcServer(rehearse)

    @server.feature(types.INITIALIZED)
    def initialized(ls: HptcServer, _: types.InitializedParams) -> None:
        watches = _has_capability(
            ls.client_capabilities.workspace, "did_change_watched_files", "dynamic_registration"
        )
        if watches:
            options = types.DidChangeWatchedFilesRegistrationOptions(
                [types.FileSystemWatcher(glob_pattern=pattern) for pattern in _WATCHED]
            )
            method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
            registration = types.Registration("watched-files", method, options)
            ls.client_register_capability(types.RegistrationParams([registration]))

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(ls: HptcServer, _: types.DidOpenTextDocumentParams) -> None:
        ls.check_soon()

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(ls: HptcServer, _: types.DidChangeTextDocumentParams) -> None:
        ls.check_soon()

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(ls: HptcServer, _: types.DidSaveTextDocumentParams) -> None:
        ls.check_soon()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(ls: HptcServer, _: types.DidCloseTextDocumentParams) -> None:
        ls.check_soon()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def changed_on_disk(ls: HptcServer, _: types.DidChangeWatchedFilesParams) -> None:
        ls.check_soon()

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hover(ls: HptcServer, sent: types.HoverParams) -> types.Hover | None:
        return ls.hover(sent.text_document.uri, sent.position)

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def go_to_definition(ls: HptcServer, sent: types.DefinitionParams) -> types.Location | None:
        return ls.definition(sent.text_document.uri, sent.position)

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def code_lens(ls: HptcServer, sent: types.CodeLensParams) -> list[types.CodeLens]:
        return ls.code_lenses(sent.text_document.uri)

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=list("{ :\n"))
    )
    def completion(ls: HptcServer, sent: types.CompletionParams) -> list[types.CompletionItem]:
        return ls.completion(sent.text_document.uri, sent.position)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=KINDS),
    )
    def code_action(ls: HptcServer, sent: types.CodeActionParams) -> list[types.CodeAction]:
        return ls.code_actions(sent.text_document.uri, sent.range, sent.context.only)

    return server


def serve(rehearse: Callable[[], Rehearse] | None = None) -> None:
    """Serve one client on stdin and stdout until it sends `exit`.

    Whatever else this process or its children print goes to stderr: one stray line on stdout would
    end the session.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        # A thread waits for stdin and can't be woken. There is nothing to clean up.
        signal.signal(signal.SIGINT, lambda *_: os._exit(EXIT_INTERRUPTED))
    requests, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    with open(requests, "rb") as stdin, open(answers, "wb") as stdout:  # noqa: PTH123
        create_server(rehearse).start_io(stdin, stdout)
