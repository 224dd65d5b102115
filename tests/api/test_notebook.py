"""docs/notebook.ipynb runs against a sandbox, and shows what is committed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from hptc.sandbox.server import Sandbox
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

_FORMAT: Any = nbformat  # its functions have no types
NOTEBOOK = ROOT / "docs" / "notebook.ipynb"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(tuning="dry") as sandbox:
        yield sandbox


def texts(notebook: Any) -> list[list[str]]:
    """What each cell has printed or shown as text, and the HTML of hptc's answers."""
    lines = []
    for cell in notebook.cells:
        outputs = cell.get("outputs", ())
        shown = ["".join(output.get("text", "") for output in outputs)]
        for output in outputs:
            data = output.get("data", {})
            html = data.get("text/html", "")
            shown += [data.get("text/plain", ""), "" if "dataframe" in html else html]
        lines.append(shown)
    return lines


def test_the_notebook_shows_what_it_computes(
    sandbox: Sandbox,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", ""))))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    committed = _FORMAT.read(NOTEBOOK, as_version=4)
    executed = _FORMAT.from_dict(committed)
    (tmp_path / "cwd").mkdir()
    client = NotebookClient(
        executed, timeout=60, resources={"metadata": {"path": str(tmp_path / "cwd")}}
    )
    client.execute()
    for cell in executed.cells:  # times, and what depends on the machine
        cell.metadata.pop("execution", None)
    executed.metadata.language_info = {"name": "python"}
    if request.config.getoption("--update-golden"):
        _FORMAT.write(executed, NOTEBOOK)
    committed = _FORMAT.read(NOTEBOOK, as_version=4)
    assert texts(executed) == texts(committed), "docs/notebook.ipynb: `make golden`"
    assert (tmp_path / "cwd" / "churn.html").is_file()
