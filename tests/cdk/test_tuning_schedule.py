"""Schedule stacks in environments with existing resources, parameters and other partitions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from hptc.cdk.synth import build, synth_project
from hptc.compiler.deployable import deployable_specs
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.infrastructure.foundation import foundation
from hptc.infrastructure.scheduled_start import schedule_stacks
from hptc.infrastructure.spec_stacks import spec_stacks
from tests.support.cfn_lint import problems
from tests.support.golden import Golden
from tests.support.nag import findings, nag
from tests.support.outcomes import all_succeeded
from tests.support.stacks import imported, pretty, resources, templates

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cdk")]

TOPIC = "arn:aws:sns:us-east-1:123456789012:on-call"
ENVIRONMENTS: dict[str, dict[str, Any]] = {
    "plain": {"region": "us-east-1"},
    "brought": {
        "region": "us-east-1",
        "infrastructure": {
            "execution_role": "arn:aws:iam::123456789012:role/tuning",
            "alarm_topic": TOPIC,
            "permissions_boundary": "arn:aws:iam::123456789012:policy/boundary",
            "role_path": "/ml/tuning/",
            "role_name_prefix": "ml-",
        },
        "overrides": {
            "schedule": {
                "schedule_expression_timezone": "Europe/Lisbon",
                "start_date": "2026-12-01T00:00:00Z",
                "end_date": "2027-12-01T00:00:00Z",
                "state": "DISABLED",
                "maximum_window_in_minutes": 15,
            }
        },
    },
    "parameters": {
        "region": "us-east-1",
        "infrastructure": {
            "execution_role": "ssm:/ml/role",
            "alarm_topic": "ssm:/ops/topic",
            "permissions_boundary": "ssm:/iam/boundary",
        },
    },
    "china": {"region": "cn-north-1"},
}
SPEC = {
    "name": "churn",
    "schedule": {"schedule_expression": "cron(0 6 ? * MON *)"},
    "strategy": "Random",
    "limits": {"max_number_of_training_jobs": 4, "max_parallel_training_jobs": 2},
    "training_job": {
        "objective": {"metric_name": "validation:auc", "type": "Maximize"},
        "hyperparameters": {
            "objective": "binary:logistic",
            "num_round": 200,
            "eta": {"type": "Continuous", "min": 0.1, "max": 0.5},
        },
        "algorithm": {"built_in": "xgboost", "version": "1.7-1"},
        "inputs": {
            name: {"s3": f"s3://{{{{ data_bucket }}}}/{name}/", "content_type": "text/csv"}
            for name in ("train", "validation")
        },
        "resources": {"instance_type": "ml.m5.large", "instance_count": 1},
        "stopping": {"max_runtime": "1h"},
    },
}
SPEC["training_job"]["resources"]["volume_size_in_gb"] = 10  # type: ignore[index]


def project(folder: Path, spec: Mapping[str, Any] = SPEC) -> Path:
    (folder / "specs").mkdir(exist_ok=True)
    (folder / "specs" / "churn.yaml").write_text(json.dumps(spec), encoding="utf-8")
    places = {name: {"account": "123456789012"} | more for name, more in ENVIRONMENTS.items()}
    text = json.dumps({"project": "demo", "environments": places})
    (folder / "hptc.yaml").write_text(text, encoding="utf-8")
    return folder


def synthesized(folder: Path, name: str, outdir: Path) -> dict[str, str]:
    result = synth_project(folder, name, outdir)
    assert result.assembly is not None, result.diagnostics
    return templates(result.assembly)


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_stack_of_a_schedule(name: str, golden: Golden, tmp_path: Path) -> None:
    stacks = synthesized(project(tmp_path), name, tmp_path / "out")
    template = stacks[f"hptc-demo-{name}-churn-schedule"]
    golden(f"stacks/schedules/{name}.json", pretty(template))
    exports = {
        output["Export"]["Name"]
        for stack in stacks.values()
        for output in json.loads(stack)["Outputs"].values()
        if "Export" in output
    }
    assert set(imported(json.loads(template))) <= exports


@pytest.mark.parametrize(
    "reference",
    ["{{resolve:secretsmanager:prod}}", "{{{{x", "${Token[TOKEN.1]}", "${AWS::Region}"],
)
def test_nothing_in_a_request_is_replaced(tmp_path: Path, reference: str) -> None:
    spec: dict[str, Any] = deepcopy(SPEC)
    spec["training_job"]["environment"] = {"A": reference.replace("{{", "{{ '{{' }}")}
    stacks = synthesized(project(tmp_path, spec), "plain", tmp_path / "out")
    template = stacks["hptc-demo-plain-churn-schedule"]
    assert "{{" not in template
    (machine,) = resources(template, "AWS::StepFunctions::StateMachine")
    parts = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
    text = "".join(part if isinstance(part, str) else "resource" for part in parts)
    parameters = json.loads(text)["States"]["CreateJob"]["Parameters"]
    assert parameters["TrainingJobDefinition"]["Environment"] == {"A": reference}


FROM_ITSELF = SPEC | {
    "warm_start": {"type": "TransferLearning", "parents": ["latest(churn)"]},
}


def test_a_parent_that_is_looked_up_at_each_start_is_not_a_reference(tmp_path: Path) -> None:
    stacks = synthesized(project(tmp_path, FROM_ITSELF), "plain", tmp_path / "out")
    template = stacks["hptc-demo-plain-churn-schedule"]
    assert "hptc:latest" not in template
    (machine,) = resources(template, "AWS::StepFunctions::StateMachine")
    definition = json.dumps(machine["Properties"]["DefinitionString"])
    assert "$.run.name" in definition
    assert "CreateFirstJob" in definition


@pytest.mark.parametrize("name", ENVIRONMENTS)
@pytest.mark.parametrize("spec", [SPEC, FROM_ITSELF], ids=["no parent", "a parent"])
def test_cfn_lint_and_nag_find_nothing_unexplained(
    spec: Mapping[str, Any], name: str, tmp_path: Path
) -> None:
    folder = project(tmp_path, spec)
    compiled = all_succeeded(compile_paths([str(folder)], Workspace(environment=name)))
    chosen = compiled[0].environment
    assert chosen is not None
    roles = spec_stacks(chosen, [(outcome.name, outcome.job) for outcome in compiled])
    outdir = build(
        chosen,
        foundation(chosen),
        roles,
        tmp_path / "out",
        schedules=schedule_stacks(chosen, deployable_specs(compiled)),
        review=nag,
    )
    assert findings(outdir) == []
    (template,) = outdir.glob("*-schedule.template.json")
    assert problems(template.read_text("utf-8")) == []


def test_the_alarms_notify_the_topic(tmp_path: Path) -> None:
    for name, actions in (
        ("plain", None),
        ("brought", [TOPIC]),
        ("parameters", [{"Ref": "AlarmTopicArnParameter"}]),
    ):
        stacks = synthesized(project(tmp_path), name, tmp_path / name)
        alarms = resources(stacks[f"hptc-demo-{name}-churn-schedule"], "AWS::CloudWatch::Alarm")
        assert len(alarms) == 2
        assert [alarm["Properties"].get("AlarmActions") for alarm in alarms] == [actions] * 2


def test_a_changed_tuning_job_changes_its_state_machine_only(tmp_path: Path) -> None:
    before = synthesized(project(tmp_path), "plain", tmp_path / "before")
    changed = json.loads(json.dumps(SPEC))
    changed["training_job"]["hyperparameters"]["eta"]["max"] = 0.6
    after = synthesized(project(tmp_path, changed), "plain", tmp_path / "after")
    assert {name for name in before if before[name] != after[name]} == {
        "hptc-demo-plain-churn-schedule"
    }
    old, new = (
        json.loads(templates["hptc-demo-plain-churn-schedule"])["Resources"]
        for templates in (before, after)
    )
    assert {name for name in old if old[name] != new[name]} == {"StateMachine"}
    assert set(old) == set(new)
