"""The cost per spec of each command as a project grows, warm-start parents included."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.corpus import change_specs, commit, parent_of, warm_start, write_project
from benchmarks.measure import Failure, Growth, Note, Row, hptc, python, reason_of, seconds_of

SIZES: tuple[int, ...] = (100, 400, 1_600)
SHORT_SIZES: tuple[int, ...] = (10, 30)
SHORT_SYNTH_SIZES: tuple[int, ...] = (1, 2)
AIM = 1.2
ROUNDS = 3
ONE_ROUND_SECONDS = 5.0
"""A measurement that takes longer than this runs once."""
LIMIT_SECONDS = 40.0
"""A command whose last measurement takes longer than this is not measured at the next size."""

Work = Callable[[], object]


def check(folder: Path, count: int) -> Work:
    write_project(folder, count, with_parents=True)
    return partial(hptc, "check", str(folder))


def compile_specs(folder: Path, count: int) -> Work:
    write_project(folder, count, with_parents=True)
    return partial(hptc, "compile", str(folder), "-o", str(folder / "requests"))


def diff(folder: Path, count: int) -> Work:
    """Every tenth spec changes."""
    paths = write_project(folder, count, with_parents=True)
    commit(folder)
    changed = max(1, count // 10)
    change_specs(paths, changed)

    def work() -> None:
        found = json.loads(hptc("diff", str(folder), "--against", "HEAD", "--format", "json"))
        assert len(found["specs"]) >= changed, f"{len(found['specs'])} specs changed"

    return work


def cost(folder: Path, count: int) -> Work:
    write_project(folder, count, with_parents=True)
    return partial(hptc, "cost", str(folder))


def permissions(folder: Path, count: int) -> Work:
    write_project(folder, count, with_parents=True)
    return partial(hptc, "permissions", str(folder))


def plan(folder: Path, count: int) -> Work:
    """Against a fake service that has deployed every stack and has half of the jobs."""
    from tests.support.fake_service import FakeTuning
    from tests.support.plans import deployed, planned, project, run, spec

    texts = {}
    for index in range(count):
        name, parent = f"spec-{index:04}", parent_of(index)
        texts[name] = spec(name) + ("" if parent is None else warm_start(f"spec-{parent:04}"))
    compiled = project(folder, texts)
    tuning, stacks = FakeTuning(), deployed(*texts)
    run(tuning, compiled[: count // 2])

    def work() -> None:
        found = planned(compiled, tuning, stacks)
        assert len(found.unchanged) == count // 2, f"{len(found.unchanged)} jobs are unchanged"
        assert len(found.to_submit) > count // 3, f"{len(found.to_submit)} jobs to submit"

    return work


def synth(folder: Path, count: int) -> Work:
    """With the CDK, in a process that pays for its start each time."""
    write_project(folder, count, with_parents=True)
    return partial(python, "-m", "benchmarks.synth_hptc", str(folder), str(folder / "out"))


def run(prepare: Callable[[Path, int], Work], folder: Path, *, is_short: bool) -> Iterator[Row]:
    """Measure one command at every size."""
    command = prepare.__name__.replace("_", " ")
    short_sizes = SHORT_SYNTH_SIZES if prepare is synth else SHORT_SIZES
    sizes = short_sizes if is_short else SIZES
    rounds = 1 if is_short else ROUNDS
    works: dict[int, Work] = {}
    seconds: dict[int, float] = {}
    for count in sizes:
        print(f"running {command} of {count:,} specs", file=sys.stderr, flush=True)
        try:
            works[count] = prepare(folder / str(count), count)
            if not seconds and prepare is not synth:
                works[count]()  # imports and caches, which no size pays for
            seconds[count] = seconds_of(works[count])
        except Exception as error:
            yield Failure(claim=f"{command} {count:,} specs", reason=reason_of(error))
            break
        if seconds[count] > LIMIT_SECONDS and count != sizes[-1]:
            yield Note(
                text=f"{command}: no more than {count:,} specs, "
                f"which take {seconds[count]:.0f} s (the limit is {LIMIT_SECONDS:.0f} s)"
            )
            break
    for _ in range(rounds - 1):
        for count, least in list(seconds.items()):
            if least < ONE_ROUND_SECONDS:
                seconds[count] = min(least, seconds_of(works[count]))
    if seconds:
        yield Growth(command=command, seconds=seconds, aim=AIM)
    shutil.rmtree(folder, ignore_errors=True)


COMMANDS = (check, compile_specs, diff, cost, permissions, plan, synth)
