"""Hostile specs, templates, requests, responses and commits against `check`, `import` and `diff`.

    python -m benchmarks.fuzz --cases 50000 [--seed N] [--only N]

Each case depends on its number alone, so that `--only` repeats a finding. An input may have
diagnostics or raise a UsageError. Anything else is a finding: another exception, a rule that
crashed, a code without documentation, a compile without an error whose request AWS's shape rejects,
a character in any output format that a terminal or a browser obeys, more than two seconds of CPU
time, or a process that dies. Batches run in separate processes. tests/test_fuzz.py runs a few.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.corpus import ROOT
from benchmarks.fuzz_inputs import Input, make_input, write_commits
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

MAX_SECONDS = 2.0  # of CPU time, so that a busy machine changes nothing
MAX_WAIT_SECONDS = 60.0  # for git
BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One case that hptc does not handle."""

    case: int
    problem: str
    input: Input


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The results of a batch of cases."""

    findings: list[Finding] = field(default_factory=list)
    compiled: int = 0  # cases without an error
    refused: int = 0  # UsageErrors
    slowest: tuple[float, int] = (0.0, -1)
    peak_mb: int = 0

    def add(self, other: Outcome) -> None:
        """Add the results of another batch."""
        self.findings += other.findings
        self.compiled += other.compiled
        self.refused += other.refused
        self.slowest = max(self.slowest, other.slowest)
        self.peak_mb = max(self.peak_mb, other.peak_mb)


class _TooSlow(BaseException):
    """Raised by the alarm; nothing in hptc catches it."""


def compile_input(given: Input) -> Failed | Compiled:
    """Compile an input as `hptc check` does, in this process. Raises UsageError as it does."""
    workspace = Workspace()
    text = decode_text(given.raw, "case.yaml")
    if given.project is None:
        found, faults = project_file.load(ROOT / "hptc.yaml")
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "hptc.yaml")
            path.write_bytes(given.project)
            found, faults = project_file.load(path)
    if faults:
        render(faults, Format.TEXT)
    return compile_text(text, "case.yaml", workspace, found)


def problem_of(given: Input) -> tuple[str, str]:
    """("", "compiled" | "errors" | "refused"), or the problem and ""."""
    examine = {"response": _import, "commit": _review}.get(given.kind, _check)
    try:
        return examine(given)
    except UsageError as error:
        return _obeyed(printable(f"{error.message}{error.help}"), "a message"), "refused"
    except RecursionError as error:
        return f"RecursionError: {error}", ""
    except Exception:
        return traceback.format_exc(limit=-4), ""


_OBEYED = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Control characters but a line feed, line separators, those that reorder text, halves of pairs."""


def _obeyed(text: str, what: str) -> str:
    """The problem with a text that has a character which is obeyed, not shown."""
    found = _OBEYED.search(text)
    return f"{what} contains U+{ord(found[0]):04X}" if found else ""


def _import(given: Input) -> tuple[str, str]:
    """Import a Describe response, and compile the spec that it becomes."""
    text = decode_text(given.raw, "case.json")
    spec = write_spec(requested(read_job([(text, "case.json")]).request))
    compiled = compile_text(spec, "case.yaml", Workspace(), None)
    return "", "compiled" if isinstance(compiled, Compiled) else "errors"


def _review(given: Input) -> tuple[str, str]:
    """Review a commit with hostile entries against one with a good project."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        write_commits(root, given)
        for new, old in (("new", "old"), ("old", "new")):
            review = review_refs([str(root)], against=old, head=new)
            for form in DiffFormat:
                if problem := _obeyed(render_diff(review, form), f"diff as {form}"):
                    return problem, ""
    return "", "compiled"


_KNOWN = {entry.code for entry in (*CODES, *RULES)}


def _check(given: Input) -> tuple[str, str]:
    compiled = compile_input(given)
    for form in Format:
        shown = render(compiled.diagnostics, form)
        if problem := _obeyed(shown, f"check as {form}"):
            return problem, ""
    documents = {compiled.file: compiled.document}
    found = {each: tuple(text_fixes(each, documents.get)) for each in compiled.diagnostics}
    sarif = render_sarif(
        compiled.diagnostics, rule_help(compiled.diagnostics), lambda each: found[each]
    )
    data = render_json(compiled.diagnostics, lambda each: found[each])
    for name, shown in (("JSON", data), ("SARIF", sarif)):
        if not shown.isascii():
            return f"check as {name} is not ASCII", ""
    for diagnostic in compiled.diagnostics:
        if diagnostic.code == "HPT000":
            return diagnostic.message, ""
        if diagnostic.code not in _KNOWN:
            return f"{diagnostic.code} has no page", ""
    if isinstance(compiled, Failed):
        is_explained = any(diagnostic.is_error for diagnostic in compiled.diagnostics)
        return ("", "errors") if is_explained else ("failed without an error", "")
    refused = violations(compiled.request)
    return (f"accepted, but AWS's shape refuses: {refused[0]}" if refused else ""), "compiled"


def run_case(seed: int, case: int, outcome: Outcome) -> None:
    """Run one case within the time limit."""
    given = make_input(seed, case)
    started = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS)
    signal.setitimer(signal.ITIMER_REAL, MAX_WAIT_SECONDS)
    try:
        problem, result = problem_of(given)
    except _TooSlow:
        problem, result = f"more than {MAX_SECONDS:g} s:\n{traceback.format_exc(limit=-4)}", ""
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
    outcome.slowest = max(outcome.slowest, (time.process_time() - started, case))
    outcome.compiled += result == "compiled"
    outcome.refused += result == "refused"
    if problem:
        outcome.findings.append(Finding(case=case, problem=problem, input=given))


def run(seed: int, cases: range) -> Outcome:
    """Run cases in this process, and return their results."""

    def alarm(_number: int, _frame: object) -> None:
        raise _TooSlow

    before = [(each, signal.signal(each, alarm)) for each in (signal.SIGALRM, signal.SIGPROF)]
    outcome = Outcome()
    try:
        for case in cases:
            run_case(seed, case, outcome)
    finally:
        for number, handler in before:
            signal.signal(number, handler)
    outcome.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return outcome


def _run_batch(seed: int, cases: range, answer: Any, current: Any) -> None:
    outcome = Outcome()
    for case in cases:
        current.value = case
        outcome.add(run(seed, range(case, case + 1)))
    answer.send(outcome)


def run_in_process(seed: int, cases: range) -> Outcome:
    """Run cases in a separate process. If it dies, that is a finding, and the rest still run."""
    context = multiprocessing.get_context("fork")
    current = context.Value("q", cases.start, lock=False)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run_batch, args=(seed, cases, theirs, current))
    process.start()
    theirs.close()
    try:
        outcome: Outcome = ours.recv()
    except EOFError:
        process.join()
        case = int(current.value)
        problem = f"the process died ({process.exitcode})"
        dead = Finding(case=case, problem=problem, input=make_input(seed, case))
        outcome = Outcome(findings=[dead])
        if case + 1 < cases.stop:
            outcome.add(run_in_process(seed, range(case + 1, cases.stop)))
    process.join()
    return outcome


def main() -> int:
    """Run the cases of the command line. Exit with 1 if there are findings."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz")
    parser.add_argument("--cases", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, metavar="CASE", help="show one case, and run it")
    options = parser.parse_args()
    if options.only is not None:
        given = make_input(options.seed, options.only)
        if given.project is not None:
            print(f"--- hptc.yaml\n{given.project.decode('utf-8', 'backslashreplace')}")
        print(f"--- {given.kind}\n{given.raw.decode('utf-8', 'backslashreplace')}\n---")
        outcome = run_in_process(options.seed, range(options.only, options.only + 1))
    else:
        outcome = Outcome()
        for start in range(0, options.cases, BATCH):
            cases = range(start, min(start + BATCH, options.cases))
            outcome.add(run_in_process(options.seed, cases))
            print(f"{cases.stop} cases, {len(outcome.findings)} findings", file=sys.stderr)
    for finding in outcome.findings:
        print(f"case {finding.case} ({finding.input.kind}): {finding.problem}\n")
    seconds, case = outcome.slowest
    print(
        f"{len(outcome.findings)} findings, {outcome.compiled} compiled, "
        f"{outcome.refused} refused; slowest {seconds:.2f} s (case {case}), "
        f"peak {outcome.peak_mb} MB"
    )
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())
