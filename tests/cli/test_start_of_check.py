"""What `hptc check` does not spend time on when it starts, measured on the command itself."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from hptc.cli.no_plugins import disable_plugins
from tests.support.paths import ROOT

PROGRAM = """
import gc, sys
from hptc.cli import main
collections = []
gc.callbacks.append(lambda phase, _: collections.append(phase))
try:
    main()
except SystemExit as end:
    assert end.code == 0
print(len(collections), len(gc.get_objects()), *sys.modules)
"""


def started(**environment: str) -> list[str]:
    """The collections of garbage, the objects to collect at the end, and all modules."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, "check", "specs/mnist-kmeans.yaml"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != "PYDANTIC_DISABLE_PLUGINS"} | environment,
        check=True,
    )
    return ran.stdout.split()


def test_check_collects_no_garbage_and_imports_no_more_than_it_uses() -> None:
    collections, objects, *modules = started()
    assert int(collections) == 0
    assert int(objects) < 1000
    assert "pydantic" in modules
    assert not {"importlib.metadata", "email", "zipfile", "socket", "jinja2"} & {*modules}
    assert not {"hptc.reference.rule_pages", "hptc.render.sarif"} & {*modules}


@pytest.mark.parametrize(
    "command",
    ["check", "compile", "cost", "diff", "permissions", "plan", "preview", "submit"],
)
def test_the_models_and_rules_come_before_what_needs_them(command: str) -> None:
    tree = ast.parse((ROOT / "hptc" / "cli" / f"{command}.py").read_text("utf-8"))
    imports = [
        ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    first = next(line for line in imports if line.split()[1].startswith("hptc."))
    assert first == "import hptc.cli.early_imports"


@pytest.mark.parametrize("disabled", ["", "logfire-plugin"])
def test_users_can_have_plugins_of_pydantic(disabled: str) -> None:
    assert "importlib.metadata" in started(PYDANTIC_DISABLE_PLUGINS=disabled)


def test_a_pydantic_that_needs_more_than_no_plugins_gets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYDANTIC_DISABLE_PLUGINS", "__all__")
    monkeypatch.delitem(sys.modules, "pydantic.plugin._loader", raising=False)
    disable_plugins()
    from pydantic.plugin._loader import PYDANTIC_ENTRY_POINT_GROUP, get_plugins

    assert PYDANTIC_ENTRY_POINT_GROUP == "pydantic"
    assert tuple(get_plugins()) == ()
