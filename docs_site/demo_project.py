"""The project in the pictures: that of `hptc init`, with the steps of docs/ten-minutes.md."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from docs_site.terminal import capture, draw, prompt, settled

SPEC = "specs/direct-marketing-xgboost.yaml"
COLUMNS = 96
_BEFORE, _BROKEN, _MENDED = (
    f"eta: {{type: Continuous, {bounds}}}"
    for bounds in (
        "min: 0, max: 1",
        "min: 0, max: 1, scaling: Logarithmic",
        "min: 0.001, max: 1, scaling: Logarithmic",
    )
)


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


def create(folder: Path) -> Path:
    """`hptc init`, and a commit of the spec and of hptc.yaml."""
    variables = environment()
    for command in (
        ["hptc", "init", "tuning"],
        ["git", "-C", "tuning", "init", "--quiet", "--initial-branch=main"],
        ["git", "-C", "tuning", "add", "hptc.yaml", "specs"],
        ["git", "-C", "tuning", "commit", "--quiet", "--message", "Tune direct marketing"],
    ):
        subprocess.run(command, cwd=folder, env=variables, check=True, capture_output=True)
    return folder / "tuning"


def break_range(project: Path) -> None:
    """A logarithmic scale from 0."""
    _replace(project / SPEC, _BEFORE, _BROKEN)


def mend_range(project: Path) -> None:
    """A logarithmic scale from 0.001."""
    _replace(project / SPEC, _BROKEN, _MENDED)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    if old not in text:
        raise ValueError(f"{path} has no {old}")
    path.write_text(text.replace(old, new), encoding="utf-8")


def run_and_draw(
    project: Path,
    command: str,
    *,
    variables: Mapping[str, str] | None = None,
    columns: int = COLUMNS,
) -> str:
    """A command in a terminal, with its output."""
    printed = capture(command.split(), project, variables or environment(), columns=columns)
    text = f"{prompt(command)}\n{settled(printed)}".replace(str(project.parent), "/home/ada")
    return draw("", text, columns=columns)


def write_data(project: Path) -> None:
    """The data of docs/ten-minutes.md."""
    import csv

    from sklearn.datasets import load_breast_cancer

    features, labels = load_breast_cancer(return_X_y=True)
    rows = [[label, *row] for label, row in zip(labels, features, strict=True)]
    for name, part in (("train", rows[:400]), ("validation", rows[400:])):
        (project / f"data/{name}").mkdir(parents=True)
        with (project / f"data/{name}/data.csv").open("w", newline="") as file:
            csv.writer(file).writerows(part)
