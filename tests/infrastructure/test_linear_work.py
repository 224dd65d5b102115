"""Work grows linearly with the number of specs: counted in calls, since times are noisy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hptc.compiler.deployable import deployable_specs
from hptc.compiler.layers import Layers
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.unique_stacks import with_unique_stacks
from hptc.compiler.workspace import Workspace
from hptc.infrastructure import environment_stacks as module
from hptc.infrastructure import project_findings
from hptc.infrastructure.environment_stacks import environment_stacks
from hptc.project.references import names_in
from hptc.source.document import Document
from hptc.stacks.status import stack_statuses
from tests.support.fake_service import FakeStacks
from tests.support.outcomes import all_succeeded
from tests.support.specs import PROJECT, SPEC

Count = Callable[[Any, str], None]


@pytest.fixture
def calls() -> Counter[str]:
    return Counter()


@pytest.fixture
def count(calls: Counter[str], monkeypatch: pytest.MonkeyPatch) -> Count:
    def counted(owner: Any, name: str) -> None:
        function = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            calls[name] += 1
            return function(*arguments, **options)

        monkeypatch.setattr(owner, name, call)

    return counted


def project(folder: Path, specs: int) -> Path:
    (folder / "specs").mkdir(parents=True)
    (folder / "hptc.yaml").write_text(PROJECT, encoding="utf-8")
    for i in range(specs):
        text = SPEC.replace("name: churn", f"name: churn-{i}\nschedule: rate(7 days)")
        (folder / "specs" / f"{i}.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("specs", [1, 8])
def test_a_plan_computes_each_digest_and_the_foundation_once(
    specs: int, tmp_path: Path, count: Count, calls: Counter[str]
) -> None:
    compiled = all_succeeded(compile_paths([str(project(tmp_path, specs))], Workspace()))
    environment = compiled[0].environment
    assert environment is not None
    count(module, "stack_digest")
    count(module, "foundation")
    statuses = stack_statuses(
        environment,
        environment_stacks(environment, deployable_specs(compiled)),
        FakeStacks(),
        is_whole_project=False,
    )
    assert len(statuses.needed) == 1 + 2 * specs
    assert calls == {"stack_digest": 1 + 2 * specs, "foundation": 1}


@pytest.mark.parametrize("specs", [1, 8])
def test_environments_are_checked_once_for_any_number_of_specs(
    specs: int, tmp_path: Path, count: Count, calls: Counter[str]
) -> None:
    count(project_findings, "environment_findings")
    compile_paths([str(project(tmp_path, specs))], Workspace())
    assert calls == {"environment_findings": 2}  # dev and prod


def test_locating_references_builds_no_foundation(
    tmp_path: Path, count: Count, calls: Counter[str]
) -> None:
    from hptc.infrastructure import foundation as foundations
    from hptc.infrastructure.stack_outputs import locate

    (outcome,) = all_succeeded(compile_paths([str(project(tmp_path, 1))], Workspace()))
    assert outcome.environment is not None
    for name in ("_key", "_launcher", "_network"):
        count(foundations, name)
    names = names_in(outcome.request)
    assert len(names) >= 3
    assert all(locate(outcome.environment, name, "churn-0") is not None for name in names)
    assert calls == {}


def test_names_are_compared_without_reading_a_file_again(
    tmp_path: Path, count: Count, calls: Counter[str]
) -> None:
    """A document that was compiled is parsed again for each span, so no span may be computed."""
    folder = project(tmp_path, 0)
    for i in range(8):
        (folder / "specs" / f"{i}.yaml").write_text(SPEC.replace("name: churn", f"name: c{i}"))
    count(Layers, "span")
    count(Document, "has")
    outcomes = [outcome for outcome in compile_paths([str(folder)], Workspace()) if outcome.name]
    before = dict(calls)
    assert with_unique_stacks(outcomes) == outcomes
    assert calls == before
