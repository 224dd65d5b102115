"""Programs and printed objects, which `hptc import` can't read, with what to do instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from hptc.errors import UsageError

_PYTHON = re.compile(r"^(from [\w.]+ import |import \w+|def \w+\()", re.MULTILINE)
_HCL = re.compile(r'^\s*resource\s+"\w+"\s+"[\w-]+"\s*\{', re.MULTILINE)
_CLI = re.compile(r"\bcreate-hyper-parameter-tuning-job\b")
_REPR = re.compile(r"\bdatetime\.datetime\(|\btzlocal\(\)|\bUnassigned object\b")
_LOOKS_LIKE_DATA = re.compile(
    r"(?:[ \t]*(?:#[^\n]*|---[^\n]*|\r)?\n)*[ \t]*(?:[{\[]|[\"']?\w[\w.-]*[\"']?[ \t]*:)"
)
"""JSON, or a key of YAML after comments."""


def refuse_program(text: str, file: str) -> None:
    """Raise UsageError if a text is a program, Terraform's language or printed Python objects."""
    start = text[:100_000]
    is_data = _LOOKS_LIKE_DATA.match(start) is not None
    if file.endswith(".py") or (not is_data and _PYTHON.search(start)):
        if "airflow" in start:
            raise UsageError(
                f"{file}: an Airflow DAG, which hptc import doesn't run",
                help="run it against a local endpoint: hptc capture -- airflow dags test DAG_ID; "
                "or import the operator's config, saved as JSON",
            )
        _refuse(file, "a Python program", f"hptc capture -- python {file}")
    if file.endswith(".ipynb"):
        _refuse_notebook(file)
    if file.endswith((".tf", ".tf.json", ".tfvars", ".hcl")) or (
        not is_data and _HCL.search(start)
    ):
        raise UsageError(
            f"{file}: Terraform's language, which only Terraform can evaluate",
            help="run `terraform plan -out plan.tfplan && terraform show -json plan.tfplan > "
            "plan.json`, then `hptc import plan.json`",
        )
    if file.endswith((".tfplan", ".tfstate")):
        raise UsageError(
            f"{file}: Terraform's own format",
            help="run `terraform show -json > state.json`, then `hptc import state.json`",
        )
    if file.endswith((".sh", ".bash")) or (not is_data and _CLI.search(start)):
        _refuse(file, "a shell script", f"hptc capture -- sh {file}", _CLI_ADVICE)
    if _REPR.search(start):
        raise UsageError(
            f"{file}: printed Python objects, not JSON",
            help="print the job as JSON, without its dates: "
            "print(json.dumps(tuner.describe(), default=str))",
        )


_OTHER_DATA: tuple[tuple[frozenset[str], str, str], ...] = (
    (
        frozenset({"TrainingJobName", "TrainingJobArn"}),
        "a training job, not a tuning job",
        "import the tuning job that started it, by its name: hptc import --job NAME",
    ),
    (
        frozenset({"HyperParameterTuningJobSummaries"}),
        "a list of tuning jobs, without their definitions",
        "import one of them by its name: hptc import --job NAME",
    ),
    (
        frozenset({"TrainingJobSummaries"}),
        "a list of training jobs, not a tuning job",
        "import the tuning job that started them, by its name: hptc import --job NAME",
    ),
    (frozenset({"project", "environments"}), "an hptc.yaml, not a tuning job", "run `hptc check`"),
    (
        frozenset({"name", "strategy", "limits"}),
        "already a spec",
        "run `hptc check` with its path",
    ),
)
"""The keys of other data, what it is, and what to do."""


def refuse_other_data(data: Mapping[str, object], file: str) -> None:
    """Raise UsageError if a mapping is known not to define a tuning job."""
    for keys, what, advice in _OTHER_DATA:
        if keys <= data.keys():
            raise UsageError(f"{file}: {what}", help=advice)


_CLI_ADVICE = "; or pass the files that it names with file://: hptc import config.json …"


def refuse_program_data(data: object, file: str) -> None:
    """Raise UsageError if the data of a file is a notebook."""
    if isinstance(data, Mapping) and "cells" in data and "nbformat" in data:
        _refuse_notebook(file)


def _refuse_notebook(file: str) -> NoReturn:
    _refuse(file, "a notebook", f"hptc capture -- jupyter nbconvert --to notebook --execute {file}")


def _refuse(file: str, kind: str, command: str, more: str = "") -> NoReturn:
    raise UsageError(
        f"{file}: {kind}, which hptc import doesn't run",
        help=f"run it against a local endpoint: {command}{more}",
    )
