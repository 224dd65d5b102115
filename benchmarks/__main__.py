"""`make bench`: every claim as a ratio of two things measured in this run, on this machine."""

from __future__ import annotations

import gc
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

from benchmarks.corpus import change_specs, write_specs

SPECS = 1_000
REVIEWED, CHANGED = 500, 5
SYNTHS = (1, 10, 50, 200)
ROUNDS = 5


def cpu_seconds() -> float:
    """The CPU time of this process and of those that it waited for: others do not count."""
    of_children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + of_children.ru_utime + of_children.ru_stime


def seconds_of(do: Callable[[], object]) -> float:
    """The CPU time of one run."""
    gc.collect()
    start = cpu_seconds()
    do()
    return cpu_seconds() - start


def compare(
    ours: Callable[[], object], floor: Callable[[], object], rounds: int = ROUNDS
) -> tuple[float, float]:
    """The least CPU time of both, which take turns: a busy moment of the machine falls on both."""
    pairs = [(seconds_of(ours), seconds_of(floor)) for _ in range(rounds)]
    least_ours, least_floor = (min(times) for times in zip(*pairs, strict=True))
    return least_ours, least_floor


def line(claim: str, times: tuple[float, float], aim: float | None = None) -> None:
    """One row of the table."""
    ours, floor = times
    ratio = ours / floor
    verdict = "" if aim is None else f"{aim:>5}  {'met' if ratio <= aim else 'MISSED'}"
    print(f"{claim:<66} {ours:7.2f} {floor:7.2f} {ratio:6.2f} {verdict}".rstrip(), flush=True)


def compile_many(folder: Path) -> None:
    """check + compile of 1,000 specs against reading and validating the same files."""
    from yaml import CSafeLoader, compose

    from hptc.compiler.layers import merge_layers
    from hptc.compiler.pipeline import compile_paths
    from hptc.compiler.workspace import Workspace
    from hptc.render.requests import render_request
    from hptc.source.document import parse_document
    from hptc.spec.tuning_spec import Spec, parse_spec

    paths = write_specs(folder, SPECS)
    workspace = Workspace()
    shared = workspace.shared_by(workspace.project_of(folder)[0])
    documents = [parse_document(path.read_text("utf-8"), str(path))[0] for path in paths]
    data = [merge_layers(document, shared)[0] for document in documents]
    del documents
    parse_spec(data[0])
    validator = Spec.__pydantic_validator__

    def floor() -> None:
        for path, plain in zip(paths, data, strict=True):
            compose(path.read_text("utf-8"), Loader=CSafeLoader)
            validator.validate_python(plain)

    def compiled(workspace: Workspace) -> None:
        for one in compile_paths([str(folder)], workspace):
            assert one.request is not None, one.diagnostics
            render_request(one.request, "json")

    def ours() -> None:
        compiled(Workspace())

    def without_rules() -> None:
        compiled(Workspace(rules=()))

    line(f"check + compile {SPECS:,} specs / compose + validate them", compare(ours, floor), 2.5)
    line("  the same with every rule / without rules", compare(ours, without_rules), 2.0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"  peak memory: {peak:.0f} MB", flush=True)


def review(folder: Path) -> None:
    """`hptc diff` of 500 specs, of which 5 changed, against compiling 1,000."""
    from hptc.cli import run
    from hptc.compiler.pipeline import compile_paths
    from hptc.compiler.workspace import Workspace

    many, project = folder / "many", folder / "project"
    write_specs(many, SPECS)
    paths = write_specs(project, REVIEWED)
    for command in (
        ("init", "--quiet"),
        ("add", "."),
        ("-c", "user.name=b", "-c", "user.email=b@b", "commit", "--quiet", "-m", "before"),
    ):
        subprocess.run(["git", "-C", str(project), *command], check=True)
    change_specs(paths, CHANGED)

    def diff() -> None:
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            code = run(["diff", str(project), "--against", "HEAD", "--format", "json"])
        assert code == 0, said.getvalue()
        assert len(json.loads(said.getvalue())["specs"]) == CHANGED, said.getvalue()

    def compile_all() -> None:
        assert len(compile_paths([str(many)], Workspace())) == SPECS

    claim = f"diff of {REVIEWED} specs, {CHANGED} of them changed"
    line(f"{claim} / compile {SPECS:,} specs", compare(diff, compile_all), 1.2)
    file = project / "hptc.yaml"
    file.write_text(file.read_text("utf-8").replace("trials: 40", "trials: 41"), "utf-8")
    line("  the same where hptc.yaml changed too", compare(diff, compile_all), 1.2)


def start_cold(folder: Path) -> None:
    """A cold `hptc check one.yaml` against importing what it stands on."""
    (path, *_) = write_specs(folder, 1)
    # An installed package has its bytecode; here the first run writes it.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def python(*arguments: str) -> Callable[[], object]:
        command = [sys.executable, *arguments]
        return lambda: subprocess.run(command, check=True, capture_output=True, env=environment)

    check = python("-m", "hptc", "check", str(path))
    imports = python("-c", "import pydantic, yaml, click")
    model = python(
        "-c", "import pydantic, yaml, click\nclass M(pydantic.BaseModel): x: int\nM(x=1)"
    )
    check(), imports(), model()
    line(
        "cold `hptc check one.yaml` / import pydantic, yaml, click",
        compare(check, imports, 15),
        1.6,
    )
    line("  the same / these imports and a Pydantic model of one field", compare(check, model, 15))


def synth(folder: Path) -> None:
    """Synth against a hand-written CDK app that makes the same resources."""
    for count in SYNTHS:
        project = folder / str(count)
        write_specs(project, count)
        ours_out, hand_out = project / "out", project / "out-by-hand"
        by_hptc = partial(_python, "benchmarks.synth_hptc", project, ours_out)
        by_hand = partial(_python, "benchmarks.synth_by_hand", project, hand_out)
        by_hptc()
        (project / "stacks.json").write_text(json.dumps(templates(ours_out)), "utf-8")
        by_hand()
        made, made_by_hand = resources(ours_out), resources(hand_out)
        if made != made_by_hand:
            raise SystemExit(f"synth_by_hand.py makes other resources: {made} / {made_by_hand}")
        times = compare(by_hptc, by_hand, 3)
        specs = f"{count} spec{'s' if count > 1 else ''}"
        claim = f"synth {specs} / the same {made.total()} resources by hand"
        line(claim, times, 1.2)


def _python(module: str, project: Path, out: Path) -> None:
    command = [sys.executable, "-m", module, str(project), str(out)]
    subprocess.run(command, check=True, capture_output=True)


def templates(out: Path) -> dict[str, dict[str, object]]:
    """Every template of a cloud assembly, by its file."""
    paths = sorted(out.glob("*.template.json"))
    return {path.name: json.loads(path.read_text("utf-8")) for path in paths}


def resources(out: Path) -> Counter[str]:
    """How many resources of each type a cloud assembly makes; an app's metadata is none."""
    found: Counter[str] = Counter()
    for path in out.glob("*.template.json"):
        for entry in json.loads(path.read_text("utf-8"))["Resources"].values():
            found[entry["Type"]] += 1
    del found["AWS::CDK::Metadata"]
    return found


CLAIMS = (compile_many, review, start_cold, synth)


def main(wanted: list[str]) -> None:
    """Run everything, or the claims that are named: compile_many, review, start_cold, synth."""
    from hptc.cli import collect_rarely

    collect_rarely()  # as the command line does, for both sides
    head = "CPU seconds, ours and the floor's"
    print(f"{head:<66} {'ours':>7} {'floor':>7} {'ratio':>6} {'aim':>5}")
    for claim in CLAIMS:
        if not wanted or claim.__name__ in wanted:
            with tempfile.TemporaryDirectory() as folder:
                claim(Path(folder))


main(sys.argv[1:])
