"""The time from a keystroke to its findings, and a bare compile's; the memory after many edits.

The two take turns. The bare compile waits as long as the server does for the next key: a processor
that was idle has cold caches, and takes half as long again as in a loop. On a busy machine, CPU
time says more than the clock. It includes the protocol: 2 to 3 ms if a check does nothing.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from benchmarks.corpus import write_project
from benchmarks.rows import Note, Row
from hptc.compiler.environments import compile_in_all_environments
from hptc.compiler.workspace import Workspace
from hptc.frozen import frozen
from hptc.lsp.language_server import DEBOUNCE_SECONDS

EDITS, SHORT_EDITS = 1_000, 5
SPECS, SHORT_SPECS = (20, 500), (20,)
ROUNDS, SHORT_ROUNDS = 30, 3
_PAUSE = 100  # edits until the server has time for a check


def run(folder: Path, *, is_short: bool) -> Iterator[Row]:
    """Times on the clock are what a user waits for, without the wait for the next key."""
    for count in SHORT_SPECS if is_short else SPECS:
        yield from _project(folder / str(count), count, is_short=is_short)


def _project(folder: Path, specs: int, *, is_short: bool) -> Iterator[Row]:
    """One project, whose files are all on disk and of which one is edited."""
    path = write_project(folder, specs)[0]
    edits, rounds = (SHORT_EDITS, SHORT_ROUNDS) if is_short else (EDITS, ROUNDS)
    session = asyncio.run(_session(folder, path, rounds, edits))
    waits = [wait - 1000 * DEBOUNCE_SECONDS for wait in session.waits]
    median, floor = statistics.median(waits), statistics.median(session.bare)
    cpu_floor = statistics.median(session.bare_cpu)
    yield Note(
        text=f"{specs} specs, keystroke to findings: median {median:.1f} ms, "
        f"at most {max(waits):.0f} ms, and {1000 * DEBOUNCE_SECONDS:.0f} ms for the next key; "
        f"bare compile {floor:.1f} ms, ratio {median / floor:.2f}"
    )
    yield Note(
        text=f"  CPU: {session.cpu:.1f} ms of the server, {cpu_floor:.1f} ms of a bare compile, "
        f"ratio {session.cpu / cpu_floor:.2f}"
    )
    yield Note(
        text=f"  memory of the server: {session.before} MB, "
        f"after {edits:,} edits {session.after} MB"
    )


@frozen
class _Session:
    """Times of a change and of a bare compile in milliseconds, and memory in MB."""

    waits: list[float]
    cpu: float
    bare: list[float]
    bare_cpu: list[float]
    before: int
    after: int


async def _session(folder: Path, path: Path, rounds: int, edits: int) -> _Session:
    editor = _Editor(path)
    await editor.open(folder)
    waits, bare, bare_cpu = [], [], []
    cpu = _cpu(editor.server_id)
    for _ in range(rounds):
        start = time.perf_counter()
        editor.change()
        await editor.findings()
        waits.append(1000 * (time.perf_counter() - start))
        time.sleep(DEBOUNCE_SECONDS)  # the bare compile waits as long as the server does
        start, used = time.perf_counter(), time.process_time()
        compile_in_all_environments([str(path)], Workspace())
        bare.append(1000 * (time.perf_counter() - start))
        bare_cpu.append(1000 * (time.process_time() - used))
    cpu = (_cpu(editor.server_id) - cpu) / rounds
    before = _memory(editor.server_id)
    for number in range(1, edits + 1):
        editor.change()
        if number % _PAUSE == 0 or number == edits:  # so that a check runs
            await editor.findings()
    after = _memory(editor.server_id)
    await editor.close()
    return _Session(waits=waits, cpu=cpu, bare=bare, bare_cpu=bare_cpu, before=before, after=after)


class _Editor:
    """An editor with one spec open, in the place of a user's."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = path.read_text("utf-8")
        self._version = 0
        self._published: asyncio.Queue[int | None] = asyncio.Queue()  # versions with findings
        self._client = LanguageClient("benchmark", "1")

        def publish(sent: types.PublishDiagnosticsParams) -> None:
            if sent.uri == path.as_uri():
                self._published.put_nowait(sent.version)

        self._client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(publish)

    async def open(self, folder: Path) -> None:
        """Start the server in a folder, and open the spec."""
        await self._client.start_io(sys.executable, "-m", "hptc", "lsp", cwd=folder)
        await self._client.initialize_async(types.InitializeParams(types.ClientCapabilities()))
        self._client.initialized(types.InitializedParams())
        document = types.TextDocumentItem(self._path.as_uri(), "yaml", self._version, self._text)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        await self.findings()

    @property
    def server_id(self) -> int:
        """The process ID of the server."""
        process = self._client._server
        assert process is not None
        return process.pid

    def change(self) -> None:
        """Type a comment at the end of the spec."""
        self._version += 1
        text = f"{self._text}# {self._version}\n"
        self._client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self._version, self._path.as_uri()),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    async def findings(self) -> None:
        """Wait for the findings of the current version."""
        while await self._published.get() != self._version:
            pass

    async def close(self) -> None:
        """Stop the server."""
        process = self._client._server
        assert process is not None
        await self._client.shutdown_async(None)
        self._client.exit(None)
        await process.wait()


def _cpu(process_id: int) -> float:
    """The CPU time of a process in milliseconds; 0 without /proc."""
    status = Path(f"/proc/{process_id}/stat")
    if not status.exists():
        return 0
    fields = status.read_text("utf-8").rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(process_id: int) -> int:
    """The resident memory of a process in MB; 0 without /proc."""
    status = Path(f"/proc/{process_id}/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text("utf-8").splitlines() if "VmRSS" in line)
    return int(line.split()[1]) // 1024
