"""The project in the pictures: what `hptc init` creates, with the steps of docs/ten-minutes.md."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from docs_site.terminal import capture, draw, prompt, settled

SPEC = "specs/direct-marketing-xgboost.yaml"
COLUMNS = 96
_CREATED = "eta: {type: Continuous, min: 0, max: 1}"
BROKEN = "eta: {type: Continuous, min: 0, max: 1, scaling: Logarithmic}"
CHANGED = "eta: {type: Continuous, min: 0.001, max: 1, scaling: Logarithmic}"


def environment() -> dict[str, str]:
    """Variables in which the output of commands is the same on every machine."""
    dates = {f"GIT_{who}_DATE": "2026-11-01T12:00:00Z" for who in ("AUTHOR", "COMMITTER")}
    names = {f"GIT_{who}_NAME": "Ada" for who in ("AUTHOR", "COMMITTER")}
    mails = {f"GIT_{who}_EMAIL": "ada@example.com" for who in ("AUTHOR", "COMMITTER")}
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "NO_COLOR", "COLUMNS", "LINES")
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    return kept | dates | names | mails | {"PATH": path, "GIT_CONFIG_GLOBAL": os.devnull}


def create(folder: Path, range_: str) -> Path:
    """`hptc init`, a commit of the spec and of hptc.yaml, and then another range in the spec."""
    variables = environment()
    for command in (
        ["hptc", "init", "tuning"],
        ["git", "-C", "tuning", "init", "--quiet", "--initial-branch=main"],
        ["git", "-C", "tuning", "add", "hptc.yaml", "specs"],
        ["git", "-C", "tuning", "commit", "--quiet", "--message", "Tune direct marketing"],
    ):
        subprocess.run(command, cwd=folder, env=variables, check=True, capture_output=True)
    project = folder / "tuning"
    spec = project / SPEC
    text = spec.read_text(encoding="utf-8")
    if _CREATED not in text:
        raise ValueError(f"{spec} has no {_CREATED}")
    spec.write_text(text.replace(_CREATED, range_), encoding="utf-8")
    return project


def run(project: Path, command: str) -> None:
    """Run a command in the project. Raises CalledProcessError if it fails."""
    subprocess.run(command.split(), cwd=project, env=environment(), check=True, capture_output=True)


def run_and_draw(
    project: Path,
    command: str,
    *,
    variables: Mapping[str, str] | None = None,
    columns: int = COLUMNS,
) -> str:
    """Run a command in a terminal, and draw it with its output."""
    printed = capture(command.split(), project, variables or environment(), columns=columns)
    text = f"{prompt(command)}\n{settled(printed)}".replace(str(project.parent), "/home/ada")
    return draw("", text, columns=columns)


def write_data(project: Path) -> None:
    """Write the data of docs/ten-minutes.md."""
    import csv

    from sklearn.datasets import load_breast_cancer

    features, labels = load_breast_cancer(return_X_y=True)
    rows = [[label, *row] for label, row in zip(labels, features, strict=True)]
    for name, part in (("train", rows[:400]), ("validation", rows[400:])):
        (project / f"data/{name}").mkdir(parents=True)
        with (project / f"data/{name}/data.csv").open("w", newline="") as file:
            csv.writer(file).writerows(part)
