"""What strangers send: no file of 1 MB takes long, much memory, or much of the log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hptc.diagnostics import MAX_OF_CODE
from tests.support.hostile import GOOD, LARGE, many
from tests.support.limited import MEGABYTES, SECONDS, Ran, hptc

MAX_OUTPUT = 300_000  # characters
ENVIRONMENT = "{account: '111122223333', region: us-east-1"


def is_within_limits(ran: Ran) -> bool:
    assert "Traceback" not in ran.err
    assert len(ran.out) + len(ran.err) < MAX_OUTPUT
    assert ran.megabytes < MEGABYTES
    assert ran.seconds < SECONDS
    return ran.code in (0, 1)


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE)
def test_a_large_spec(tmp_path: Path, text: Callable[[], str]) -> None:
    content = text()
    assert len(content) <= 1_000_000
    (tmp_path / "x.yaml").write_text(content, "utf-8")
    assert is_within_limits(hptc("check", "x.yaml", cwd=tmp_path))


PROJECTS: dict[str, tuple[str, str]] = {
    "the same folder": (f"specs: [{'., ' * 19_000}]", GOOD),
    "one folder by many names": (
        f"specs: [{', '.join(chr(46) + '/' * n for n in range(1, 1000))}]", GOOD
    ),
    "many environments": (
        "environments:\n" + many(5000, lambda n: f"  e{n}: {ENVIRONMENT}}}\n"), GOOD
    ),
    "templates in every environment": (
        "environments:\n" + many(50, lambda n: f"  e{n}: {ENVIRONMENT}}}\n"),
        GOOD + many(45, lambda n: f"k{n}: '{{{{ {n} {'~ 1 ' * 400} }}}}'\n"),
    ),
    "many variables and none of them": (
        f"environments:\n  e: {ENVIRONMENT}, variables: {{"
        + many(19_000, lambda n: f"v{n}: x, ") + "}}\n",
        GOOD + many(4000, lambda n: f"k{n}: '{{{{ w{n} }}}}'\n"),
    ),
    "a long text in a list": (
        f"environments:\n  e: {ENVIRONMENT}, variables: {{v: [{'x' * 900_000}]}}}}\n",
        f"{GOOD}a: '{{{{ v[0]{' ~ v[0]' * 2000} }}}}'\n",
    ),
    "unknown keys": (many(19_000, lambda n: f"k{n}: 1\n"), GOOD),
}  # fmt: skip


@pytest.mark.parametrize(("text", "spec"), PROJECTS.values(), ids=PROJECTS)
def test_a_large_project(tmp_path: Path, text: str, spec: str) -> None:
    specs = "" if "specs:" in text else "specs: [x.yaml]\n"
    (tmp_path / "hptc.yaml").write_text(f"project: p\n{specs}{text}\n", "utf-8")
    (tmp_path / "x.yaml").write_text(spec, "utf-8")
    assert is_within_limits(hptc("check", cwd=tmp_path))


def test_each_folder_of_a_project_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "hptc.yaml").write_text(
        "project: p\nspecs: [., ./, a, a/.., a/b, again]\n", "utf-8"
    )
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "again").symlink_to("a")
    (tmp_path / "a" / "b" / "x.yaml").write_text(GOOD, "utf-8")
    assert "checked 1 file: no errors" in hptc("check", cwd=tmp_path).err


LOGS: dict[str, Callable[[], str]] = {
    "line breaks": lambda: "\n" * 20_000_000,
    "one line": lambda: "loss=" * 3_900_000,
    "short lines": lambda: "loss=1\n" * 490_000,
}


READ = {
    "line breaks": (2, "has more than 500,000 lines"),
    "one line": (1, "0 of 1 line"),
    "short lines": (0, "490,000 of 490,000 lines"),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_large_log(tmp_path: Path, name: str) -> None:
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
    own = "111122223333.dkr.ecr.us-east-1.amazonaws.com/x:1"
    metrics = "\n    metric_definitions: {validation:auc: 'loss=([0-9.]+)'}"
    (tmp_path / "x.yaml").write_text(GOOD.replace(image, own + metrics), "utf-8")
    (tmp_path / "x.log").write_text(LOGS[name](), "utf-8")
    ran = hptc("metrics", "x.yaml", "--log", "x.log", cwd=tmp_path)
    assert "Traceback" not in ran.err
    code, message = READ[name]
    assert ran.code == code, ran.err
    assert message in ran.out + ran.err
    assert ran.megabytes < MEGABYTES


@pytest.mark.parametrize("form", ["text", "concise", "json", "github", "markdown", "sarif"])
def test_findings_of_one_code_are_counted_after_the_first(tmp_path: Path, form: str) -> None:
    count = 19_000
    (tmp_path / "x.yaml").write_text(GOOD + "a: 1\n" * (count + 1), "utf-8")
    ran = hptc("check", "--format", form, "x.yaml", cwd=tmp_path)
    more = f"and {count - MAX_OF_CODE:,} more findings of HPT003 in this file"
    assert more in ran.out
    assert ran.out.count("HPT003") <= 2 * MAX_OF_CODE + 20
