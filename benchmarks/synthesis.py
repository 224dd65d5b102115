"""Synthesis against a hand-written CDK app that creates the same resources."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.corpus import write_project
from benchmarks.measure import attempt, compare, python, seconds_of
from benchmarks.rows import Note, Ratio, Row

SIZES: tuple[int, ...] = (1, 10, 50, 200)
SHORT_SIZES: tuple[int, ...] = (10,)
"""Ten specs have a schedule among them."""
ROUNDS, SHORT_ROUNDS = 3, 1


def run(folder: Path, *, is_short: bool) -> Iterator[Row]:
    """Each app in a process of its own; the last line shows where the difference comes from."""
    rounds = SHORT_ROUNDS if is_short else ROUNDS
    for count in SHORT_SIZES if is_short else SIZES:
        claim = f"synth {count} spec{'s' if count > 1 else ''} / the same by hand"
        row = attempt(claim, partial(_compare, claim, folder / str(count), count, rounds))
        yield row
        if isinstance(row, Ratio):
            yield attempt(f"{claim}: the rest", partial(_rest, folder / str(count), row))


def _compare(claim: str, project: Path, count: int, rounds: int) -> Row:
    write_project(project, count)
    ours_out, hand_out = project / "out", project / "out-by-hand"
    ours = partial(python, "-m", "benchmarks.synth_hptc", str(project), str(ours_out))
    by_hand = partial(python, "-m", "benchmarks.synth_by_hand", str(project), str(hand_out))
    first_ours = seconds_of(ours)
    (project / "stacks.json").write_text(json.dumps(templates(ours_out)), "utf-8")
    first_by_hand = seconds_of(by_hand)
    created, by_hand_created = resources(ours_out), resources(hand_out)
    assert created == by_hand_created, (
        f"synth_by_hand.py creates other resources: {_difference(created, by_hand_created)}"
    )
    if rounds == 1:
        return Ratio(claim=claim, ours=first_ours, floor=first_by_hand, aim=1.2)
    return compare(claim, ours, by_hand, rounds=rounds, aim=1.2)


def _rest(project: Path, row: Ratio) -> Row:
    """How much of the difference comes before the CDK: reading, checking, modeling the stacks."""
    before = seconds_of(partial(python, "-m", "benchmarks.synth_hptc", str(project)))
    rest = row.ours - row.floor
    return Note(
        text=f"  {rest:.2f} s more, of which {before:.2f} s compile the specs and model the stacks"
    )


def templates(out: Path) -> dict[str, dict[str, object]]:
    """Every template of a cloud assembly, by its file."""
    paths = sorted(out.glob("*.template.json"))
    return {path.name: json.loads(path.read_text("utf-8")) for path in paths}


def resources(out: Path) -> Counter[str]:
    """The number of resources of each type in a cloud assembly, without the CDK's metadata."""
    types: Counter[str] = Counter()
    for path in out.glob("*.template.json"):
        for entry in json.loads(path.read_text("utf-8"))["Resources"].values():
            types[entry["Type"]] += 1
    del types["AWS::CDK::Metadata"]
    return types


def _difference(ours: Counter[str], by_hand: Counter[str]) -> str:
    types = sorted(type for type in ours | by_hand if ours[type] != by_hand[type])
    return ", ".join(f"{type} {ours[type]} and {by_hand[type]}" for type in types)
