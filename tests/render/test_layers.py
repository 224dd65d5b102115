"""Rendering is pure: it imports what it shows, and nothing that acts."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT

RENDER = ROOT / "hptc" / "render"
MODULES = sorted(path for path in RENDER.glob("*.py") if path.stem != "__init__")
SHOWN = frozenset(
    ("compiler", "cost", "diagnostics", "diff", "frozen", "infrastructure", "jobs",
     "local", "metrics", "preview", "project", "render", "request", "results", "secrets", "service",
     "source", "stacks", "text",
     "catalog")
)  # fmt: skip
"""The packages whose results are shown."""
ACTING = (
    *("boto3", "botocore", "aws_cdk", "jsii", "moto", "click"),
    *("hptc.cli", "hptc.aws", "hptc.cdk", "hptc.sandbox", "hptc.github", "hptc.reference"),
    *("hptc.account_checks", "hptc.jobs.submission", "hptc.jobs.plan", "hptc.jobs.apply"),
    *("hptc.jobs.decide", "hptc.jobs.history", "hptc.jobs.past_runs", "hptc.jobs.snapshot"),
    *("hptc.jobs.provenance", "hptc.stacks.deploy", "hptc.stacks.destroy", "hptc.stacks.status"),
    *("hptc.local.service", "hptc.local.tuning_run", "hptc.local.process_group"),
    *("hptc.stacks.cdk_cli", "hptc.results.gather", "hptc.results.follow_up", "numpy", "scipy"),
)
STANDARD = frozenset(
    ("__future__", "collections", "csv", "dataclasses", "datetime", "decimal", "enum", "functools",
     "html", "io", "itertools", "json", "math", "os", "pathlib", "re", "statistics", "textwrap",
     "typing", "urllib")
)  # fmt: skip
THIRD_PARTY = frozenset(("jinja2", "pydantic_core", "rich", "yaml"))


def imported(path: Path) -> set[str]:
    """The first two parts of the name of every module that a file imports."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [alias.name for alias in node.names] if node.module == "hptc" else []
            modules |= {f"hptc.{name}" for name in names} or {node.module}
    return {".".join(name.split(".")[:2]) for name in modules}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_what_it_shows(path: Path) -> None:
    modules = imported(path)
    own = {name.removeprefix("hptc.") for name in modules if name.startswith("hptc.")}
    assert own <= SHOWN | {"__version__"}
    others = {name.split(".")[0] for name in modules if not name.startswith("hptc.")}
    assert others <= STANDARD | THIRD_PARTY


def test_nothing_that_acts_is_imported_indirectly() -> None:
    program = "import importlib, sys\n" + "".join(
        f"importlib.import_module('hptc.render.{path.stem}')\n" for path in MODULES
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{program}print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    loaded = done.stdout.split()
    assert "hptc.render.diff" in loaded
    acting = [name for name in loaded for part in ACTING if f"{name}.".startswith(f"{part}.")]
    assert acting == []
