"""What the Python files of a folder of training code show without running them.

They are parsed by script_worker.py in a process that is killed if it takes too long. Nothing is
reported about the files that it did not reach.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import field
from pathlib import Path
from typing import Any

from hptc.errors import OperationError
from hptc.frozen import frozen
from hptc.source.packing import PackedCode

SECONDS = 5.0
"""For the files of one folder."""
SECONDS_OF_A_RUN = 30.0
"""For all folders of one run."""
_WORKER = Path(__file__).with_name("script_worker.py")
_MAX_FILE, _MAX_FILES = 500_000, 3_000_000  # bytes of one file, and of all; others are not parsed


@frozen
class SyntaxFault:
    """A file that is not valid Python."""

    file: str
    line: int
    message: str


@frozen
class ScriptFacts:
    """What is known about the training code.

    `options` are those of the script to run, such as `--epochs`; None if it can take others.
    `read_arguments` are the names of those that it certainly reads, such as `epochs`.
    """

    faults: tuple[SyntaxFault, ...] = ()
    options: frozenset[str] | None = None
    read_arguments: frozenset[str] = frozenset()
    seconds: float = field(default=0.0, compare=False)  # that it took to know


def read_scripts(packed: PackedCode, entry_point: str) -> ScriptFacts:
    """Parse the Python files of a folder, the script to run first."""
    names = sorted(packed.files, key=lambda name: (name != entry_point, name))
    asked: list[tuple[str, str]] = []
    left = _MAX_FILES
    for name in names:
        content = packed.files[name].content
        if name.endswith(".py") and len(content) <= min(_MAX_FILE, left):
            left -= len(content)
            asked.append((name, content.decode("latin-1")))
    if not asked:
        return ScriptFacts()
    start = time.monotonic()
    answers = _answers(asked)
    faults = [
        SyntaxFault(file=answer["file"], line=answer["line"], message=answer["fault"])
        for answer in answers
        if "fault" in answer
    ]
    first: dict[str, Any] = answers[0] if answers else {}
    script = first if first.get("file") == entry_point else {}
    options = script.get("options")
    return ScriptFacts(
        faults=tuple(faults),
        options=frozenset(options) if options is not None else None,
        read_arguments=frozenset(script.get("read", ())),
        seconds=time.monotonic() - start,
    )


def _answers(asked: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """The worker's answers, as far as it got."""
    command = [sys.executable, "-I", "-S", str(_WORKER)]
    question = json.dumps(asked).encode()
    try:
        done = subprocess.run(command, input=question, capture_output=True, timeout=SECONDS)
        output = done.stdout
    except subprocess.TimeoutExpired as late:
        output = late.stdout or b""
    except OSError as error:
        raise OperationError(f"can't start Python: {error.strerror}") from None
    whole, _, _ = output.rpartition(b"\n")
    return [json.loads(line) for line in whole.splitlines()]
