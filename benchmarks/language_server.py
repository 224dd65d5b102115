"""A keystroke until its findings arrive, against a bare compile of the file; memory after edits."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from benchmarks.corpus import write_project
from benchmarks.measure import Note, Row
from hptc.compiler.environments import compile_in_all_environments
from hptc.compiler.workspace import Workspace
from hptc.lsp.language_server import DEBOUNCE_SECONDS

EDITS, SHORT_EDITS = 1_000, 5
SPECS, SHORT_SPECS = (20, 500), (20,)
ROUNDS, SHORT_ROUNDS = 30, 3


def run(folder: Path, *, is_short: bool) -> Iterator[Row]:
    """Times are wall-clock milliseconds: this is what a user waits for."""
    for count in SHORT_SPECS if is_short else SPECS:
        yield from _project(folder / str(count), count, is_short=is_short)


def _project(folder: Path, specs: int, *, is_short: bool) -> Iterator[Row]:
    """One project, whose files are all on disk and of which one is edited."""
    path = write_project(folder, specs)[0]
    edits, rounds = (SHORT_EDITS, SHORT_ROUNDS) if is_short else (EDITS, ROUNDS)
    bare = []
    for _ in range(rounds):
        start = time.perf_counter()
        compile_in_all_environments([str(path)], Workspace())
        bare.append(1000 * (time.perf_counter() - start))
    waits, before, after = asyncio.run(_session(folder, path, rounds, edits))
    middle, floor = statistics.median(waits), statistics.median(bare)
    yield Note(
        text=f"{specs} specs, keystroke to findings: median {middle:.0f} ms, "
        f"at most {max(waits):.0f} ms, "
        f"of which {1000 * DEBOUNCE_SECONDS:.0f} ms wait for the next key; "
        f"bare compile {floor:.1f} ms"
    )
    yield Note(text=f"  memory of the server: {before} MB, after {edits:,} edits {after} MB")


async def _session(
    folder: Path, path: Path, rounds: int, edits: int
) -> tuple[list[float], int, int]:
    """The waits in milliseconds, and the server's memory in MB before and after the edits."""
    client = LanguageClient("benchmark", "1")
    arrived: asyncio.Queue[int | None] = asyncio.Queue()

    def publish(sent: types.PublishDiagnosticsParams) -> None:
        if sent.uri == path.as_uri():
            arrived.put_nowait(sent.version)

    client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(publish)
    await client.start_io(sys.executable, "-m", "hptc", "lsp", cwd=folder)
    await client.initialize_async(types.InitializeParams(types.ClientCapabilities()))
    client.initialized(types.InitializedParams())
    text, version = path.read_text("utf-8"), 0
    client.text_document_did_open(
        types.DidOpenTextDocumentParams(
            types.TextDocumentItem(path.as_uri(), "yaml", version, text)
        )
    )
    await arrived.get()
    process = client._server
    assert process is not None

    def change() -> None:
        nonlocal version
        version += 1
        client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version, path.as_uri()),
                [types.TextDocumentContentChangeWholeDocument(f"{text}# {version}\n")],
            )
        )

    waits = []
    for _ in range(rounds):
        start = time.perf_counter()
        change()
        while await arrived.get() != version:
            pass
        waits.append(1000 * (time.perf_counter() - start))
    before = _memory(process.pid)
    for number in range(edits):
        change()
        if number % 100 == 99:  # a pause, so that a check runs
            while await arrived.get() != version:
                pass
    while await arrived.get() != version if edits % 100 else False:
        pass
    after = _memory(process.pid)
    await client.shutdown_async(None)
    client.exit(None)
    await process.wait()
    return waits, before, after


def _memory(process_id: int) -> int:
    """The resident memory of a process in MB; 0 where /proc does not tell."""
    status = Path(f"/proc/{process_id}/status")
    if not status.exists():
        return 0
    line = next(each for each in status.read_text("utf-8").splitlines() if "VmRSS" in each)
    return int(line.split()[1]) // 1024
