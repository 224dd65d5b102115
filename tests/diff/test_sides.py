"""Comparisons in a real repository: which versions are compared, and what is reported."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.diff.changes import Impact, Kind
from hptc.diff.review import Parent, Review
from hptc.diff.sides import review_refs
from hptc.errors import UsageError
from hptc.render.diff import Format, render_diff
from tests.support.outcomes import succeeded
from tests.support.repositories import Repository
from tests.support.secret_samples import filled
from tests.support.trees import PROJECT
from tests.support.trees import SPEC as SEARCH

SPEC = SEARCH.replace("{type: Categorical, values: [gbtree, dart]}", "gbtree")
WIDER = SPEC.replace("max: 0.1, scaling", "max: 0.3, scaling")


def named(name: str, text: str = SPEC) -> str:
    return text.replace("name: trees", f"name: {name}")


def child(name: str, *parents: str) -> str:
    listed = ", ".join(parents)
    return named(name) + f"warm_start: {{type: IdenticalDataAndAlgorithm, parents: [{listed}]}}\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A project with two specs and one commit; the tests run in it, on a branch."""
    result = Repository.create(tmp_path / "repository")
    result.commit(
        "first",
        {"hptc.yaml": PROJECT, "specs/trees.yaml": SPEC, "specs/other.yaml": named("other")},
    )
    result.git("switch", "--quiet", "-c", "topic")
    monkeypatch.chdir(result.root)
    return result


def kinds_by_spec(review: Review) -> dict[str, list[Kind]]:
    """The kinds of changes to each spec, without permissions."""
    return {
        spec.name: [
            change.kind
            for change in spec.changes
            if change.kind not in (Kind.PERMISSIONS_BROADENED, Kind.PERMISSIONS_NARROWED)
        ]
        for spec in review.specs
    }


# Nothing to say.


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"README.md": "text"}, id="a file that is not a spec"),
        pytest.param({"specs/trees.yaml": f"# why\n\n{SPEC}\n"}, id="a comment"),
        pytest.param({"specs/trees.yaml": f"\ufeff{SPEC}"}, id="a byte order mark"),
        pytest.param({"specs/trees.yaml": SPEC.replace("\n", "\r\n")}, id="ends of lines"),
        pytest.param(
            {"specs/trees.yaml": None, "specs/deep/forest.yaml": SPEC}, id="a file renamed"
        ),
        pytest.param(
            {"specs/trees.yaml": named("other"), "specs/other.yaml": SPEC}, id="files swapped"
        ),
        pytest.param({"hptc.yaml": f"# why\n{PROJECT}"}, id="a comment in hptc.yaml"),
        pytest.param({"hptc.yaml": f"{PROJECT}defaults: {{}}\n"}, id="empty defaults"),
    ],
)
@pytest.mark.parametrize("is_committed", [False, True], ids=["work tree", "committed"])
def test_nothing_to_say(
    repository: Repository, files: dict[str, str | None], is_committed: bool
) -> None:
    repository.commit("change", files)
    if not is_committed:
        repository.git("reset", "--quiet", "--soft", "main")
    review = review_refs([])
    assert review.is_empty
    assert review.impact is None
    assert review.compared == 2


def test_what_changed_on_main_since_does_not_count(repository: Repository) -> None:
    repository.git("switch", "--quiet", "main")
    repository.commit("on main", {"specs/trees.yaml": WIDER})
    repository.git("switch", "--quiet", "topic")
    repository.commit("on topic", {"specs/other.yaml": named("other", WIDER)})
    assert kinds_by_spec(review_refs([])) == {"other": [Kind.RANGE_WIDENED]}


def test_changes_merged_from_main_do_not_count(repository: Repository) -> None:
    repository.git("switch", "--quiet", "main")
    repository.commit("on main", {"specs/trees.yaml": WIDER})
    repository.git("switch", "--quiet", "topic")
    repository.commit("on topic", {"specs/other.yaml": named("other", WIDER)})
    repository.git("merge", "--quiet", "--no-edit", "main")
    assert kinds_by_spec(review_refs([])) == {"other": [Kind.RANGE_WIDENED]}


# Something to say.


def test_a_change(repository: Repository) -> None:
    before = repository.git("rev-parse", "--short=7", "HEAD")
    repository.write("specs/trees.yaml", WIDER)
    review = review_refs([])
    (spec,) = review.specs
    assert kinds_by_spec(review) == {"trees": [Kind.RANGE_WIDENED]}
    assert (review.old, review.new) == (f"main ({before})", "the working tree")
    assert spec.new_jobs == 1
    assert spec.file == "specs/trees.yaml"
    assert spec.comparisons[0].old_job != spec.comparisons[0].new_job


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("{team: growth}", "{team: growth, cost: a}", "tags.cost: tag added: a"),
        ("{team: growth}", "{team: growth, cost: ''}", 'tags.cost: tag added: ""'),
        ("{team: growth}", "{}", "tags.team: tag removed: growth"),
        ("{team: growth}", "{team: ''}", 'tags.team: tag changed: growth → ""'),
        ("{team: growth}", "{team: risk}", "tags.team: tag changed: growth → risk"),
    ],
)
def test_a_tag_was_added_removed_or_changed(
    repository: Repository, old: str, new: str, line: str
) -> None:
    before, after = (SPEC.replace("{team: growth}", text) for text in (old, new))
    review = commit_both(repository, {"specs/trees.yaml": before}, {"specs/trees.yaml": after})
    assert f"  • {line}\n" in render_diff(review, Format.TEXT)
    assert line.split(": ")[1] in render_diff(review, Format.MARKDOWN)
    (change,) = json.loads(render_diff(review, Format.JSON))["specs"][0]["changes"]
    assert (change["kind"], change["action"]) == ("tag", line.split()[2].rstrip(":"))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "  environment: {A: b}\n", "environment.A: environment variable added: b"),
        ("  environment: {A: b}\n", "", "environment.A: environment variable removed: b"),
        ("", "  retry: {maximum_retry_attempts: 2}\n", "retry strategy added: 2"),
    ],
)
def test_a_part_of_the_training_job_was_added_or_removed(
    repository: Repository, before: str, after: str, expected: str
) -> None:
    old, new = (
        SPEC.replace("  environment: {LOG_LEVEL: info}\n", text) for text in (before, after)
    )
    review = commit_both(repository, {"specs/trees.yaml": old}, {"specs/trees.yaml": new})
    assert expected in render_diff(review, Format.TEXT)


def test_a_violation_that_is_older_than_the_change(repository: Repository) -> None:
    limited = PROJECT.replace(
        "infrastructure:", "policy: {required_tags: {cost: .+}}\n    infrastructure:"
    )
    repository.commit("policy", {"hptc.yaml": limited})
    repository.commit("change", {"specs/trees.yaml": WIDER})
    review = review_refs([], against="HEAD~1")
    text = render_diff(review, Format.TEXT)
    assert text.startswith("hptc diff: still violates the policy (1 of 2 specs changed")
    (line,) = [line for line in text.splitlines() if line.startswith("  error[HPT")]
    assert "cost" in line
    assert line.endswith("  (not from this change)")
    page = render_diff(review, Format.MARKDOWN)
    assert page.startswith("🔴 **hptc diff: still violates the policy**")
    assert "| `trees` | 🔴 still violates the policy |" in page
    assert "Findings that are not from this change:\n- error HPT" in page
    (spec,) = json.loads(render_diff(review, Format.JSON))["specs"]
    assert [error["code"] for error in spec["old_errors"]] == [line[8:14]]
    assert not spec["findings"]
    assert [change["action"] for change in spec["changes"]] == ["unchanged", "changed"]


def test_an_old_violation_beside_a_parent_in_another_file(repository: Repository) -> None:
    """The parent's own error is old too, although the message about it names its new file."""
    limited = PROJECT.replace(
        "infrastructure:", "policy: {required_tags: {cost: .+}}\n    infrastructure:"
    )
    repository.commit("policy", {"hptc.yaml": limited, "specs/b.yaml": child("b", "trees")})
    repository.commit("change", {"specs/trees.yaml": None, "specs/t.yaml": WIDER})
    text = render_diff(review_refs([], against="HEAD~1"), Format.TEXT)
    assert text.startswith("hptc diff: still violates the policy")


def test_a_new_violation_beside_an_old_one(repository: Repository) -> None:
    limited = PROJECT.replace(
        "infrastructure:",
        "policy: {required_tags: {cost: .+}, max_number_of_training_jobs: 20}\n    infrastructure:",
    )
    repository.commit("policy", {"hptc.yaml": limited})
    more = SPEC.replace("max_number_of_training_jobs: 20", "max_number_of_training_jobs: 21")
    repository.commit("change", {"specs/trees.yaml": more})
    text = render_diff(review_refs([], against="HEAD~1"), Format.TEXT)
    assert text.startswith("hptc diff: violates the policy")
    new, old = [line for line in text.splitlines() if line.startswith("  error[HPT")]
    assert "21" in new
    assert old.endswith("  (not from this change)")


def test_added_and_removed(repository: Repository) -> None:
    different = named("new", WIDER).replace(
        "max_number_of_training_jobs: 20", "max_number_of_training_jobs: 9"
    )
    repository.commit("change", {"specs/other.yaml": None, "specs/new.yaml": different})
    review = review_refs([])
    assert kinds_by_spec(review) == {"new": [Kind.JOB_ADDED], "other": [Kind.JOB_REMOVED]}
    assert review.impact is Impact.JOBS


@pytest.mark.parametrize("file", ["specs/other.yaml", "specs/else.yaml"])
def test_a_spec_renamed(repository: Repository, file: str) -> None:
    repository.commit("change", {"specs/other.yaml": None, file: named("else")})
    review = review_refs([])
    assert kinds_by_spec(review) == {"else": [Kind.JOB_RENAMED]}
    assert review.impact is Impact.JOBS  # the role of the new name writes to the new name's folder
    assert "/else/" in review.specs[0].changes[0].note


def test_a_spec_renamed_and_moved(repository: Repository) -> None:
    elsewhere = named("else").replace(
        "  resources:",
        "  output: {s3_output_path: 's3://{{ artifact_bucket }}/all/'}\n  resources:",
    )
    repository.commit("change", {"specs/other.yaml": elsewhere})
    review = review_refs([])
    assert kinds_by_spec(review) == {"else": [Kind.JOB_RENAMED, Kind.OUTPUT]}
    assert review.impact is Impact.PERMISSIONS


def test_a_spec_renamed_and_changed(repository: Repository) -> None:
    repository.commit("change", {"specs/other.yaml": named("else", WIDER)})
    assert kinds_by_spec(review_refs([])) == {"else": [Kind.JOB_RENAMED, Kind.RANGE_WIDENED]}


@pytest.mark.parametrize(
    ("new", "kind"),
    [
        pytest.param(WIDER, Kind.RANGE_WIDENED, id="range"),
        pytest.param(SPEC.replace("jobs: 20", "jobs: 30"), Kind.LIMITS, id="limits"),
        pytest.param(SPEC.replace("m5.xlarge", "m5.2xlarge"), Kind.INSTANCES, id="instances"),
        pytest.param(SPEC.replace("growth", "risk"), Kind.TAG, id="tags"),
    ],
)
def test_a_spec_renamed_and_changed_in_another_file(
    new: str, kind: Kind, repository: Repository
) -> None:
    repository.commit("change", {"specs/other.yaml": None, "specs/else.yaml": named("else", new)})
    assert kinds_by_spec(review_refs([])) == {"else": [Kind.JOB_RENAMED, kind]}


def test_each_of_several_specs_that_are_renamed_and_changed(repository: Repository) -> None:
    """Each is paired with what it was before, although they are alike."""
    small = SPEC.replace("jobs: 20", "jobs: 5")
    files = {"specs/trees.yaml": SPEC, "specs/other.yaml": named("other", small)}
    repository.commit("old", files)
    new = {
        "specs/a.yaml": named("a", small.replace("growth", "risk")),
        "specs/b.yaml": named("b", WIDER),
    }
    repository.commit("new", {**dict.fromkeys(files), **new})
    review = review_refs([], against="HEAD~1")
    assert kinds_by_spec(review) == {
        "a": [Kind.JOB_RENAMED, Kind.TAG],
        "b": [Kind.JOB_RENAMED, Kind.RANGE_WIDENED],
    }
    assert {spec.name: spec.changes[0].old for spec in review.specs} == {"a": "other", "b": "trees"}


def test_the_verdict_counts_what_is_added_and_removed(repository: Repository) -> None:
    changed = {
        "specs/a.yaml": named("a", WIDER).replace("jobs: 20", "jobs: 9"),
        "specs/b.yaml": named("b", WIDER).replace("jobs: 20", "jobs: 8"),
    }
    repository.commit("change", {"specs/other.yaml": None, **changed})
    text = render_diff(review_refs([]), Format.TEXT)
    assert text.startswith("hptc diff: adds 2 tuning jobs and removes 1 (3 of 4 specs changed")


def test_a_copy_is_added(repository: Repository) -> None:
    repository.write("specs/copy.yaml", named("copy"))
    assert kinds_by_spec(review_refs([])) == {"copy": [Kind.JOB_ADDED]}


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["specs/trees.yaml"], ["trees"]),
        (["specs/gone.yaml"], ["gone"]),
        (["specs/moved.yaml"], []),
        (["specs"], ["trees", "gone"]),
        (["."], ["trees", "gone"]),
        (["specs/trees.yaml", "specs/trees.yaml"], ["trees"]),
    ],
)
def test_paths(repository: Repository, paths: list[str], expected: list[str]) -> None:
    repository.commit("second", {"specs/gone.yaml": named("gone", WIDER)})
    repository.git("branch", "--force", "main", "HEAD")
    repository.commit(
        "change",
        {
            "specs/trees.yaml": WIDER,
            "specs/gone.yaml": None,
            "specs/other.yaml": None,
            "specs/moved.yaml": named("other"),
        },
    )
    assert sorted(kinds_by_spec(review_refs(paths))) == sorted(expected)


def test_from_a_folder_of_the_project(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.write("specs/trees.yaml", WIDER)
    monkeypatch.chdir(repository.root / "specs")
    assert kinds_by_spec(review_refs([])) == {"trees": [Kind.RANGE_WIDENED]}
    assert kinds_by_spec(review_refs(["trees.yaml"])) == {"trees": [Kind.RANGE_WIDENED]}


def test_from_elsewhere(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.write("specs/trees.yaml", WIDER)
    monkeypatch.chdir(tmp_path)
    assert list(kinds_by_spec(review_refs([str(repository.root)]))) == ["trees"]


def test_two_commits(repository: Repository) -> None:
    repository.commit("second", {"specs/trees.yaml": WIDER})
    repository.commit("third", {"specs/other.yaml": named("other", WIDER)})
    repository.write("specs/trees.yaml", "nonsense: [")
    assert list(kinds_by_spec(review_refs([], against="main", head="HEAD~1"))) == ["trees"]
    assert list(kinds_by_spec(review_refs([], against="HEAD~1", head="HEAD"))) == ["other"]
    assert review_refs([], against="HEAD", head="HEAD").is_empty
    backwards = review_refs([], against="HEAD", head="main")
    assert kinds_by_spec(backwards) == {
        "other": [Kind.RANGE_NARROWED],
        "trees": [Kind.RANGE_NARROWED],
    }


# hptc.yaml belongs to its side.


def test_each_side_has_its_own_project(repository: Repository) -> None:
    spec = SPEC.replace("max_number_of_training_jobs: 20", "max_number_of_training_jobs: '{{ n }}'")
    old = PROJECT.replace("infrastructure:", "variables: {n: 20}\n    infrastructure:")
    repository.commit("second", {"specs/trees.yaml": spec.replace("'{{ n }}'", '"{{ n }}"')})
    repository.commit("third", {"hptc.yaml": old, "specs/other.yaml": None})
    repository.git("branch", "--force", "main", "HEAD")
    repository.write("hptc.yaml", old.replace("n: 20", "n: 40"))
    review = review_refs([])
    assert kinds_by_spec(review) == {"trees": [Kind.LIMITS]}
    assert review.project == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("network: managed", "network: absent", [Kind.NETWORK_LOOSENED]),
        ("network: managed", "network: {cidr: 10.1.0.0/20}", [Kind.NETWORK_REPLACED]),
        ("network: managed", "network: {s3_buckets: [lake]}", [Kind.ENDPOINT_WIDENED]),
        ("network: managed", "network: {interface_endpoints: [logs]}", [Kind.INFRASTRUCTURE]),
        ("network: managed", "removal: destroy, network: managed", [Kind.REMOVAL_DESTROY]),
        ("network: managed", "role_path: /ml/, network: managed", [Kind.ROLE_PATH]),
        ("network: managed", "kms_key: absent, network: managed", [Kind.KEY_LEAVES]),
        ("network: managed", "data_bucket: lake, network: managed", [Kind.BUCKET_LEAVES]),
        ("network: managed", "execution_role: admin, network: managed", [Kind.ROLE_UNKNOWN]),
        ("network: managed", "permissions_boundary: b, network: managed", [Kind.BOUNDARY_ADDED]),
        ("region: us-east-1", "region: eu-west-1", [Kind.FOUNDATION_REPLACED]),
        ("project: churn", "project: leave", [Kind.FOUNDATION_REPLACED]),
        ("project: churn", "project: churn\nrepository: a.b/c", [Kind.REPOSITORY]),
        ("default_environment: dev\n", "", [Kind.DEFAULT_ENVIRONMENT]),
        ("default_environment", "policy: {regions: [us-east-1]}\ndefault_environment",
         [Kind.POLICY_TIGHTENED]),
    ],
)  # fmt: skip
def test_what_hptc_yaml_changes_for_all(
    repository: Repository, old: str, new: str, expected: list[Kind]
) -> None:
    repository.write("hptc.yaml", PROJECT.replace(old, new))
    review = review_refs([])
    assert [change.kind for change in review.project] == expected
    assert not review.is_empty


def test_hptc_yaml_is_new(repository: Repository) -> None:
    repository.commit("second", {"hptc.yaml": None, "elsewhere/draft.yaml": named("draft")})
    repository.git("branch", "--force", "main", "HEAD")
    repository.write("hptc.yaml", PROJECT)
    assert kinds_by_spec(review_refs([])) == {"other": [Kind.REPAIRED], "trees": [Kind.REPAIRED]}


def test_hptc_yaml_is_broken_on_the_new_side(repository: Repository) -> None:
    """Its errors are reported once, without those that follow for every spec."""
    repository.write("hptc.yaml", "project: [")
    review = review_refs([])
    assert kinds_by_spec(review) == {}
    assert [change.kind for change in review.project] == [Kind.BROKEN]
    assert [finding.code for finding in review.project_findings] == ["HPT002"]
    assert review.notes == ("2 specs can't be compared until hptc.yaml has no errors",)
    assert review.impact is Impact.BREAKS
    text = render_diff(review, Format.TEXT)
    assert text.count("error[HPT002] hptc.yaml:") == 1


def test_hptc_yaml_is_broken_on_both_sides(repository: Repository) -> None:
    repository.commit("second", {"hptc.yaml": "project: ["})
    repository.git("branch", "--force", "main", "HEAD")
    repository.write("specs/trees.yaml", WIDER)
    review = review_refs([])
    assert review.notes == ("2 specs can't be compared until hptc.yaml has no errors",)
    text = render_diff(review, Format.TEXT)
    assert text.startswith("hptc diff: still does not compile (0 of 2 specs changed")
    assert re.search(r"error\[HPT002\] hptc.yaml:.*  \(not from this change\)\n", text)
    assert "Findings that are not from this change:" in render_diff(review, Format.MARKDOWN)
    data = json.loads(render_diff(review, Format.JSON))
    assert [error["code"] for error in data["project_old_errors"]] == ["HPT002"]


def test_hptc_yaml_is_broken_on_both_sides_and_no_spec_changed(repository: Repository) -> None:
    repository.commit("second", {"hptc.yaml": "project: ["})
    repository.git("branch", "--force", "main", "HEAD")
    repository.write("README.md", "text")
    assert review_refs([]).is_empty


# Environments.

PROD = "  prod: {account: '111122223333', region: us-east-1}\n"
LOOSE_PROD = PROD.replace("1}", "1, overrides: {training_job: {enable_network_isolation: false}}}")


@pytest.fixture
def two_environments(repository: Repository) -> Repository:
    """The project with `dev`, the default, and `prod` on both sides."""
    repository.commit("second", {"hptc.yaml": PROJECT + PROD})
    repository.git("branch", "--force", "main", "HEAD")
    return repository


def test_the_same_change_in_every_environment_is_shown_once(two_environments: Repository) -> None:
    two_environments.write("specs/trees.yaml", WIDER)
    review = review_refs([])
    assert review.environments == ("dev", "prod")
    assert kinds_by_spec(review) == {"trees": [Kind.RANGE_WIDENED]}
    (spec,) = review.specs
    assert [change.environments for change in spec.changes] == [()]
    assert [comparison.environment for comparison in spec.comparisons] == ["dev", "prod"]
    assert (review.new_jobs, review.compared) == (2, 2)


def test_a_change_in_one_environment_names_it(two_environments: Repository) -> None:
    """The default environment does not change at all."""
    two_environments.write("hptc.yaml", PROJECT + LOOSE_PROD)
    review = review_refs([])
    assert kinds_by_spec(review) == {name: [Kind.ISOLATION_LOOSENED] for name in ("other", "trees")}
    assert {change.environments for change in review.changes} == {("prod",)}
    text = render_diff(review, Format.TEXT)
    assert text.startswith("hptc diff: loosens security in prod (2 of 2 specs changed, ")
    assert "• prod: network isolation: isolation loosened: on → off" in text
    assert review_refs([], environment="dev").is_empty


def test_the_verdict_is_the_worst_of_any_environment(two_environments: Repository) -> None:
    two_environments.write("specs/trees.yaml", WIDER)
    two_environments.write("hptc.yaml", PROJECT + LOOSE_PROD)
    review = review_refs([])
    assert review.impact is Impact.SECURITY
    assert review_refs([], environment="dev").impact is Impact.SEARCH


def test_changed_differently_in_each_environment(two_environments: Repository) -> None:
    project = (PROJECT + PROD).replace("network: managed}", "network: managed, removal: destroy}")
    two_environments.write("hptc.yaml", project.replace("region: us-east-1}", "region: us-west-2}"))
    review = review_refs([])
    assert [(change.kind, change.environments) for change in review.project] == [
        (Kind.REMOVAL_DESTROY, ("dev",)),
        (Kind.FOUNDATION_REPLACED, ("prod",)),
    ]


def test_one_change_of_hptc_yaml_in_every_environment(two_environments: Repository) -> None:
    two_environments.write("hptc.yaml", "policy: {budget_usd: 5}\n" + PROJECT + PROD)
    review = review_refs([])
    kinds = [(change.kind, change.environments) for change in review.project]
    assert (Kind.POLICY_TIGHTENED, ()) in kinds


def test_an_environment_is_added(repository: Repository) -> None:
    repository.write("hptc.yaml", PROJECT + PROD)
    review = review_refs([])
    (added,) = review.project
    assert (added.kind, added.subject, added.environments) == (
        Kind.ENVIRONMENT_ADDED, "prod", ("prod",)
    )  # fmt: skip
    assert kinds_by_spec(review) == {"other": [Kind.JOB_ADDED], "trees": [Kind.JOB_ADDED]}
    assert review.new_jobs == 2
    assert kinds_by_spec(review_refs([], environment="prod")) == kinds_by_spec(review)


def test_an_environment_is_removed(two_environments: Repository) -> None:
    """Its specs are not listed: what stays in AWS is reported once."""
    two_environments.write("hptc.yaml", PROJECT)
    review = review_refs([])
    (removed,) = review.project
    assert (removed.kind, removed.environments) == (Kind.ENVIRONMENT_REMOVED, ("prod",))
    assert "`npx cdk destroy --all -c env=prod`" in removed.note
    assert review.specs == ()


@pytest.fixture
def two_projects(repository: Repository) -> Repository:
    """Two nested projects, `a` and `b`, and none at the root."""
    files: dict[str, str | None] = {"hptc.yaml": None}
    for name in "ab":
        project = PROJECT.replace("project: churn", f"project: {name}")
        files |= {f"{name}/hptc.yaml": project + PROD, f"{name}/specs/{name}.yaml": named(name)}
    files |= {"specs/trees.yaml": None, "specs/other.yaml": None}
    repository.commit("second", files)
    repository.git("branch", "--force", "main", "HEAD")
    return repository


@pytest.mark.parametrize("paths", [["."], ["b", "a"], ["a"]], ids=" ".join)
def test_every_project_below_a_folder_is_compared(
    two_projects: Repository, paths: list[str]
) -> None:
    text = (two_projects.root / "a/hptc.yaml").read_text(encoding="utf-8")
    two_projects.write("a/hptc.yaml", text.replace("managed}", "managed, removal: destroy}"))
    review = review_refs(paths)
    (change,) = review.project
    assert (change.kind, change.file, change.environments) == (
        Kind.REMOVAL_DESTROY, "a/hptc.yaml", ("dev",)
    )  # fmt: skip
    assert review.is_as_bad_as(Impact.SECURITY)
    assert review.compared == (1 if paths == ["a"] else 2)
    for form in (Format.TEXT, Format.MARKDOWN, Format.GITHUB, Format.JSON):
        assert "a/hptc.yaml" in render_diff(review, form)


def test_the_first_environments_of_a_repository(repository: Repository) -> None:
    """hptc.yaml is new, so nothing is known about the environments of the old version."""
    repository.commit("second", {"hptc.yaml": None})
    repository.git("branch", "--force", "main", "HEAD")
    repository.write("hptc.yaml", PROJECT + LOOSE_PROD)
    review = review_refs([])
    names = {comparison.environment for spec in review.specs for comparison in spec.comparisons}
    assert names == {"dev", "prod"}
    assert "invalid name" not in render_diff(review, Format.TEXT)


def test_an_environment_that_neither_side_has(repository: Repository) -> None:
    with pytest.raises(UsageError, match="neither version has an environment `prod`"):
        review_refs([], environment="prod")


@pytest.mark.parametrize("form", Format)
def test_markup_in_the_name_of_an_environment(two_environments: Repository, form: Format) -> None:
    hostile = "'@octocat ![x](https://example.com)'"
    two_environments.write("hptc.yaml", PROJECT + LOOSE_PROD.replace("prod", hostile))
    two_environments.write("specs/trees.yaml", WIDER)
    text = render_diff(review_refs([]), form)
    if form is Format.MARKDOWN:
        outside_of_code = re.sub(r"`[^`]*`", "", text)
        assert "@octocat" not in outside_of_code


@pytest.mark.parametrize("form", Format)
def test_a_secret_that_is_a_key_or_a_reason_is_hidden(repository: Repository, form: Format) -> None:
    token = filled("ghp_{alnum:36}")
    changed = SPEC.replace("num_round: 200", f"{token}: 1\n    num_round: 200")
    changed = changed.replace("gbtree", f"gbtree # hptc: ignore[HPT314] {token}")
    repository.write("specs/trees.yaml", changed.replace("team:", f"{token}: x, team:"))
    text = render_diff(review_refs([]), form)
    assert "*" * len(token) in text
    assert token not in text


def test_a_suppression_is_shown_with_its_reason(repository: Repository) -> None:
    wide = SPEC.replace("max: 0.1, scaling: Logarithmic", "max: 0.5, scaling: Linear")
    repository.commit("second", {"specs/trees.yaml": wide})
    repository.git("branch", "--force", "main", "HEAD")
    line = next(line for line in wide.splitlines() if "eta:" in line)
    repository.write(
        "specs/trees.yaml", wide.replace(line, f"{line} # hptc: ignore[HPT208] most are large")
    )
    (spec,) = review_refs([]).specs
    (change,) = spec.changes
    assert (change.kind, change.subject) == (Kind.SUPPRESSION_ADDED, "HPT208")
    assert change.note == "reason: most are large"
    assert spec.impact is Impact.SUPPRESSION


def test_a_role_that_hptc_did_not_create(repository: Repository) -> None:
    role = "  role_arn: arn:aws:iam::111122223333:role/Admin\n  stopping:"
    repository.write("specs/trees.yaml", SPEC.replace("  stopping:", role))
    review = review_refs([])
    assert kinds_by_spec(review) == {"trees": [Kind.ROLE_UNKNOWN]}
    assert review.impact is Impact.SECURITY


# What does not compile.


def test_broken_now(repository: Repository) -> None:
    repository.write("specs/trees.yaml", SPEC.replace("strategy: Bayesian", "strategy: Bayes"))
    review = review_refs([])
    assert kinds_by_spec(review) == {"trees": [Kind.BROKEN]}
    assert review.impact is Impact.BREAKS
    assert [finding.code for finding in review.specs[0].findings if finding.is_error] == ["HPT104"]


def test_broken_before(repository: Repository) -> None:
    repository.commit("second", {"specs/trees.yaml": "name: trees\nlimits: [\n"})
    repository.git("branch", "--force", "main", "HEAD")
    repository.write("specs/trees.yaml", SPEC)
    assert kinds_by_spec(review_refs([])) == {"trees": [Kind.REPAIRED]}


def test_broken_on_both_sides(repository: Repository) -> None:
    repository.commit("second", {"specs/trees.yaml": "name: trees\nlimits: [\n"})
    repository.git("branch", "--force", "main", "HEAD")
    assert review_refs([]).is_empty
    repository.write("specs/trees.yaml", "name: trees\nlimits: {\n")
    assert kinds_by_spec(review_refs([])) == {"specs/trees.yaml": [Kind.BROKEN]}


@pytest.mark.parametrize("is_old", [True, False], ids=["before", "now"])
def test_not_even_text(repository: Repository, is_old: bool) -> None:
    (repository.root / "specs" / "trees.yaml").write_bytes(b"\xff\xfe\x00")
    if is_old:
        repository.commit("second", {})
        repository.git("branch", "--force", "main", "HEAD")
        repository.write("specs/trees.yaml", SPEC)
    expected = Kind.REPAIRED if is_old else Kind.BROKEN
    kinds = [kind for kinds in kinds_by_spec(review_refs([])).values() for kind in kinds]
    assert expected in kinds


LOGARITHMIC = SPEC.replace("min: 0, max: 4", "min: 0, max: 4, scaling: Logarithmic")
STRICT = PROJECT + "policy: {max_number_of_training_jobs: 30}\n"
MORE = SPEC.replace("max_number_of_training_jobs: 20", "max_number_of_training_jobs: 40")


def test_changes_of_a_spec_that_violates_a_rule_are_listed(repository: Repository) -> None:
    repository.write("specs/trees.yaml", LOGARITHMIC)
    review = review_refs([])
    assert kinds_by_spec(review) == {"trees": [Kind.BROKEN, Kind.SCALE]}
    assert [finding.code for finding in review.specs[0].findings] == ["HPT203"]
    assert review.specs[0].new_jobs == 0


def test_a_spec_that_violated_a_rule_before(repository: Repository) -> None:
    repository.commit("second", {"specs/trees.yaml": LOGARITHMIC})
    repository.git("branch", "--force", "main", "HEAD")
    assert review_refs([]).is_empty
    repository.write("specs/trees.yaml", f"# why\n{LOGARITHMIC}")
    assert review_refs([]).is_empty
    repository.write("specs/trees.yaml", LOGARITHMIC.replace("num_round: 200", "num_round: 300"))
    assert kinds_by_spec(review_refs([])) == {"trees": [Kind.BROKEN, Kind.STATIC_VALUE]}
    repository.write("specs/trees.yaml", SPEC)
    review = review_refs([])
    assert kinds_by_spec(review) == {"trees": [Kind.REPAIRED, Kind.SCALE]}
    assert review.specs[0].new_jobs == 1


def test_a_breach_of_the_policy(repository: Repository) -> None:
    repository.commit("second", {"hptc.yaml": STRICT})
    repository.git("branch", "--force", "main", "HEAD")
    repository.write("specs/trees.yaml", MORE)
    review = review_refs([])
    assert kinds_by_spec(review) == {"trees": [Kind.POLICY_BREACH, Kind.LIMITS]}
    assert review.impact is Impact.BREACH
    assert [finding.code for finding in review.specs[0].findings] == ["HPT803"]
    assert review.specs[0].new_jobs == 0


def test_a_stricter_policy_is_a_breach_of_what_was_fine(repository: Repository) -> None:
    repository.write("hptc.yaml", PROJECT + "policy: {required_tags: {owner: '.+'}}\n")
    review = review_refs([])
    assert review.impact is Impact.BREACH
    assert kinds_by_spec(review) == {"other": [Kind.POLICY_BREACH], "trees": [Kind.POLICY_BREACH]}
    assert {finding.code[:4] for spec in review.specs for finding in spec.findings} == {"HPT8"}


TWICE = "num_round: 200\n    alpha: 1\n    reg_alpha: 2"


def test_new_warnings(repository: Repository) -> None:
    repository.write("specs/trees.yaml", SPEC.replace("num_round: 200", TWICE))
    (spec,) = review_refs([]).specs
    assert [finding.severity.value for finding in spec.findings if finding.code == "HPT315"] == [
        "warning"
    ]
    assert spec.new_jobs == 1


# Warm starts.


def test_a_parents_content(repository: Repository) -> None:
    repository.commit("second", {"specs/child.yaml": child("child", "trees")})
    repository.git("branch", "--force", "main", "HEAD")
    repository.write("specs/trees.yaml", WIDER)
    repository.write("specs/free.yaml", child("free", "trees", "other"))
    review = review_refs([])
    by_name = {spec.name: spec for spec in review.specs}
    parent = by_name["trees"].comparisons[0].new_job
    assert parent is not None
    assert by_name["child"].comparisons[0].parents == (
        Parent(job=parent, spec="trees", is_new=True),
    )
    assert [change.note for change in by_name["child"].changes] == ["the parent's spec changed"]
    assert [parent.is_new for parent in by_name["free"].comparisons[0].parents] == [True, False]
    text = render_diff(review, Format.TEXT)
    assert "of trees, which is also new: submit it first and wait until it completes" in text


def test_the_parents_of_a_spec_that_becomes_a_request(repository: Repository) -> None:
    repository.commit("second", {"specs/child.yaml": child("child", "trees")})
    repository.git("branch", "--force", "main", "HEAD")
    compiled = succeeded(compile_file("specs/child.yaml", Workspace(rules=())))
    request = json.loads(json.dumps(compiled.request))
    (parent,) = request["WarmStartConfig"]["ParentHyperParameterTuningJobs"]
    parent["HyperParameterTuningJobName"] = "of-last-year"
    repository.write("specs/child.yaml", json.dumps(request))
    (spec,) = review_refs([]).specs
    assert Kind.WARM_START in [change.kind for change in spec.changes]


def test_a_parent_that_no_longer_fits(repository: Repository) -> None:
    repository.commit("second", {"specs/child.yaml": child("child", "trees")})
    repository.git("branch", "--force", "main", "HEAD")
    repository.write("specs/trees.yaml", SPEC.replace("gamma:", "alpha:"))
    (spec_diff,) = (spec for spec in review_refs([]).specs if spec.name == "child")
    assert spec_diff.impact is Impact.BREAKS
    assert [change.kind for change in spec_diff.changes] == [Kind.BROKEN, Kind.WARM_START]
    assert {finding.code[:4] for finding in spec_diff.findings} == {"HPT7"}


# What can't be compared.


def test_two_specs_of_one_name(repository: Repository) -> None:
    repository.write("specs/zweite.yaml", SPEC)
    (spec,) = review_refs([]).specs
    assert spec.file == "specs/zweite.yaml"
    assert [finding.code for finding in spec.findings] == ["HPT600"]


def test_a_missing_ref(repository: Repository) -> None:
    with pytest.raises(UsageError, match="commit `nowhere` not found"):
        review_refs([], against="nowhere")
    with pytest.raises(UsageError, match="not found"):
        review_refs([], head="--output=x")


def test_a_path_on_neither_side(repository: Repository) -> None:
    with pytest.raises(UsageError, match=r"specs/none\.yaml: no such file or folder"):
        review_refs(["specs/none.yaml"])


@pytest.mark.parametrize(
    ("files", "name", "changed"),
    [
        pytest.param({"specs/trees.yaml": WIDER}, "trees", ["trees"], id="in both versions"),
        pytest.param({"specs/new.yaml": named("new")}, "new", ["new"], id="new"),
        pytest.param({"specs/trees.yaml": None}, "trees", ["trees"], id="deleted"),
        pytest.param(
            {"specs/trees.yaml": None, "specs/deep/moved.yaml": WIDER},
            "trees",
            ["trees"],
            id="in another file",
        ),
        pytest.param({"specs/trees.yaml": WIDER}, "other", [], id="unchanged"),
    ],
)
def test_the_name_of_a_spec(
    repository: Repository, files: dict[str, str | None], name: str, changed: list[str]
) -> None:
    repository.commit("change", files)
    for head in (None, "topic"):
        review = review_refs([name], head=head)
        assert [spec.name for spec in review.specs] == changed


def test_a_name_that_no_spec_has(repository: Repository) -> None:
    with pytest.raises(UsageError, match="no spec has this name") as raised:
        review_refs(["tree"])
    assert raised.value.help == "did you mean `trees`?"


@pytest.mark.parametrize(
    ("ref", "options"),
    [
        ("HEAD~1", "--against HEAD~1"),
        ("main..topic", "--against main --head topic"),
        ("main...topic", "--against main --head topic"),
        ("main..", "--against main"),
        ("main..elsewhere", ""),
        ("elsewhere", ""),
    ],
)
def test_a_ref_in_place_of_a_path(repository: Repository, ref: str, options: str) -> None:
    repository.commit("second", {"specs/trees.yaml": WIDER})
    with pytest.raises(UsageError, match="no such file or folder in either version") as raised:
        review_refs([ref])
    advice = f"paths select specs; to compare with a commit, use `{options}`"
    assert raised.value.help == (advice if options else "")


def test_a_path_outside(repository: Repository, tmp_path: Path) -> None:
    outside = tmp_path / "spec.yaml"
    outside.write_text(SPEC, encoding="utf-8")
    with pytest.raises(UsageError, match="is outside the repository"):
        review_refs(["specs/trees.yaml", str(outside)])
    with pytest.raises(UsageError, match="is not in a git repository"):
        review_refs([str(outside)])


def test_no_project_and_no_path(repository: Repository) -> None:
    repository.commit("second", {"hptc.yaml": None})
    repository.git("branch", "--force", "main", "HEAD")
    with pytest.raises(UsageError, match="no hptc\\.yaml found here"):
        review_refs([])


def test_no_spec_anywhere(repository: Repository) -> None:
    repository.write("empty/README.md", "")
    with pytest.raises(UsageError, match="no specs found in"):
        review_refs(["empty"])


def test_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = Repository.create(tmp_path / "fresh")
    result.write("hptc.yaml", PROJECT)
    monkeypatch.chdir(result.root)
    with pytest.raises(UsageError, match="has no commits yet"):
        review_refs([])


def test_a_shallow_clone(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("second", {"specs/trees.yaml": WIDER})
    repository.git("switch", "--quiet", "main")
    clone = repository.clone(tmp_path / "clone", "--depth=1", "--branch=topic")
    monkeypatch.chdir(clone.root)
    with pytest.raises(UsageError, match="shallow"):
        review_refs([])


def test_nothing_is_written(repository: Repository) -> None:
    repository.write("specs/trees.yaml", WIDER)

    def state() -> list[tuple[str, int]]:
        return sorted((str(path), path.stat().st_mtime_ns) for path in repository.root.rglob("*"))

    before = state()
    review_refs([])
    assert state() == before


# What a reviewer decides by.

BOTH = f"{PROJECT}{PROD}"


def commit_both(repository: Repository, old: dict[str, str], new: dict[str, str | None]) -> Review:
    """The review of a change in a project with the environments dev and prod."""
    repository.commit("old", {"hptc.yaml": BOTH, **old})
    repository.commit("new", new)
    return review_refs([], against="HEAD~1")


def test_the_verdict_names_no_environments_if_it_holds_in_all(repository: Repository) -> None:
    """A parent has another name in each environment, if its spec is different there."""
    limits = "overrides: {limits: {max_number_of_training_jobs: 9}}"
    project = BOTH.replace(PROD, PROD.replace("}\n", f", {limits}}}\n"))
    repository.commit("old", {"hptc.yaml": project, "specs/a.yaml": child("a", "trees")})
    repository.commit("new", {"specs/trees.yaml": WIDER})
    review = review_refs(["specs/a.yaml"], against="HEAD~1")
    assert [change.environments for change in review.changes] == [("dev",), ("prod",)]
    text = render_diff(review, Format.TEXT)
    assert text.startswith("hptc diff: changes the tuning job (1 of 1 spec changed, 2 new")
    # The parent is a spec, although only its child is compared.
    assert re.search(r"→ dev: warm-starts from trees-\w{8} of trees, which is also new", text)


def test_environments_with_the_same_costs_have_one_line(repository: Repository) -> None:
    review = commit_both(repository, {}, {"specs/trees.yaml": WIDER})
    lines = render_diff(review, Format.TEXT).splitlines()
    assert lines[1].startswith("when merged in dev and prod, in each: 1 new tuning job, at ")
    assert not lines[2].startswith("when merged")


def test_the_environment_of_a_verdict_is_named_once(repository: Repository) -> None:
    review = commit_both(repository, {}, {"hptc.yaml": PROJECT})
    text = render_diff(review, Format.TEXT)
    assert text.startswith("hptc diff: removes the environment prod (")
    assert "  • prod: environment removed: account 111122223333" in text
    assert "`npx cdk destroy --all -c env=prod` before the merge" in text


def test_a_removed_schedule_still_starts_tuning_jobs(repository: Repository) -> None:
    scheduled = f"{SPEC}schedule: rate(7 days)\n"
    command = "hptc destroy hptc-churn-dev-trees-schedule --env dev"
    for new in (SPEC, None):
        review = commit_both(repository, {"specs/trees.yaml": scheduled}, {"specs/trees.yaml": new})
        text = render_diff(review, Format.TEXT)
        assert (
            "  → dev: its schedule starts tuning jobs until its stack is deleted: after the merge, "
            f"run {command}\n"
        ) in text
        assert f"run `{command}`" in render_diff(review, Format.MARKDOWN)
    rarer = scheduled.replace("7 days", "9 days")
    review = commit_both(repository, {"specs/trees.yaml": scheduled}, {"specs/trees.yaml": rarer})
    assert "until its stack is deleted" not in render_diff(review, Format.TEXT)


def test_a_parent_that_is_no_longer_a_spec(repository: Repository) -> None:
    review = commit_both(
        repository, {"specs/a.yaml": child("a", "trees")}, {"specs/trees.yaml": None}
    )
    text = render_diff(review, Format.TEXT)
    assert "warm start changed: trees-" in text
    assert "→ trees  (the parent spec was removed)" in text
    assert "warm-starts from trees, which this change removes from the project, so" in text


@pytest.mark.parametrize(
    ("parent", "reason", "consequence"),
    [
        pytest.param(
            "name: 'trees\n",
            "(the parent spec can't be read: specs/trees.yaml has errors)",
            "warm-starts from trees, whose spec may be specs/trees.yaml, which can't be read",
            id="unreadable",
        ),
        pytest.param(
            named("forest"),
            "(the parent spec is now named forest)",
            "warm-starts from trees, which this change renames to forest, so",
            id="renamed",
        ),
    ],
)
def test_a_parent_that_was_not_removed(
    parent: str, reason: str, consequence: str, repository: Repository
) -> None:
    review = commit_both(
        repository, {"specs/a.yaml": child("a", "trees")}, {"specs/trees.yaml": parent}
    )
    for form in (Format.TEXT, Format.MARKDOWN):
        text = render_diff(review, form).replace("`", "")
        assert reason in text
        assert consequence in text
        assert "removed" not in text
        assert "removes" not in text


def test_a_child_of_a_spec_that_is_not_valid_yaml_does_not_compile(repository: Repository) -> None:
    review = commit_both(
        repository, {"specs/a.yaml": child("a", "trees")}, {"specs/trees.yaml": f"{SPEC}x: [\n"}
    )
    assert {spec.name: [error.code for error in spec.findings] for spec in review.specs} == {
        "a": ["HPT701"],
        "trees": ["HPT002"],
    }
    assert review.new_jobs == 0
    text = render_diff(review, Format.TEXT)
    assert "the parent `trees` (trees.yaml) does not compile" in text
    assert "removed" not in text


def test_a_parent_that_violates_the_policy_is_not_a_compilation_error(
    repository: Repository,
) -> None:
    tight = f"{BOTH}policy: {{max_number_of_training_jobs: 2}}\n"
    review = commit_both(repository, {"specs/a.yaml": child("a", "trees")}, {"hptc.yaml": tight})
    assert {error.code for spec in review.specs for error in spec.findings} == {"HPT701", "HPT803"}
    assert review.impact is Impact.BREACH
