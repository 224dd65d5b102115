"""What a key or value of another tool, at another level or in another form, is said to mean."""

from __future__ import annotations

from typing import Any

import pytest

from hptc.diagnostics import Finding
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.spec.aliases import _PATHS, MAPPINGS, ON_AND_OFF, choice
from hptc.spec.training_job import TrainingJob
from hptc.spec.tuning_spec import SPEC_VERBATIM, Spec, parse_spec
from hptc.spec.validation_findings import _mappings_with


def findings(text: str) -> list[Finding]:
    document, _ = parse_document(f"name: x\n{text}\n", "spec.yaml")
    data, _ = construct_data(document, verbatim=SPEC_VERBATIM)
    return parse_spec(data)[1]


@pytest.mark.parametrize(
    ("text", "label", "help"),
    [
        ("Tags: {a: b}", "did you mean `tags`?", ""),
        ("stratgy: Grid", "did you mean `strategy`?", ""),
        ("max_jobs: 3", "", "use `max_number_of_training_jobs` in `limits`"),
        ("limits: {max_jobs: 3}", "did you mean `max_number_of_training_jobs`?", ""),
        ("base_job_name: y", "did you mean `name`?", ""),
        ("StoppingCondition: {}", "", "use `stopping` in `training_job`"),
        ("metrics: {a: b}", "", "use `metric_definitions` in `training_job.algorithm`"),
        ("training_job: {metric_definitions: {a: b}}", "", "move it to `training_job.algorithm`"),
        ("training_job: {subnets: [a]}", "", "move it to `training_job.vpc`"),
        ("training_job: {max_run: 60}", "", "use `max_runtime` in `training_job.stopping`"),
        (
            "training_jobs: {a: {max_run: 60}}",
            "",
            "use `max_runtime` in `training_jobs.a.stopping`",
        ),
        ("training_job: {limits: {}}", "", f"valid keys: {', '.join(TrainingJob.model_fields)}"),
        (
            "training_job: {use_spot_instances: true}",
            "",
            "write `spot: {max_wait_time: …}` in `training_job`",
        ),
        ("training_job: {entry_point: a.py}", "", "use `entry_point` in `training_job.source`"),
        ("training_job: {source_dir: src}", "", "use `directory` in `training_job.source`"),
    ],
)
def test_unknown_key(text: str, label: str, help: str) -> None:
    (found,) = [each for each in findings(text) if each.code == "HPT101"]
    assert (found.label, found.help) == (label, help)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("early_stopping: true", "write `early_stopping: Auto`"),
        ("early_stopping: false", "write `early_stopping: Off`"),
        ("autotune: false", "remove it"),
        (
            "completion: {convergence_detected: {complete_on_convergence: true}}",
            "write `complete_on_convergence: Enabled`",
        ),
        ("training_job: {spot: true}", "write `spot: {max_wait_time: …}`"),
        ("training_job: {spot: false}", "remove it"),
        ("training_job: {inputs: {train: s3://a/b}}", 'write `train: {s3: "s3://a/b"}`'),
        ("training_job: {output: s3://a/b}", 'write `output: {s3_output_path: "s3://a/b"}`'),
        ("training_job: {stopping: 1h}", "write `stopping: {max_runtime: 1h}`"),
        ("job_name: 7", "put it in quotes"),
        ("strategy: 7", ""),
    ],
)
def test_value_of_another_type(text: str, help: str) -> None:
    (found,) = findings(text)
    assert (found.code, found.help) == ("HPT102", help)


SCALES = ("Auto", "Linear", "Logarithmic", "ReverseLogarithmic")
KINDS = ("Integer", "Continuous", "Categorical", "Auto")


@pytest.mark.parametrize(
    ("value", "choices", "expected"),
    [
        ("Log", SCALES, "Logarithmic"),
        ("log", SCALES, "Logarithmic"),
        ("auto", SCALES, "Auto"),
        ("reverse_log", SCALES, "ReverseLogarithmic"),
        ("int", KINDS, "Integer"),
        ("float", KINDS, "Continuous"),
        ("max", ("Maximize", "Minimize"), "Maximize"),
        ("m", ("Maximize", "Minimize"), None),
        ("qqq", KINDS, None),
    ],
)
def test_choice(value: Any, choices: tuple[str, ...], expected: str | None) -> None:
    assert choice(value, choices) == expected


@pytest.mark.parametrize("path", sorted(set(_PATHS.values())))
def test_every_alias_is_a_key(path: str) -> None:
    *owner, key = path.split(".")
    assert tuple(owner) in _mappings_with(Spec, key)


@pytest.mark.parametrize("name", sorted({*MAPPINGS, *ON_AND_OFF} - {"inputs"}))
def test_every_mapping_is_a_key(name: str) -> None:
    assert _mappings_with(Spec, name) or name == "shuffle"


def test_a_misspelled_key_does_not_hide_the_rest() -> None:
    document, _ = parse_document("name: x\nstratgy: Grid\nlimits: {max_jobs: 7}\n", "spec.yaml")
    spec, found = parse_spec(construct_data(document)[0])
    assert [each.code for each in found] == ["HPT101", "HPT101"]
    assert spec is not None
    assert (spec.strategy, spec.limits and spec.limits.max_number_of_training_jobs) == ("Grid", 7)
