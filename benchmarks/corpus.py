"""A thousand specs, made from the repository's own so that they look like real ones."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def write_specs(folder: Path, count: int) -> list[Path]:
    """`count` specs under `folder`/specs, beside a copy of hptc.yaml, each with its own name."""
    (folder / "specs").mkdir(parents=True, exist_ok=True)
    (folder / "hptc.yaml").write_text((ROOT / "hptc.yaml").read_text("utf-8"), "utf-8")
    sources = [
        text
        for path in sorted((ROOT / "specs").glob("*.yaml"))
        if "warm_start" not in (text := path.read_text("utf-8"))
    ]
    paths = []
    for index in range(count):
        text = re.sub(
            r"^name: .*$", f"name: spec-{index:04}", sources[index % len(sources)], flags=re.M
        )
        paths.append(folder / "specs" / f"spec-{index:04}.yaml")
        paths[-1].write_text(text, "utf-8")
    return paths


def change_specs(paths: list[Path], count: int) -> None:
    """Change what `count` of them search, spread over all: each gets another seed."""
    for path in paths[:: len(paths) // count][:count]:
        text = re.sub(r"^random_seed: .*\n", "", path.read_text("utf-8"), flags=re.M)
        path.write_text(f"{text.rstrip()}\nrandom_seed: 20260101\n", "utf-8")
