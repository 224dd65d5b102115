"""The code blocks of the documentation: which there are, and a fragment as a whole spec."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import yaml

from hptc.frozen import frozen
from hptc.project.project_file import EnvironmentFile, ProjectFile
from hptc.spec.training_job import TrainingJob
from hptc.spec.tuning_spec import Spec
from tests.support.paths import ROOT

PAGES = (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md")
OTHER_TOOL = "yaml other-tool"
"""What a block of YAML that is not hptc's says after its fence."""

_BLOCK = re.compile(
    r"^(?P<indent> *)(?P<fence>`{3,})(?P<info>[^`\n]*)\n(?P<text>.*?)^(?P=indent)(?P=fence)$"
    r"(?:\s*```json\n(?P<request>.*?)^```$)?",
    re.DOTALL | re.MULTILINE,
)
_SPEC_KEYS = frozenset(Spec.model_fields)
_JOB_KEYS = frozenset(TrainingJob.model_fields)
_PROJECT_KEYS = frozenset(ProjectFile.model_fields)
_BASE = {
    "name": "name: example\n",
    "strategy": "strategy: Bayesian\n",
    "limits": "limits: {max_number_of_training_jobs: 20, max_parallel_training_jobs: 2}\n",
}
_BASE_JOB = {
    "objective": 'objective: {metric_name: "validation:auc", type: Maximize}\n',
    "hyperparameters": "hyperparameters: {eta: {type: Continuous, min: 0.1, max: 0.5}}\n",
    "algorithm": "algorithm: {built_in: xgboost, version: 1.7-1}\n",
    "resources": "resources: {instance_type: ml.m5.large, volume_size_in_gb: 10}\n",
    "stopping": "stopping: {max_runtime: 1h}\n",
}
_BASE_PROJECT = {
    "project": "example",
    "environments": {"dev": {"account": "111122223333", "region": "us-east-1"}},
}


@frozen
class Block:
    """A fenced block. `request` is the JSON block that follows, if there is one."""

    page: Path
    line: int
    info: str  # what follows the fence, such as `yaml fragment`
    text: str
    request: str | None

    @property
    def language(self) -> str:
        """The first word after the fence."""
        return self.info.split()[0] if self.info else ""

    @property
    def where(self) -> str:
        """The place, as pytest's ID."""
        return f"{self.page.stem}-{self.line}"

    @property
    def is_abridged(self) -> bool:
        """Whether lines are left out."""
        return re.search(r"^\s*…$", self.text, re.MULTILINE) is not None


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in their order."""
    text = page.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        yield Block(
            page=page,
            line=text[: match.start()].count("\n") + 1,
            info=match["info"].strip(),
            text=dedent(match["text"]),
            request=match["request"],
        )


def is_project(data: Mapping[str, Any]) -> bool:
    """Whether a block is a part of hptc.yaml."""
    return data.keys() <= _PROJECT_KEYS and not data.keys() <= _SPEC_KEYS


def is_fragment(data: Mapping[str, Any]) -> bool:
    """Whether a block is a part of a spec, or of its training job."""
    return not is_whole_spec(data) and data.keys() <= _SPEC_KEYS | _JOB_KEYS


def is_whole_spec(data: Mapping[str, Any]) -> bool:
    """Whether a block is a complete spec."""
    return (
        "name" in data
        and "limits" in data
        and bool(data.keys() & {"training_job", "training_jobs"})
    )


def whole_project(text: str) -> str:
    """A part of hptc.yaml, completed with a project and an environment."""
    data = {**_BASE_PROJECT, **yaml.safe_load(text)}
    data["environments"] = {
        name: {**_BASE_PROJECT["environments"]["dev"], **environment}  # type: ignore[index]
        for name, environment in data["environments"].items()
    }
    for environment in data["environments"].values():
        assert environment.keys() <= set(EnvironmentFile.model_fields)
    return yaml.safe_dump(data, sort_keys=False)


def whole_spec(text: str) -> str:
    """A part of a spec, completed; the text of the part stays as it is."""
    keys = _keys(text)
    if "training_job" in keys:
        head, start, job = text.partition("training_job:\n")
        assert start, "write the training job of a fragment as a block"
        level = re.compile(r"^  ([a-z_]+):", re.MULTILINE)
        present = set(level.findall(job))
        missing = "".join(part for key, part in _BASE_JOB.items() if key not in present)
        text = f"{head}{start}{indent(missing, '  ')}{job}"
    elif keys and keys <= _JOB_KEYS - _SPEC_KEYS:
        text = _as_job(_completed(text, _BASE_JOB))
    elif "training_jobs" not in keys:
        text += _as_job("".join(_BASE_JOB.values()))
    return _completed(text, _BASE)


def _keys(text: str) -> set[str]:
    return set(re.findall(r"^([a-z_]+):", text, re.MULTILINE))


def _completed(text: str, base: Mapping[str, str]) -> str:
    present = _keys(text)
    return "".join(part for key, part in base.items() if key not in present) + text


def _as_job(text: str) -> str:
    return "training_job:\n" + indent(text, "  ")
