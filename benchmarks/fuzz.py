"""Hostile specs, templates and requests against the pipeline of `hptc check`.

    python -m benchmarks.fuzz --cases 50000 [--seed N] [--only N]

Each case is made from its number alone, so that a finding is repeated by `--only`. An input may
have diagnostics or be refused with a UsageError; anything else is a finding: another exception, a
rule that crashed, a code without a page, a compile without an error that AWS's shape refuses, more
than two seconds, or a process that dies. Batches run in processes of their own.
"""

from __future__ import annotations

import argparse
import copy
import json
import multiprocessing
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from hptc.compiler.outcome import Compiled, Failed
from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.project import project_file
from hptc.render.diagnostics import Format, render
from hptc.request.conformance import violations
from hptc.request.emission import unwrapped
from hptc.rules import RULES
from hptc.rules.codes import CODES
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.source.text_files import decode_text
from tests.support.strategies import make_request

ROOT = Path(__file__).parent.parent
MAX_SECONDS = 2.0
BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One case: what `hptc check` would read."""

    kind: str
    raw: bytes
    project: bytes | None = None  # an hptc.yaml other than the repository's


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One case that hptc did not bear."""

    case: int
    problem: str
    input: Input


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a batch of cases came to."""

    findings: list[Finding] = field(default_factory=list)
    compiled: int = 0  # cases without an error
    refused: int = 0  # UsageErrors
    slowest: tuple[float, int] = (0.0, -1)
    peak_mb: int = 0

    def add(self, other: Outcome) -> None:
        """Take another batch in."""
        self.findings += other.findings
        self.compiled += other.compiled
        self.refused += other.refused
        self.slowest = max(self.slowest, other.slowest)
        self.peak_mb = max(self.peak_mb, other.peak_mb)


# What the cases are made from.


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A file that hptc reads as it should, and the hptc.yaml that it stands on."""

    text: str
    tree: Any
    project: bytes | None = None


@cache
def seeds() -> tuple[Seed, ...]:
    """The repository's specs, and the cases of its rules on their own base."""
    found = []
    for path in sorted((ROOT / "specs").glob("*.yaml")):
        text = path.read_text("utf-8")
        found.append(Seed(text=text, tree=_tree(text)))
    base = (ROOT / "tests" / "rules" / "hptc.yaml").read_bytes()
    for path in sorted((ROOT / "tests" / "rules").glob("HPT*.yaml")):
        for text in path.read_text("utf-8").split("\n---\n"):
            if isinstance(tree := _tree(text), dict):
                found.append(Seed(text=text, tree=tree, project=base))
    return tuple(found)


@cache
def spec_texts() -> tuple[str, ...]:
    """Their texts."""
    return tuple(seed.text for seed in seeds())


def _tree(text: str) -> Any:
    document, _ = parse_document(text, "seed.yaml")
    return unwrapped(construct_data(document)[0])


def project_text() -> str:
    """The repository's hptc.yaml."""
    return (ROOT / "hptc.yaml").read_text("utf-8")


TOKENS = (
    b"{{", b"}}", b"{%", b"{#", b"&a ", b"*a", b"<<: *a", b"!!python/object/apply:os.system ", b"!",
    b"|\n", b">-\n", b"---\n", b"...\n", b"%YAML 1.1\n", b"\t", b"\r", b"\x00", b"\xff",
    b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85", b"[", b"]", b"{", b"}", b": ", b"- ", b"? ",
    b"#", b"'", b'"', b"\\u", b"\\ud83d\\ude00", b"\\ud800", b".inf", b".nan", b"-0", b"1e999",
    b"1e-400", b"0x", b"0o8", b"9" * 300, b"null", b"~", b"true", b"1_000", b"12:30:45",
    b"2026-01-01", b"# hptc: ignore[HPT203] why", b"${hptc:x}", b"${hptc:artifact_bucket}",
    b"name: ", b"type: Continuous", b"\xf0\x9f\x98\x80",
)  # fmt: skip

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 0.5, 1e308, float("inf"), float("nan"), "",
    " ", "x", "x" * 300, "x" * 70_000, "é😀", "\x00", "\u2028", "a\nb", "1", "1.0", "1e-4", "1e999",
    "-0", "nan", "inf", "0x10", "90m", "1d", "999999999d", "Auto", "Off", "Enabled", "Integer",
    "Continuous", "Categorical", "Logarithmic", "ReverseLogarithmic", "Hyperband", "Grid", "Random",
    "Bayesian", "Pipe", "FastFile", "ml.m5.xlarge", "ml.p5.48xlarge", "s3://", "s3://b/",
    "https://x/y", "arn:aws:iam::1:role/x", "${hptc:", "${}", "${hptc:nothing}", "(a+)+$",
    "(" * 200, "[", "(?P<x>", "a{1,99999}", "\\", [], {}, [[]], [None], [1, "a", {}], {"": None},
    {"type": "Integer"}, {"type": "Continuous", "min": "a", "max": []}, {"value": {"a": [1]}},
    {"type": "Categorical", "values": []}, {"type": "Auto", "value_hint": 3},
    {"a": {"b": {"c": 1}}},
)  # fmt: skip

EXPRESSIONS = (
    "''.__class__", "env.__init__.__globals__", "x|attr('y')", "self", "range(10**9)", "cycler",
    "lipsum()", "namespace()", "'a' * 10**9", "[0] * 10**9", "10**10**10", "2**99999", "'%s' % env",
    "'%999999999s' % env", "'{0.__class__}'.format(env)", "env['__class__']", "env.upper()",
    "env|map('upper')|list", "a.b.c", "1//0", "1/0", "1%0", "-env", "not env",
    "env ~ project ~ region", "env if true else x", "env in 'dev'", "env < 3", "none", "[]", "{}",
    "(1,)", "subnet_ids[0]", "subnet_ids[99]", "subnet_ids[-1]", "subnet_ids['a']", "account",
    "account + 1", "account|int", "env|int", "env|float", "'nan'|float", "'1e999'|float|int",
    "env|replace('', 'x')", "env|replace('d', env)", "env|default(x)", "x|default('y')",
    "x is defined", "x is none", "x", "artifct_bucket", "env|trim|upper|lower|string",
    "env|upper(1, 2)", "env|int(base=99)", "1 if", "}}{{", "{{", "'", "\"", "#}",
    "1 + 1.5 * 3 - trials", "trials // 3", "trials * 10 ** 3", "9" * 4000,
    "9" * 4000 + " * " + "9" * 4000, "(" * 300 + "1" + ")" * 300, "not " * 2000 + "1",
    "- " * 2000 + "1", "1" + " + 1" * 3000, "env|lower" * 300, "1 ~ " * 2000 + "1",
    "env" + "[0]" * 500, "env" + ".x" * 500, "1e308 * 10", "true + 1", "loop", "caller", "super()",
)  # fmt: skip

_DIRECTIVES = (
    "{% for i in range(9) %}{{ i }}{% endfor %}", "{% set x = 1 %}", "{% raw %}{{ x }}", "{# x",
    "{% include '/etc/passwd' %}", "{% if %}", "{%", "{{", "{{}}", "{{ }}", "{{{{ env }}}}",
)  # fmt: skip


def make_input(seed: int, case: int) -> Input:
    """The case of that number: the same for ever."""
    random = Random(f"{seed}:{case}")
    kind = random.choice(list(_MAKERS))
    return _MAKERS[kind](random)


def _yaml_bytes(random: Random) -> Input:
    seed = random.choice(seeds())
    raw = _mutated_bytes(random, seed.text.encode(), spec_texts())
    return Input(kind="yaml bytes", raw=raw, project=seed.project)


def _yaml_tree(random: Random) -> Input:
    seed = random.choice(seeds())
    raw = _written(random, _mutated_tree(random, seed.tree))
    return Input(kind="yaml tree", raw=raw, project=seed.project)


def _template(random: Random) -> Input:
    seed = random.choice(seeds())
    tree = copy.deepcopy(seed.tree)
    for _ in range(random.randint(1, 4)):
        text = _template_text(random)
        if random.random() < 0.3:
            text = _mutated_bytes(random, text.encode(), EXPRESSIONS).decode("utf-8", "replace")
        _put_somewhere(random, tree, text)
    return Input(kind="template", raw=_written(random, tree), project=seed.project)


def _template_text(random: Random) -> str:
    if random.random() < 0.1:
        return random.choice(_DIRECTIVES)
    expression = random.choice(EXPRESSIONS)
    if random.random() < 0.3:
        operator = random.choice(
            (" + ", " ~ ", " * ", " // ", " and ", " == ", " if env else ", "|default(")
        )
        expression += operator + random.choice(EXPRESSIONS)
    before, after = random.choice(
        (("", ""), ("s3://", "/x"), ("a", ""), (" ", " "), ("{{ env }}", ""))
    )
    return f"{before}{{{{ {expression} }}}}{after}"


def _request_tree(random: Random) -> Input:
    request = make_request(random.getrandbits(32), random.choice((0.0, 0.2, 0.5)))
    tree = _mutated_tree(random, request)
    return Input(kind="request tree", raw=json.dumps(tree).encode("utf-8", "surrogatepass"))


def _request_bytes(random: Random) -> Input:
    request = make_request(random.getrandbits(32), random.choice((0.0, 0.2)))
    text = json.dumps(request, ensure_ascii=random.random() < 0.5, indent=random.choice((None, 1)))
    return Input(kind="request bytes", raw=_mutated_bytes(random, text.encode(), spec_texts()))


def _project(random: Random) -> Input:
    seed = random.choice(seeds())
    spec, text = seed.text.encode(), (seed.project or b"").decode() or project_text()
    if random.random() < 0.5:
        return Input(
            kind="project", raw=spec, project=_mutated_bytes(random, text.encode(), (text,))
        )
    return Input(
        kind="project", raw=spec, project=_written(random, _mutated_tree(random, _tree(text)))
    )


_MAKERS: dict[str, Callable[[Random], Input]] = {
    "yaml bytes": _yaml_bytes,
    "yaml tree": _yaml_tree,
    "template": _template,
    "request tree": _request_tree,
    "request bytes": _request_bytes,
    "project": _project,
}


def _mutated_bytes(random: Random, raw: bytes, others: tuple[str, ...]) -> bytes:
    data = bytearray(raw)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        at = random.randint(0, len(data))
        match random.randint(0, 7):
            case 0:
                data[at : at + 1] = bytes([random.randint(0, 255)])
            case 1:
                del data[at : at + random.choice((1, 1, 4, 40))]
            case 2 | 3:
                data[at:at] = random.choice(TOKENS)
            case 4:  # a piece of it again, elsewhere
                piece = data[at : at + random.randint(1, 60)]
                to = random.randint(0, len(data))
                data[to:to] = piece * random.choice((1, 1, 2, 20))
            case 5:  # a piece of another
                other = random.choice(others).encode()
                start = random.randint(0, len(other))
                data[at:at] = other[start : start + random.randint(1, 200)]
            case 6:
                data[at:at] = random.choice((b"[", b"{a: ", b"(", b"- ", b"  ")) * random.choice(
                    (3, 70, 2000)
                )
            case 7:
                del data[at:]
    return bytes(data)


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) of a tree."""
    keys = tree.keys() if isinstance(tree, dict) else range(len(tree))
    for key in list(keys):
        yield tree, key
        if isinstance(tree[key], (dict, list)):
            yield from _places(tree[key])


def _put_somewhere(random: Random, tree: Any, value: Any) -> None:
    leaves = [(box, key) for box, key in _places(tree) if not isinstance(box[key], (dict, list))]
    if leaves:
        box, key = random.choice(leaves)
        box[key] = value


def _mutated_tree(random: Random, tree: Any) -> Any:
    tree = copy.deepcopy(tree)
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        places = list(_places(tree))
        if not places:
            break
        box, key = random.choice(places)
        other, other_key = random.choice(places)
        match random.randint(0, 7):
            case 0 | 1:
                box[key] = copy.deepcopy(random.choice(VALUES))
            case 2:
                del box[key]
            case 3:  # what stands elsewhere
                box[key] = copy.deepcopy(other[other_key])
            case 4 if isinstance(box, dict):  # under another name
                name = random.choice(("", "x", "type", "<<", "training_job", str(other_key)))
                box[name] = box.pop(key)
            case 5:
                box[key] = [copy.deepcopy(box[key])] * random.choice((1, 2, 40))
            case 6:
                box[key] = {
                    str(n): copy.deepcopy(box[key]) for n in range(random.choice((1, 3, 60)))
                }
            case 7:
                for _ in range(random.choice((1, 30, 70))):
                    box[key] = random.choice(([box[key]], {"a": box[key]}))
            case _:
                box[key] = random.choice(VALUES)
    return tree


def _written(random: Random, tree: Any) -> bytes:
    if random.random() < 0.5:
        return json.dumps(tree, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
    text: str = yaml.safe_dump(tree, allow_unicode=True, default_flow_style=None)
    return text.encode("utf-8", "surrogatepass")


# What they must come to.


class _TooSlow(BaseException):
    """Raised by the alarm: nothing in hptc catches it."""


def compile_input(given: Input) -> Failed | Compiled:
    """What `hptc check` does with a file, in process. Raises UsageError as it does."""
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


_KNOWN = {entry.code for entry in (*CODES, *RULES)}


def problem_of(given: Input) -> tuple[str, str]:
    """("", "compiled" | "errors" | "refused"), or what is wrong with how hptc bore an input."""
    try:
        compiled = compile_input(given)
        for form in Format:
            render(compiled.diagnostics, form)
    except UsageError:
        return "", "refused"
    except RecursionError as error:
        return f"RecursionError: {error}", ""
    except Exception:
        return traceback.format_exc(limit=-4), ""
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
    """Run one case under the limit of time."""
    given = make_input(seed, case)
    started = time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    try:
        problem, result = problem_of(given)
    except _TooSlow:
        problem, result = f"more than {MAX_SECONDS:g} s:\n{traceback.format_exc(limit=-4)}", ""
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    outcome.slowest = max(outcome.slowest, (time.perf_counter() - started, case))
    outcome.compiled += result == "compiled"
    outcome.refused += result == "refused"
    if problem:
        outcome.findings.append(Finding(case=case, problem=problem, input=given))


def run(seed: int, cases: range) -> Outcome:
    """Run cases in this process."""

    def alarm(_number: int, _frame: object) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGALRM, alarm)
    outcome = Outcome()
    try:
        for case in cases:
            run_case(seed, case, outcome)
    finally:
        signal.signal(signal.SIGALRM, before)
    outcome.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return outcome


def _run_batch(seed: int, cases: range, answer: Any, current: Any) -> None:
    outcome = Outcome()
    for case in cases:
        current.value = case
        outcome.add(run(seed, range(case, case + 1)))
    answer.send(outcome)


def run_in_process(seed: int, cases: range) -> Outcome:
    """Run cases in a process of their own: one that dies is a finding, and the rest still run."""
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
    """Run what the arguments say; exit 1 when there are findings."""
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
