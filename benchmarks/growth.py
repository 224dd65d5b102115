"""The cost per spec of each command as a project grows, warm-start parents included."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.corpus import change_specs, commit, parent_of, warm_start, write_project
from benchmarks.measure import hptc, python, reason_of, seconds_of
from benchmarks.rows import Failure, Growth, Note, Row
from hptc.frozen import frozen

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
        review = json.loads(hptc("diff", str(folder), "--against", "HEAD", "--format", "json"))
        assert len(review["specs"]) >= changed, f"{len(review['specs'])} specs changed"

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
        result = planned(compiled, tuning, stacks)
        assert len(result.unchanged) == count // 2, f"{len(result.unchanged)} jobs are unchanged"
        assert len(result.to_submit) > count // 3, f"{len(result.to_submit)} jobs to submit"

    return work


def synth(folder: Path, count: int) -> Work:
    """With the CDK, in a process that pays for its start each time."""
    write_project(folder, count, with_parents=True)
    return partial(python, "-m", "benchmarks.synth_hptc", str(folder), str(folder / "out"))


@frozen
class Command:
    """A command, and how to prepare its work on a project of a number of specs."""

    name: str
    prepare: Callable[[Path, int], Work]
    short_sizes: tuple[int, ...] = SHORT_SIZES
    is_in_process: bool = True  # so a first run pays for imports and caches


COMMANDS = (
    Command(name="check", prepare=check),
    Command(name="compile", prepare=compile_specs),
    Command(name="diff", prepare=diff),
    Command(name="cost", prepare=cost),
    Command(name="permissions", prepare=permissions),
    Command(name="plan", prepare=plan),
    Command(name="synth", prepare=synth, short_sizes=SHORT_SYNTH_SIZES, is_in_process=False),
)


def run(command: Command, folder: Path, *, is_short: bool) -> Iterator[Row]:
    """Measure one command at every size, the smallest first."""
    sizes = command.short_sizes if is_short else SIZES
    works: dict[int, Work] = {}
    seconds: dict[int, float] = {}
    for count in sizes:
        print(f"running {command.name} of {count:,} specs", file=sys.stderr, flush=True)
        try:
            works[count] = command.prepare(folder / str(count), count)
            if not seconds and command.is_in_process:
                works[count]()  # imports and caches, which no size pays for
            seconds[count] = seconds_of(works[count])
        except Exception as error:
            yield Failure(claim=f"{command.name} {count:,} specs", reason=reason_of(error))
            break
        if seconds[count] > LIMIT_SECONDS and count != sizes[-1]:
            yield Note(
                text=f"{command.name}: no more than {count:,} specs, "
                f"which take {seconds[count]:.0f} s (the limit is {LIMIT_SECONDS:.0f} s)"
            )
            break
    for _ in range(0 if is_short else ROUNDS - 1):
        for count, fastest in list(seconds.items()):
            if fastest < ONE_ROUND_SECONDS:
                seconds[count] = min(fastest, seconds_of(works[count]))
    if seconds:
        yield Growth(command=command.name, seconds=seconds, aim=AIM)
    shutil.rmtree(folder, ignore_errors=True)
