"""A fix goes to the file and the place where the value is written, or is not offered."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.compiler.environments import compile_in_all_environments, merged_diagnostics
from hptc.compiler.fix_locations import _in_api_form
from hptc.compiler.workspace import Workspace
from hptc.diagnostics import Diagnostic, Remove, RequestPath
from hptc.source.document import Document, parse_document
from hptc.source.fixes import text_fixes
from hptc.source.text_fixes import TextFix

PROJECT = """\
project: churn
environments:
  dev: {account: "123456789012", region: us-east-1, variables: {most: 400, scale: Logarithmic}}
"""
SPEC = """\
name: churn
strategy: Bayesian
limits: {max_number_of_training_jobs: 20, max_parallel_training_jobs: 2}
training_job:
  objective: {metric_name: loss, type: Minimize}
  hyperparameters:
    depth: {type: Integer, min: 1, max: 40}
  algorithm:
    training_image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1
    metric_definitions: {loss: "loss=([0-9.eE+-]+)"}
  inputs: {train: {s3: "s3://{{ data_bucket }}/churn/"}}
  output: {}
  resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
  stopping: {max_runtime: 1h}
"""


def diagnostic_of(
    folder: Path, code: str, *specs: str, project: str = PROJECT
) -> tuple[Diagnostic, dict[str, Document]]:
    """The finding of a rule in a project, and the project's files."""
    (folder / "specs").mkdir(exist_ok=True)
    texts = {"hptc.yaml": project}
    texts |= {f"specs/{index}.yaml": text for index, text in enumerate(specs)}
    documents = {}
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
        documents[str(folder / name)] = parse_document(text, str(folder / name))[0]
    outcomes = compile_in_all_environments([str(folder)], Workspace())
    [diagnostic] = [
        diagnostic for diagnostic in merged_diagnostics(outcomes) if diagnostic.code == code
    ]
    return diagnostic, documents


def offered(folder: Path, code: str, *specs: str, project: str = PROJECT) -> list[TextFix]:
    diagnostic, documents = diagnostic_of(folder, code, *specs, project=project)
    return list(text_fixes(diagnostic, documents.get))


def shown(fixes: list[TextFix]) -> list[tuple[str, str, str]]:
    return [(fix.title, Path(fix.file).name, fix.edits[0].text) for fix in fixes]


def test_a_value_of_the_spec_is_changed_there(tmp_path: Path) -> None:
    spec = SPEC.replace("max: 40", "max: 40, scaling: ReverseLogarithmic")
    fixes = offered(tmp_path, "HPT205", spec)
    assert shown(fixes) == [("Use `scaling: Auto`", "0.yaml", "Auto")]
    assert not fixes[0].is_safe


def test_a_channel_is_renamed_by_its_key(tmp_path: Path) -> None:
    image = "training_image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1\n"
    definitions = '    metric_definitions: {loss: "loss=([0-9.eE+-]+)"}\n'
    spec = (
        SPEC.replace(image, "{built_in: xgboost, version: 1.7-1}\n")
        .replace(definitions, "")
        .replace("metric_name: loss", 'metric_name: "validation:rmse"')
        .replace("depth: {type: Integer", "num_round: {type: Integer")
        .replace('churn/"}}', 'churn/"}, valid: {s3: "s3://{{ data_bucket }}/new/"}}')
    )
    assert [(fix.edits[0].text, fix.is_safe) for fix in offered(tmp_path, "HPT473", spec)] == [
        ("validation", True)
    ]
    title = "Rename the channel `valid` to `validation`"
    assert shown(offered(tmp_path, "HPT328", spec)) == [(title, "0.yaml", "validation")]


def test_a_default_is_changed_for_all_specs_or_overridden_in_one(tmp_path: Path) -> None:
    project = f"{PROJECT}defaults: {{early_stopping: Auto}}\n"
    spec = SPEC.replace("max_parallel_training_jobs: 2", "max_parallel_training_jobs: 20")
    assert shown(offered(tmp_path, "HPT247", spec, project=project)) == [
        ("Remove it", "hptc.yaml", "{}"),
        ("Remove it", "0.yaml", "\nearly_stopping: null"),
    ]


def test_a_default_that_is_wrong_for_several_specs_is_changed_there(tmp_path: Path) -> None:
    project = f"{PROJECT}defaults: {{early_stopping: Auto}}\n"
    spec = SPEC.replace("max_parallel_training_jobs: 2", "max_parallel_training_jobs: 20")
    specs = (spec, spec.replace("name: churn", "name: other"))
    assert shown(offered(tmp_path, "HPT247", *specs, project=project)) == [
        ("Remove it", "hptc.yaml", "{}")
    ]


def test_an_override_of_an_environment_is_changed_there(tmp_path: Path) -> None:
    project = PROJECT.replace(
        "variables:", "overrides: {limits: {max_parallel_training_jobs: 11}}, variables:"
    )
    assert shown(offered(tmp_path, "HPT402", SPEC, project=project)) == [
        ("Change to `10`", "hptc.yaml", "10")
    ]


def test_a_key_of_two_layers_is_set_to_null(tmp_path: Path) -> None:
    project = f"{PROJECT}defaults: {{early_stopping: Auto}}\n"
    spec = SPEC.replace("max_parallel_training_jobs: 2", "max_parallel_training_jobs: 20")
    spec = spec.replace("strategy:", "early_stopping: Auto\nstrategy:")
    assert shown(offered(tmp_path, "HPT247", spec, project=project)) == [
        ("Remove it", "0.yaml", "null")
    ]


def test_a_template_is_not_replaced(tmp_path: Path) -> None:
    spec = SPEC.replace("max_parallel_training_jobs: 2", 'max_parallel_training_jobs: "{{ most }}"')
    assert offered(tmp_path, "HPT401", spec) == []
    spec = SPEC.replace("min: 1, max: 40", 'min: 0, max: 40, scaling: "{{ scale }}"')
    assert offered(tmp_path, "HPT203", spec) == []


def test_what_an_anchor_shares_is_not_changed(tmp_path: Path) -> None:
    spec = SPEC.replace(
        "    depth: {type: Integer, min: 1, max: 40}",
        "    depth: &range {type: Integer, min: 1, max: 40, scaling: ReverseLogarithmic}\n"
        "    width: *range",
    )
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "0.yaml").write_text(spec, "utf-8")
    (tmp_path / "hptc.yaml").write_text(PROJECT, "utf-8")
    outcomes = compile_in_all_environments([str(tmp_path)], Workspace())
    document = {outcomes[0].file: outcomes[0].document}
    both = [diagnostic for diagnostic in outcomes[0].diagnostics if diagnostic.code == "HPT205"]
    assert len(both) == 2
    assert [list(text_fixes(diagnostic, document.get)) for diagnostic in both] == [[], []]


def test_a_short_form_becomes_a_mapping(tmp_path: Path) -> None:
    spec = SPEC.replace(
        "training_image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1\n"
        '    metric_definitions: {loss: "loss=([0-9.eE+-]+)"}\n',
        "{built_in: randomcutforest, version: 1}\n",
    ).replace("metric_name: loss, type: Minimize", 'metric_name: "test:f1", type: Maximize')
    assert shown(offered(tmp_path, "HPT477", spec)) == [
        (
            "Change to `ShardedByS3Key`",
            "0.yaml",
            '{s3_uri: "s3://{{ data_bucket }}/churn/", s3_data_distribution_type: ShardedByS3Key}',
        )
    ]


def test_the_tag_of_an_image_that_hptc_composes_is_its_version(tmp_path: Path) -> None:
    spec = SPEC.replace(
        "training_image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1",
        "framework: pytorch-training\n    version: 2.3.0-cpu-py39",
    )
    assert shown(offered(tmp_path, "HPT347", spec)) == [
        ("Change to `2.3.0-cpu-py311`", "0.yaml", "2.3.0-cpu-py311")
    ]
    template = spec.replace("2.3.0-cpu-py39", '"{{ torch }}"')
    project = PROJECT.replace("most: 400", "most: 400, torch: 2.3.0-cpu-py39")
    assert offered(tmp_path, "HPT347", template, project=project) == []


def test_what_is_wrong_in_the_project_is_fixed_there(tmp_path: Path) -> None:
    project = PROJECT.replace("us-east-1", "us-esat-1")
    assert [fix.title for fix in offered(tmp_path, "HPT104", SPEC, project=project)] == [
        "Change to `us-east-1`"
    ]


@pytest.mark.parametrize(("count", "removed"), [(1, ()), (2, (0,))])
def test_the_last_range_of_a_request_is_removed_with_its_list(
    count: int, removed: tuple[int, ...]
) -> None:
    """AWS refuses an empty list, whatever other lists of ranges there are."""
    ranges = {"ContinuousParameterRanges": [{"Name": "a"}] * count, "IntegerParameterRanges": []}
    request = {"HyperParameterTuningJobConfig": {"ParameterRanges": ranges}}
    owner = ("HyperParameterTuningJobConfig", "ParameterRanges", "ContinuousParameterRanges")
    path = RequestPath((*owner, 0))
    change = _in_api_form(Remove(path=path), path, request)
    assert tuple(change.path) == (*owner, *removed)
