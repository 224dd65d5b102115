"""Changes to training code, between a commit and the work tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.diff.changes import Change, Kind
from hptc.diff.review import Review
from hptc.diff.sides import review_refs
from tests.support.repositories import Repository
from tests.support.training_code import CODE_FILES, CODE_SPEC

SCRIPT = "src/churn/train.py"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    result = Repository.create(tmp_path / "repository")
    result.commit("first", CODE_FILES)
    monkeypatch.chdir(result.root)
    return result


def review() -> Review:
    return review_refs([], against="HEAD", environment="dev")


def changes() -> list[Change]:
    return [change for spec in review().specs for change in spec.changes]


def lines() -> list[str]:
    return [
        f"{change.kind.value} {change.subject}: {change.old} -> {change.new} ({change.note})"
        for change in changes()
    ]


def test_unchanged_code_is_not_a_change(repository: Repository) -> None:
    assert changes() == []


def test_each_file_that_changed_is_listed_with_its_lines(repository: Repository) -> None:
    script = repository.root / SCRIPT
    script.write_text(script.read_text().replace("int)\n", "int)\nx = 1\ny = 2\n"))
    repository.write("src/churn/new.py", "a\nb\n")
    (repository.root / "src/churn/lib/features.py").unlink()
    assert lines() == [
        "training-code src/churn/lib/features.py: 1 line ->  (removed)",
        "training-code src/churn/new.py:  -> 2 lines (added)",
        "training-code src/churn/train.py: 6 lines -> 8 lines (+2 -0)",
    ]
    (spec,) = review().specs
    assert spec.name == "churn"


def test_moved_lines_modes_and_other_content(repository: Repository) -> None:
    repository.write("src/churn/a.py", "a\nb\n")
    (repository.root / "src/churn/a.bin").write_bytes(b"\xff\n")
    repository.commit("second", {})
    repository.write("src/churn/a.py", "b\na\n")
    (repository.root / "src/churn/a.bin").write_bytes(b"\xff\xff\n")
    (repository.root / SCRIPT).chmod(0o755)
    assert lines() == [
        "training-code src/churn/a.bin: 2 bytes -> 3 bytes ()",
        "training-code src/churn/a.py: 2 lines -> 2 lines (lines moved)",
        "training-code src/churn/train.py: 6 lines -> 6 lines (now executable)",
    ]


def test_two_commits_are_compared_without_a_checkout(repository: Repository) -> None:
    repository.commit("second", {SCRIPT: CODE_FILES[SCRIPT] + "# more\n"})
    repository.write(SCRIPT, "not this one")
    reviewed = review_refs([], against="HEAD~1", head="HEAD", environment="dev")
    assert [change.note for spec in reviewed.specs for change in spec.changes] == ["+1 -0"]


@pytest.mark.parametrize(
    ("count", "last"),
    [
        (20, "training-code src/churn/19.py:  -> 0 lines (added)"),
        (21, "training-code 1 more file:  ->  (changed)"),
        (30, "training-code 10 more files:  ->  (changed)"),
    ],
)
def test_more_than_twenty_files_are_counted(repository: Repository, count: int, last: str) -> None:
    for number in range(count):
        repository.write(f"src/churn/{number:02}.py", "")
    assert lines()[-1] == last
    assert len(lines()) == min(count, 21)


def test_another_script_and_another_directory(repository: Repository) -> None:
    (repository.root / "src/churn").rename(repository.root / "src/other")
    (repository.root / "src/other/train.py").rename(repository.root / "src/other/main.py")
    spec = CODE_SPEC.replace("src/churn", "src/other").replace("train.py", "main.py")
    repository.write("specs/churn.yaml", spec)
    assert lines() == [
        "training-code directory: src/churn -> src/other ()",
        "training-code entry_point: train.py -> main.py ()",
        "training-code src/other/main.py:  -> 6 lines (added)",
        "training-code src/other/train.py: 6 lines ->  (removed)",
    ]


def test_code_in_place_of_an_archive(repository: Repository) -> None:
    by_hand = CODE_SPEC.replace(
        "  source: {directory: src/churn, entry_point: train.py}\n  hyperparameters:\n",
        "  hyperparameters:\n    sagemaker_program: train.py\n"
        "    sagemaker_submit_directory: s3://code/a.tar.gz\n",
    )
    repository.commit("by hand", {"specs/churn.yaml": by_hand})
    repository.write("specs/churn.yaml", CODE_SPEC)
    changed_lines = [line for line in lines() if not line.startswith("permissions")]
    assert changed_lines == ["training-code source:  -> src/churn/train.py (2 files) ()"]


def test_isolation_is_the_only_change_if_the_code_is_the_same(repository: Repository) -> None:
    repository.write("specs/churn.yaml", CODE_SPEC + "  enable_network_isolation: true\n")
    kinds = {change.kind for change in changes()}
    assert Kind.ISOLATION_TIGHTENED in kinds
    assert not {Kind.CODE, Kind.STATIC_VALUE, Kind.INPUT_ADDED} & kinds


@pytest.mark.parametrize("has_inputs", [True, False])
def test_other_channels_are_reported_beside_that_of_the_code(
    repository: Repository, has_inputs: bool
) -> None:
    train = '  inputs: {train: {s3: "s3://{{ data_bucket }}/churn/"}}\n'
    alone = CODE_SPEC.replace(train, "")
    old, new = (CODE_SPEC, alone) if has_inputs else (alone, CODE_SPEC)
    repository.commit("inputs", {"specs/churn.yaml": old})
    repository.write("specs/churn.yaml", new + "  enable_network_isolation: true\n")
    input_lines = [line for line in lines() if line.startswith("input-")]
    at = "s3://${hptc:data_bucket}/churn/"
    assert input_lines == (
        [f"input-removed train: {at} ->  ()"] if has_inputs else [f"input-added train:  -> {at} ()"]
    )


def test_another_project_name_moves_the_code(repository: Repository) -> None:
    """The canonical forms differ, so there is a change to report."""
    text = CODE_FILES["hptc.yaml"].replace("project: churn", "project: other")
    repository.write("hptc.yaml", text)
    assert Kind.STATIC_VALUE in {change.kind for change in changes()}
