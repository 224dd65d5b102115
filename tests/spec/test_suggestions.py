"""What is suggested for a key or value of another tool, at another level or in another form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from hptc.diagnostics import Finding, SetValue
from hptc.project.project_file import ProjectFile
from hptc.reference.language import every_key, language
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.spec.aliases import _NAMES_IN, _PATHS, MAPPINGS, ON_AND_OFF, choice, paths_of
from hptc.spec.training_job import TrainingJob
from hptc.spec.tuning_spec import SPEC_VERBATIM, Spec, parse_spec
from hptc.spec.validation_findings import PATTERNS, _mappings_with
from hptc.tool_formats.member_names import snake_case


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
        ("training_job: {resources: {type: a}}", "did you mean `instance_type`?", ""),
        ("training_job: {output: {subnets: [a]}}", "", "move it to `training_job.vpc`"),
        (
            "training_job: {inputs: {train: {s3_data_type: a}}}",
            "",
            "move it to `training_job.inputs.train.s3`",
        ),
        ("max_runtime_in_seconds: 60", "", "use `max_runtime` in `limits`"),
        (
            "training_job: {spot: {max_runtime_in_seconds: 60}}",
            "",
            "use `max_runtime` in `training_job.stopping`",
        ),
        ("budget: 100", "", "limit the cost in hptc.yaml: `policy: {budget_usd: …}`"),
    ],
)
def test_unknown_key(text: str, label: str, help: str) -> None:
    (problem,) = [finding for finding in findings(text) if finding.code == "HPT101"]
    assert (problem.label, problem.help) == (label, help)


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
        ("tags: [{Key: a, Value: b}]", "write `tags: {KEY: VALUE}`"),
        ("job_name: 7", "put it in quotes"),
        ("strategy: 7", ""),
        ("strategy: true", ""),
        ("strategy: [a]", ""),
        ("job_name: true", "put it in quotes"),
        ("training_job: {spot: [1]}", ""),
        ('limits: {max_number_of_training_jobs: "7"}', "remove the quotes"),
        ("limits: {max_number_of_training_jobs: seven}", ""),
        ("limits: {max_number_of_training_jobs: 1e2}", "write 100"),
        ("limits: {max_number_of_training_jobs: 1.5}", ""),
        ("limits: {max_number_of_training_jobs: 1e20}", ""),
        ("training_job: {enable_network_isolation: 'true'}", "remove the quotes"),
        ("training_job: {enable_network_isolation: 'yes'}", "write true or false"),
    ],
)
def test_value_of_another_type(text: str, help: str) -> None:
    (finding,) = findings(text)
    assert (finding.code, finding.help) == ("HPT102", help)


@pytest.mark.parametrize(
    ("text", "value", "is_safe"),
    [
        ('limits: {max_number_of_training_jobs: "7"}', 7, True),
        ("limits: {max_number_of_training_jobs: 1e2}", 100, False),
        ("training_job: {enable_network_isolation: 'false'}", False, True),
    ],
)
def test_a_value_in_another_form_has_a_fix(text: str, value: int, is_safe: bool) -> None:
    (finding,) = findings(text)
    (fix,) = finding.fixes
    assert (fix.changes[0], fix.is_safe) == (SetValue(path=finding.path, value=value), is_safe)


@pytest.mark.parametrize("value", ['"1.5"', "1.5", "1e20", "seven", '"0x7"'])
def test_another_value_has_no_fix(value: str) -> None:
    (finding,) = findings(f"limits: {{max_number_of_training_jobs: {value}}}")
    assert finding.fixes == ()


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


@pytest.mark.parametrize("name", _PATHS)
def test_every_alias_is_a_key(name: str) -> None:
    for *owner, key in paths_of(name):
        assert tuple(owner) in _mappings_with(Spec, key)


def labels_of(owner: Sequence[str], written: str) -> list[str]:
    """The key that is suggested for an unknown one in the mapping at a path."""
    data: Any = {written: 1, "type": "Auto"} if "hyperparameters" in owner else {written: 1}
    for part in reversed(owner):
        data = {part.removesuffix("[]"): [data] if part.endswith("[]") else data}
    return [finding.label for finding in parse_spec(data)[1] if finding.code == "HPT101"]


@pytest.mark.parametrize(
    ("mapping", "key", "names"),
    [(mapping, *pair) for mapping, keys in _NAMES_IN.items() for pair in keys.items()],
)
def test_a_name_in_a_mapping_means_a_key_of_it(
    mapping: str, key: str, names: tuple[str, ...]
) -> None:
    owner = mapping.split(".")
    if owner[0] not in Spec.model_fields:
        owner = ["training_job", *owner]
    for name in names:
        assert labels_of(owner, name) == [f"did you mean `{key}`?"]


def _named_otherwise() -> Iterator[tuple[str, str]]:
    for key in every_key(language()):
        *_, member = key.api.replace("[]", "").split(".")
        if (
            member
            and not key.path.endswith("<name>")
            and not key.path.endswith(("autotune", ".spot"))
        ):
            yield key.path, member


@pytest.mark.parametrize(("path", "member"), list(_named_otherwise()))
def test_a_member_of_the_api_in_the_place_of_a_key_means_the_key(path: str, member: str) -> None:
    *owner, key = path.split(".")
    for written in {member, snake_case(member)} - {key, *TrainingJob.model_fields}:
        assert labels_of(owner, written) == [f"did you mean `{key}`?"]


@pytest.mark.parametrize("name", sorted({*MAPPINGS, *ON_AND_OFF} - {"inputs"}))
def test_every_mapping_is_a_key(name: str) -> None:
    assert _mappings_with(Spec, name) or name == "shuffle"


def test_a_misspelled_key_does_not_hide_the_rest() -> None:
    document, _ = parse_document("name: x\nstratgy: Grid\nlimits: {max_jobs: 7}\n", "spec.yaml")
    spec, problems = parse_spec(construct_data(document)[0])
    assert [finding.code for finding in problems] == ["HPT101", "HPT101"]
    assert spec is not None
    assert (spec.strategy, spec.limits and spec.limits.max_number_of_training_jobs) == ("Grid", 7)


def patterns(schema: object) -> Iterator[str]:
    """Every pattern in a JSON Schema."""
    match schema:
        case dict():
            if isinstance(schema.get("pattern"), str):
                yield schema["pattern"]
            for value in schema.values():
                yield from patterns(value)
        case list():
            for value in schema:
                yield from patterns(value)


def test_every_pattern_of_hptc_yaml_is_described_in_words() -> None:
    of_schema = set(patterns(ProjectFile.model_json_schema()))
    of_durations = r"^\d{1,9}[smhd]$"  # which a validator describes
    of_accounts = r"^\d{12}$"  # which the JSON Schema does not have
    assert set(PATTERNS) - {of_accounts} == of_schema - {of_durations}
