"""An editor: pygls' own client, talking to a real `hptc lsp` over stdio."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient

SECONDS = 20.0
Result = TypeVar("Result")


class Editor:
    """Open files by path; every call waits for the server's answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.client = LanguageClient("tests", "1")
        self.published: dict[str, types.PublishDiagnosticsParams] = {}
        self.watched: list[types.Registration] = []
        self.logged: list[str] = []
        self.exit_code: int | None = None
        self._versions: dict[str, int] = {}

        def publish(sent: types.PublishDiagnosticsParams) -> None:
            self.published[sent.uri] = sent

        def register(sent: types.RegistrationParams) -> None:
            self.watched += sent.registrations

        def log(sent: types.LogMessageParams) -> None:
            self.logged.append(sent.message)

        handlers: dict[str, Callable[[Any], None]] = {
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: publish,
            types.CLIENT_REGISTER_CAPABILITY: register,
            types.WINDOW_LOG_MESSAGE: log,
        }
        for method, handler in handlers.items():
            self.client.feature(method)(handler)

    def wait(self, answer: Coroutine[Any, Any, Result]) -> Result:
        return self.loop.run_until_complete(asyncio.wait_for(answer, SECONDS))

    async def start(self, command: Sequence[str], folder: Path) -> None:
        await self.client.start_io(*command, cwd=folder)
        watching = types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
        await self.client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(
                    workspace=types.WorkspaceClientCapabilities(did_change_watched_files=watching)
                ),
                root_uri=folder.as_uri(),
            )
        )
        self.client.initialized(types.InitializedParams())

    async def stop(self) -> int:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        process = self.client._server
        assert process is not None
        code = await process.wait()
        stop: Callable[[], Coroutine[Any, Any, None]] = self.client.stop
        await stop()
        return code

    def open(self, path: Path, text: str | None = None) -> list[types.Diagnostic]:
        """Open a file, with a text that is not saved or its own; return its findings."""
        shown = path.read_text("utf-8") if text is None else text
        uri = path.as_uri()
        self._versions[uri] = 1
        self.published.pop(uri, None)
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(types.TextDocumentItem(uri, "yaml", 1, shown))
        )
        return self.wait(self._published(uri))

    def change(self, path: Path, text: str) -> list[types.Diagnostic]:
        """Replace the text of an open file; return its findings."""
        uri = path.as_uri()
        self.send_change(path, text)
        return self.wait(self._published(uri))

    def send_change(self, path: Path, text: str) -> None:
        """Replace the text of an open file."""
        uri = path.as_uri()
        self._versions[uri] += 1
        self.published.pop(uri, None)
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version=self._versions[uri], uri=uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def next_of(self, path: Path) -> list[types.Diagnostic]:
        """The next findings that the server publishes for a file."""
        self.published.pop(path.as_uri(), None)
        return self.wait(self._published(path.as_uri()))

    def close(self, path: Path) -> None:
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(path.as_uri()))
        )
        self.next_of(path)

    async def _published(self, uri: str) -> list[types.Diagnostic]:
        while uri not in self.published or self.published[uri].version not in (
            None,
            self._versions.get(uri),
        ):
            await asyncio.sleep(0.005)
        return list(self.published[uri].diagnostics)


@contextmanager
def open_editor(folder: Path, command: Sequence[str] = ()) -> Iterator[Editor]:
    """An editor whose server runs `hptc lsp`, or another command, in a folder."""
    loop = asyncio.new_event_loop()
    editor = Editor(loop)
    try:
        editor.wait(editor.start(command or (sys.executable, "-m", "hptc", "lsp"), folder))
        yield editor
        editor.exit_code = editor.wait(editor.stop())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
