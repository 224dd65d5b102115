"""A project that is new, gone or in another folder, and a spec that moves to another project."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.diff.changes import Change, Impact, Kind
from hptc.diff.review import Review
from hptc.diff.sides import review_refs
from hptc.render.diff_verdicts import verdict
from tests.support.repositories import Repository
from tests.support.trees import PROJECT
from tests.support.trees import SPEC as SEARCH

SPEC = SEARCH.replace("{type: Categorical, values: [gbtree, dart]}", "gbtree")
STRICT = PROJECT + "policy: {budget_usd: 5000, max_runtime: 1d}\n"
OTHER = PROJECT.replace("project: churn", "project: other")
OTHER_SPEC = SPEC.replace("name: trees", "name: pines")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A project with a policy and one spec; the tests run in it, on a branch."""
    result = Repository.create(tmp_path / "repository")
    result.commit("first", {"hptc.yaml": STRICT, "specs/trees.yaml": SPEC})
    result.git("switch", "--quiet", "-c", "topic")
    monkeypatch.chdir(result.root)
    return result


def changes_of_projects(found: Review) -> list[tuple[str, Kind, str]]:
    return [(change.file, change.kind, change.subject) for change in found.project]


def changes_of(found: Review, spec: str) -> list[Change]:
    return [change for diff in found.specs if diff.name == spec for change in diff.changes]


def test_the_first_project_of_a_repository_adds_its_environment(repository: Repository) -> None:
    """The commit before has no file at all."""
    repository.commit("second", {"hptc.yaml": None, "specs/trees.yaml": None})
    repository.git("branch", "--force", "main", "HEAD")
    repository.commit("third", {"hptc.yaml": STRICT, "specs/trees.yaml": SPEC})
    found = review_refs([])
    assert changes_of_projects(found) == [("hptc.yaml", Kind.ENVIRONMENT_ADDED, "dev")]
    assert [change.kind for change in changes_of(found, "trees")] == [Kind.JOB_ADDED]


def test_a_project_is_removed(repository: Repository) -> None:
    repository.commit("second", {"hptc.yaml": None, "specs/trees.yaml": None})
    found = review_refs([])
    assert changes_of_projects(found) == [("hptc.yaml", Kind.ENVIRONMENT_REMOVED, "dev")]


@pytest.mark.parametrize("is_back", [False, True], ids=["down", "up"])
def test_a_project_in_another_folder_is_the_same_project(
    repository: Repository, is_back: bool
) -> None:
    """Its stacks belong to the folder, as a deployment of another folder may not replace them."""
    moved = {"ml/hptc.yaml": STRICT, "ml/specs/trees.yaml": SPEC}
    here: dict[str, str | None] = {"hptc.yaml": None, "specs/trees.yaml": None}
    repository.commit("second", moved | here)
    if is_back:
        repository.git("branch", "--force", "main", "HEAD")
        files: dict[str, str | None] = {"hptc.yaml": STRICT, "specs/trees.yaml": SPEC}
        repository.commit("third", files | dict.fromkeys(moved))
    file = "hptc.yaml" if is_back else "ml/hptc.yaml"
    found = review_refs([])
    assert changes_of_projects(found) == [(file, Kind.PROJECT_MOVED, "repository")]
    assert verdict(found) == "moves the project to another folder"
    assert found.specs == ()


def test_a_project_in_another_folder_is_found_from_there(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    here: dict[str, str | None] = {"hptc.yaml": None, "specs/trees.yaml": None}
    repository.commit("second", here | {"ml/hptc.yaml": STRICT, "ml/specs/trees.yaml": SPEC})
    monkeypatch.chdir(repository.root / "ml")
    found = review_refs([])
    assert changes_of_projects(found) == [("hptc.yaml", Kind.PROJECT_MOVED, "repository")]
    assert found.specs == ()


def test_a_project_that_git_ignores_is_not_the_moved_one(repository: Repository) -> None:
    repository.commit("second", {".gitignore": "copy/", "hptc.yaml": None})
    repository.write("copy/hptc.yaml", STRICT)
    repository.write("copy/specs/trees.yaml", SPEC)
    assert changes_of_projects(review_refs([])) == [("hptc.yaml", Kind.ENVIRONMENT_REMOVED, "dev")]


def test_a_project_that_had_errors_may_have_had_the_environment(repository: Repository) -> None:
    repository.commit("second", {"hptc.yaml": "project: ["})
    repository.git("branch", "--force", "main", "HEAD")
    here: dict[str, str | None] = {"hptc.yaml": None, "specs/trees.yaml": None}
    repository.commit("third", here | {"ml/hptc.yaml": STRICT, "ml/specs/trees.yaml": SPEC})
    assert changes_of_projects(review_refs(["."])) == []


def test_a_repository_that_is_named_owns_the_stacks_of_every_folder(
    repository: Repository,
) -> None:
    project = f"{STRICT}repository: example.com/churn\n"
    repository.commit("second", {"hptc.yaml": project})
    repository.git("branch", "--force", "main", "HEAD")
    here: dict[str, str | None] = {"hptc.yaml": None, "specs/trees.yaml": None}
    repository.commit("third", here | {"ml/hptc.yaml": project, "ml/specs/trees.yaml": SPEC})
    assert review_refs([]).is_empty


def test_a_project_inside_of_another_has_another_policy(repository: Repository) -> None:
    files = {"specs/ml/hptc.yaml": OTHER, "specs/ml/specs/pines.yaml": OTHER_SPEC}
    repository.commit("second", files)
    found = review_refs([])
    file = "specs/ml/hptc.yaml"
    assert changes_of_projects(found) == [
        (file, Kind.POLICY_LOOSENED, "policy.budget_usd"),
        (file, Kind.POLICY_LOOSENED, "policy.max_runtime"),
        (file, Kind.ENVIRONMENT_ADDED, "dev"),
    ]
    assert found.is_as_bad_as(Impact.POLICY)


def test_a_new_environment_with_a_policy_of_its_own(repository: Repository) -> None:
    place = "account: '111122223333', region: us-east-1"
    prod = f"  prod: {{{place}, policy: {{budget_usd: 9999, max_runtime: 6h}}}}\n"
    repository.write("hptc.yaml", STRICT.replace("policy:", f"{prod}policy:", 1))
    found = review_refs([])
    assert changes_of_projects(found) == [
        ("hptc.yaml", Kind.POLICY_LOOSENED, "policy.budget_usd"),
        ("hptc.yaml", Kind.ENVIRONMENT_ADDED, "prod"),
    ]
    assert all(change.environments == ("prod",) for change in found.project)


@pytest.mark.parametrize("is_new", [False, True], ids=["known", "new"])
def test_a_spec_moves_to_another_project(repository: Repository, is_new: bool) -> None:
    other = {"specs/ml/hptc.yaml": OTHER, "specs/ml/specs/pines.yaml": OTHER_SPEC}
    if not is_new:
        repository.commit("second", other)
        repository.git("branch", "--force", "main", "HEAD")
    moved = {"specs/trees.yaml": None, "specs/ml/specs/trees.yaml": SPEC}
    repository.commit("third", (other if is_new else {}) | moved)
    found = review_refs([])
    *limits, project = (
        change
        for change in changes_of(found, "trees")
        if change.kind in (Kind.POLICY_LOOSENED, Kind.FOUNDATION_REPLACED)
    )
    assert [change.subject for change in limits] == ["policy.budget_usd", "policy.max_runtime"]
    assert project.old == "churn (hptc.yaml)"
    assert project.new == "other (specs/ml/hptc.yaml)"


def test_a_spec_without_its_project_has_no_policy(repository: Repository) -> None:
    repository.commit("second", {"hptc.yaml": None})
    found = review_refs([])
    assert changes_of_projects(found) == [("hptc.yaml", Kind.ENVIRONMENT_REMOVED, "dev")]
    changes = changes_of(found, "trees")
    assert [change.subject for change in changes if change.kind is Kind.POLICY_LOOSENED] == [
        "policy.budget_usd",
        "policy.max_runtime",
    ]
    (project,) = (change for change in changes if change.kind is Kind.FOUNDATION_REPLACED)
    assert (project.old, project.new) == ("churn (hptc.yaml)", "none")
