"""Completion at a marked place of a spec; `|` is the cursor."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.workspace import Workspace
from hptc.lsp.completions import Choice, choices, variables
from hptc.lsp.cursor import cursor_at, template_start
from tests.support.specs import PROJECT, SPEC


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    return tmp_path


def offered(marked: str, folder: Path, name: str = "churn.yaml") -> dict[str, Choice]:
    """The choices at the `|` of a text, by word."""
    before, _, after = marked.partition("|")
    line = before.count("\n")
    column = len(before) - before.rfind("\n") - 1
    cursor = cursor_at(before + after, str(folder / name), line, column)
    if cursor is None:
        return {}
    workspace = Workspace(files=Workspace().files, environment="dev")
    in_project, _ = workspace.project_of(folder)
    offers = choices(
        cursor, is_project=name == "hptc.yaml", in_project=in_project, workspace=workspace
    )
    return {completion.word: completion for completion in offers}


def test_hyperparameters_of_the_algorithm_with_their_values_and_ranges(folder: Path) -> None:
    offers = offered(SPEC.replace("    max_depth:", "    ga|\n    max_depth:"), folder)
    assert "gamma" in offers
    assert offers["gamma"].note == "a number of at least 0; tunable, recommended range 0 to 5"
    assert "eta" not in offers, "the spec has it already"


@pytest.mark.parametrize(
    ("written", "marked", "word"),
    [
        pytest.param('"validation:auc"', '"val|"', "validation:logloss", id="metric, quoted"),
        pytest.param('"validation:auc"', "validation:a|", "validation:auc", id="metric"),
        pytest.param("version: 1.7-1", "version: |", "1.7-1", id="version"),
        pytest.param("built_in: xgboost", "built_in: lin|", "linear-learner", id="algorithm"),
        pytest.param("ml.m5.xlarge", "ml.g|", "ml.g5.xlarge", id="instance type"),
        pytest.param("content_type: text/csv", "content_type: |", "text/libsvm", id="content type"),
        pytest.param("strategy: Bayesian", "strategy: |", "Hyperband", id="enum"),
        pytest.param("strategy: Bayesian", "strat|", "strategy", id="key"),
        pytest.param("eval_metric: auc", "eval_metric: |", "rmse", id="value of a hyperparameter"),
        pytest.param("instance_count: 1", "|", "instance_count", id="key in a flow mapping"),
        pytest.param("output: {}", "spo|", "stopping", id="key of a block, without its own"),
    ],
)
def test_words(folder: Path, written: str, marked: str, word: str) -> None:
    offers = offered(SPEC.replace(written, marked, 1), folder)
    present = word == "stopping"
    assert (word in offers) is not present, list(offers)[:10]


def test_an_instance_type_has_its_price(folder: Path) -> None:
    offers = offered(SPEC.replace("ml.m5.xlarge", "ml.|"), folder)
    assert "per hour in us-east-1" in offers["ml.m5.xlarge"].note
    assert offers["ml.g5.xlarge"].about.startswith("**ml.g5.xlarge**: GPU")


def test_a_framework_has_its_versions_and_a_script_its_metrics(folder: Path) -> None:
    framework = "{framework: pytorch-training, version: |, metric_definitions: {loss: 'l=(.*)'}}"
    algorithm = "{built_in: xgboost, version: 1.7-1, input_mode: File}"
    assert "2.3" in {word[:3] for word in offered(SPEC.replace(algorithm, framework), folder)}
    script = SPEC.replace(algorithm, framework.replace("|", "2.3"))
    assert list(offered(script.replace('"validation:auc"', '"|"'), folder)) == ["loss"]


def test_the_defaults_of_hptc_yaml(folder: Path) -> None:
    text = PROJECT + (
        "defaults:\n  training_job:\n    algorithm: {built_in: kmeans}\n"
        "    hyperparameters:\n      |\n"
    )
    offers = offered(text, folder, "hptc.yaml")
    assert "feature_dim" in offers
    assert "defaults" in offered(PROJECT + "def|", folder, "hptc.yaml")


def test_a_text_that_is_not_yaml_below_the_cursor(folder: Path) -> None:
    text = SPEC.replace("strategy: Bayesian", "strategy: |") + "tags: {a: [\n"
    assert "Random" in offered(text, folder)


def test_nothing_in_a_comment(folder: Path) -> None:
    assert offered("name: a\n# stra|\n", folder) == {}


def test_variables_of_templates(folder: Path) -> None:
    workspace = Workspace()
    in_project, _ = workspace.project_of(folder)
    notes = {variable.word: variable.note for variable in variables(in_project)}
    assert notes["region"] == "us-east-1"
    assert notes["env"] == "dev | prod"
    assert template_start('a: "{{ re', 0, 9) == 7
    assert template_start('a: "{{ re }} b', 0, 14) is None
