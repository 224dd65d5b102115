"""A keystroke until its findings arrive, against a bare compile of the file; memory after edits.

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
from typing import NamedTuple

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
    """Times on the clock are what a user waits for, without the wait for the next key."""
    for count in SHORT_SPECS if is_short else SPECS:
        yield from _project(folder / str(count), count, is_short=is_short)


def _project(folder: Path, specs: int, *, is_short: bool) -> Iterator[Row]:
    """One project, whose files are all on disk and of which one is edited."""
    path = write_project(folder, specs)[0]
    edits, rounds = (SHORT_EDITS, SHORT_ROUNDS) if is_short else (EDITS, ROUNDS)
    session = asyncio.run(_session(folder, path, rounds, edits))
    waits = [each - 1000 * DEBOUNCE_SECONDS for each in session.waits]
    middle, floor = statistics.median(waits), statistics.median(session.bare)
    cpu_floor = statistics.median(session.bare_cpu)
    yield Note(
        text=f"{specs} specs, keystroke to findings: median {middle:.1f} ms, "
        f"at most {max(waits):.0f} ms, and {1000 * DEBOUNCE_SECONDS:.0f} ms for the next key; "
        f"bare compile {floor:.1f} ms, ratio {middle / floor:.2f}"
    )
    yield Note(
        text=f"  CPU: {session.cpu:.1f} ms of the server, {cpu_floor:.1f} ms of a bare compile, "
        f"ratio {session.cpu / cpu_floor:.2f}"
    )
    yield Note(
        text=f"  memory of the server: {session.before} MB, "
        f"after {edits:,} edits {session.after} MB"
    )


class _Session(NamedTuple):
    """Times of a change and of a bare compile in milliseconds, and memory in MB."""

    waits: list[float]
    cpu: float
    bare: list[float]
    bare_cpu: list[float]
    before: int
    after: int


async def _session(folder: Path, path: Path, rounds: int, edits: int) -> _Session:
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

    waits, bare, bare_cpu = [], [], []
    cpu = _cpu(process.pid)
    for _ in range(rounds):
        start = time.perf_counter()
        change()
        while await arrived.get() != version:
            pass
        waits.append(1000 * (time.perf_counter() - start))
        time.sleep(DEBOUNCE_SECONDS)
        start, used = time.perf_counter(), time.process_time()
        compile_in_all_environments([str(path)], Workspace())
        bare.append(1000 * (time.perf_counter() - start))
        bare_cpu.append(1000 * (time.process_time() - used))
    cpu = (_cpu(process.pid) - cpu) / rounds
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
    return _Session(waits=waits, cpu=cpu, bare=bare, bare_cpu=bare_cpu, before=before, after=after)


def _cpu(process_id: int) -> float:
    """The CPU time of a process in milliseconds; 0 where /proc does not tell."""
    status = Path(f"/proc/{process_id}/stat")
    if not status.exists():
        return 0
    fields = status.read_text("utf-8").rpartition(")")[2].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(process_id: int) -> int:
    """The resident memory of a process in MB; 0 where /proc does not tell."""
    status = Path(f"/proc/{process_id}/status")
    if not status.exists():
        return 0
    line = next(each for each in status.read_text("utf-8").splitlines() if "VmRSS" in each)
    return int(line.split()[1]) // 1024
