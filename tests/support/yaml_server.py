"""The YAML language server of editors (node_modules/yaml-language-server), driven over stdio."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any, Self

from tests.support.paths import ROOT

PROGRAM = ROOT / "node_modules" / "yaml-language-server" / "bin" / "yaml-language-server"
_TIMEOUT_SECONDS = 60


class YamlServer:
    """One process of the server, in which files have the schemas that `schemas` names."""

    def __init__(self, schemas: Mapping[Path, str]) -> None:
        self._settings = {
            "yaml": {
                "schemas": {path.as_uri(): pattern for path, pattern in schemas.items()},
                "schemaStore": {"enable": False},  # it would be downloaded
                "validate": True,
                "hover": True,
                "completion": True,
            }
        }
        self._next = 0
        self._received: Queue[dict[str, Any]] = Queue()
        self._process = subprocess.Popen(
            ["node", str(PROGRAM), "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        snippets = {"completionItem": {"snippetSupport": True}}
        capabilities = {
            "textDocument": {"completion": snippets, "hover": {}},
            "workspace": {"configuration": True},
        }
        self._ask("initialize", processId=None, rootUri=None, capabilities=capabilities)
        self._tell("initialized")
        self._tell("workspace/didChangeConfiguration", settings=self._settings)
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._thread.join()
        self._process.__exit__(None, None, None)  # closes the pipes

    def open(self, path: Path, text: str) -> list[dict[str, Any]]:
        """Open a file, which need not exist, and return its diagnostics."""
        return self.open_all({path: text})[path]

    def open_all(self, texts: Mapping[Path, str]) -> dict[Path, list[dict[str, Any]]]:
        """Open files, and return the diagnostics of each. The server waits a moment before each."""
        awaited = {path.as_uri(): path for path in texts}
        for path, text in texts.items():
            document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": text}
            self._tell("textDocument/didOpen", textDocument=document)
        diagnostics = {}
        while awaited:
            message = self._receive()
            params = message.get("params", {})
            if message.get("method") == "textDocument/publishDiagnostics":
                path_or_none = awaited.pop(params["uri"], None)
                if path_or_none is not None:
                    diagnostics[path_or_none] = params["diagnostics"]
        return diagnostics

    def complete(self, path: Path, line: int, column: int) -> list[dict[str, Any]]:
        """The completions at a place of an open file; both numbers start at 0."""
        answer = self._ask("textDocument/completion", **_place(path, line, column))
        items: list[dict[str, Any]] = answer["items"] if isinstance(answer, dict) else answer
        return items

    def hover(self, path: Path, line: int, column: int) -> str:
        """The text that is shown at a place of an open file."""
        answer = self._ask("textDocument/hover", **_place(path, line, column))
        return str(answer["contents"]["value"]) if answer else ""

    def _ask(self, method: str, **params: Any) -> Any:
        self._next += 1
        self._send({"id": self._next, "method": method, "params": params})
        while True:
            message = self._receive()
            if message.get("id") == self._next and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def _tell(self, method: str, **params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        """The next message, after answering what the server asks."""
        while True:
            try:
                message = self._received.get(timeout=_TIMEOUT_SECONDS)
            except Empty:
                raise AssertionError("the YAML language server did not answer") from None
            if "id" not in message or "method" not in message:
                return message
            answer: Any = None
            if message["method"] == "workspace/configuration":
                sections = [request.get("section") for request in message["params"]["items"]]
                answer = [self._settings.get(section, {}) for section in sections]
            self._send({"id": message["id"], "result": answer})

    def _read(self) -> None:
        assert self._process.stdout is not None
        while header := self._process.stdout.readline():
            size = 0
            while header.strip():
                name, _, value = header.decode().partition(":")
                size = int(value) if name.lower() == "content-length" else size
                header = self._process.stdout.readline()
            self._received.put(json.loads(self._process.stdout.read(size)))


def _place(path: Path, line: int, column: int) -> dict[str, Any]:
    return {
        "textDocument": {"uri": path.as_uri()},
        "position": {"line": line, "character": column},
    }
