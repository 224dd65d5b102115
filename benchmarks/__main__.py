"""`make bench`: every claim as a ratio of two things measured in this run, on this machine."""

from __future__ import annotations

import gc
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus import write_specs

SPECS = 1_000
STACKS = 50
ROUNDS = 5


def best(do: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The least CPU time of several runs, in seconds: other work on the machine does not count."""
    times = []
    for _ in range(rounds):
        gc.collect()
        start = time.process_time()
        do()
        times.append(time.process_time() - start)
    return min(times)


def cpu_of(command: list[str]) -> float:
    """The CPU time of a command and its children, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def line(claim: str, ours: float, floor: float, aim: float | None) -> None:
    """One claim: seconds of both, their ratio, the aim."""
    wanted = f"aim {aim}" if aim else ""
    print(f"{claim:<58} {ours:8.3f} s / {floor:8.3f} s = {ours / floor:5.2f}  {wanted}", flush=True)


def compile_many(folder: Path) -> None:
    """check + compile of 1,000 specs against reading and validating the same files."""
    from yaml import CSafeLoader, compose

    from hptc import source
    from hptc.cli import collect_rarely
    from hptc.compiler import compile_paths
    from hptc.render.requests import render_request
    from hptc.resolve import merge_layers
    from hptc.spec import Spec, parse_spec
    from hptc.workspace import Workspace

    paths = write_specs(folder, SPECS)
    workspace = Workspace()
    project, _ = workspace.project_of(folder)
    assert project is not None
    environment = project.environment(None)
    data = [
        merge_layers(source.parse(p.read_text("utf-8"), str(p))[0], project, environment)[0]
        for p in paths
    ]
    parse_spec(data[0])
    validator = Spec.__pydantic_validator__
    collect_rarely()  # as the command line does, for both sides

    def floor() -> None:
        for path, plain in zip(paths, data, strict=True):
            compose(path.read_text("utf-8"), Loader=CSafeLoader)
            validator.validate_python(plain)

    def ours(rules: tuple[object, ...] | None = None) -> None:
        run = Workspace() if rules is None else Workspace(rules=())
        for one in compile_paths([str(folder)], run):
            assert one.request is not None, one.diagnostics
            render_request(one.request, "json")

    least = best(floor)
    line(f"check + compile {SPECS} specs / compose + validate them", best(ours), least, 2.5)
    without = best(lambda: ours(()))
    line("  the same with every rule / without rules", best(ours), without, 2.0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{f'peak memory after {SPECS} specs':<58} {peak:8.0f} MB", flush=True)


def start_cold(folder: Path) -> None:
    """A cold `hptc check one.yaml` against importing what it stands on."""
    (path, *_) = write_specs(folder, 1)
    check = [sys.executable, "-m", "hptc", "check", str(path)]
    imports = [sys.executable, "-c", "import pydantic, yaml, click"]

    cpu_of(check), cpu_of(imports)
    # Alternating, so that a busy moment of the machine falls on both.
    pairs = [(cpu_of(check), cpu_of(imports)) for _ in range(15)]
    ours, floor = (statistics.median(times) for times in zip(*pairs, strict=True))
    line("cold `hptc check one.yaml` / import pydantic, yaml, click", ours, floor, 1.6)


def synth(folder: Path) -> None:
    """Synth of 50 specs against a hand-written CDK app that makes the same resources."""
    write_specs(folder, STACKS)
    out = folder / "out"

    def run(module: str) -> float:
        return cpu_of([sys.executable, "-m", module, str(folder), str(out)])

    run("benchmarks.synth_hptc")
    stacks = {
        path.name: json.loads(path.read_text("utf-8")) for path in out.glob("*.template.json")
    }
    (folder / "stacks.json").write_text(json.dumps(stacks), "utf-8")
    run("benchmarks.synth_by_hand")
    pairs = [(run("benchmarks.synth_hptc"), run("benchmarks.synth_by_hand")) for _ in range(3)]
    ours, floor = (min(times) for times in zip(*pairs, strict=True))
    line(f"synth {STACKS} specs / the same resources by hand", ours, floor, 1.2)


def main() -> None:
    """Run everything."""
    for claim in (compile_many, start_cold, synth):
        with tempfile.TemporaryDirectory() as folder:
            claim(Path(folder))


main()
