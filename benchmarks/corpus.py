"""Projects of any number of specs, made from the repository's own specs so that they look real."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
_NEEDS_MORE = re.compile(r"warm_start|^  source:", re.MULTILINE)  # than the text of the spec
CHILD_EVERY = 10
"""One spec in so many has a warm-start parent."""


def write_project(folder: Path, count: int, *, with_parents: bool = False) -> list[Path]:
    """Write `count` specs to `folder`/specs, beside a copy of hptc.yaml; return their paths.

    Of the specs with a parent, half share the few parents at the start of the project, and half
    form chains: each learns from the one before it.
    """
    (folder / "specs").mkdir(parents=True, exist_ok=True)
    (folder / "hptc.yaml").write_text((ROOT / "hptc.yaml").read_text("utf-8"), "utf-8")
    sources = [
        text
        for path in sorted((ROOT / "specs").glob("*.yaml"))
        if not _NEEDS_MORE.search(text := path.read_text("utf-8"))
    ]
    paths = []
    for index in range(count):
        name, source = spec_name(index), sources[index % len(sources)]
        text = re.sub(r"^name: .*$", f"name: {name}", source, flags=re.M)
        parent = parent_of(index, len(sources)) if with_parents else None
        if parent is not None and "schedule:" not in source:
            text = f"{text.rstrip()}\n{warm_start(spec_name(parent))}"
        paths.append(folder / "specs" / f"{name}.yaml")
        paths[-1].write_text(text, "utf-8")
    return paths


def spec_name(index: int) -> str:
    return f"spec-{index:04}"


def warm_start(parent: str) -> str:
    return f"warm_start: {{type: TransferLearning, parents: [{parent}]}}\n"


def parent_of(index: int, period: int = 1) -> int | None:
    """The index of a spec's parent, a multiple of `period` before it; None without a parent."""
    number, rest = divmod(index, CHILD_EVERY)
    if rest or index < period:
        return None
    first, previous = index % period, index - CHILD_EVERY * math.lcm(period, 2)
    is_chained = number % 2 == 1 and previous >= 0
    return previous if is_chained else first


def change_specs(paths: list[Path], count: int) -> None:
    """Change the search of `count` specs, spread over all of them: each gets another seed."""
    for path in paths[:: len(paths) // count][:count]:
        text = re.sub(r"^random_seed: .*\n", "", path.read_text("utf-8"), flags=re.M)
        path.write_text(f"{text.rstrip()}\nrandom_seed: 20260101\n", "utf-8")


def commit(folder: Path) -> None:
    """Make a folder a git repository with everything in one commit."""
    for command in (
        ("init", "--quiet"),
        ("add", "."),
        ("-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "--quiet", "-m", "all"),
    ):
        subprocess.run(["git", "-C", str(folder), *command], check=True, capture_output=True)
