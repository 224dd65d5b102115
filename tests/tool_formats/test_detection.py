"""What `hptc import` recognizes, what it leaves out, and what it says about everything else."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
import yaml

from hptc.compiler.importing import write_spec
from hptc.errors import UsageError
from hptc.tool_formats.detection import read_job

CREATES = "arn:aws:states:::sagemaker:createHyperParameterTuningJob"
REQUEST: dict[str, Any] = {
    "HyperParameterTuningJobName": "example",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "auc"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {
            "ContinuousParameterRanges": [{"Name": "eta", "MinValue": "0.10", "MaxValue": "1e-0"}]
        },
    },
    "TrainingJobDefinition": {
        "StaticHyperParameters": {"rounds": "010", "token": "<pad>"},
        "AlgorithmSpecification": {
            "TrainingImage": "111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1",
            "TrainingInputMode": "File",
        },
        "RoleArn": "arn:aws:iam::111122223333:role/example",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    },
}
CONFIG = REQUEST["HyperParameterTuningJobConfig"]
DEFINITION = REQUEST["TrainingJobDefinition"]


def with_member(path: str, value: Any, *, instead_of: str = "") -> dict[str, Any]:
    """The request with another value of a member, or with a key in place of another one."""
    request = deepcopy(REQUEST)
    *above, last = path.split("/")
    structure = request
    for key in above:
        structure = structure.setdefault(key, {})
    structure.pop(instead_of, None)
    structure[last] = value
    return request


def state(parameters: dict[str, Any], kind: str = "Parameters") -> dict[str, Any]:
    return {"Type": "Task", "Resource": CREATES, kind: parameters, "End": True}


def resource(api_version: str, kind: str, spec: dict[str, Any]) -> str:
    return yaml.safe_dump(
        {"apiVersion": api_version, "kind": kind, "metadata": {"name": "named"}, "spec": spec}
    )


def error_of(*files: tuple[str, str], selected: str | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        read_job(files, selected=selected)
    return f"{caught.value.message}\n{caught.value.help}"


KUBERNETES = {
    "apiVersion": "sagemaker.services.k8s.aws/v1alpha1",
    "kind": "HyperParameterTuningJob",
    "metadata": {"name": "a"},
    "spec": {},
}
NOT_JOBS = {
    "list": ("[1]", "x.json", "not a CreateHyperParameterTuningJob request"),
    "spec": ("name: x", "x.yaml", "not a CreateHyperParameterTuningJob request"),
    "broken": ("{", "x.json", "expected"),
    "empty": ("", "x.json", "not a CreateHyperParameterTuningJob request"),
    "tag": ("a: !!python/object:os.system {}", "x.yaml", "tag"),
    "script": ("import boto3\nboto3.client('x')", "job.py", "hptc capture -- python job.py"),
    "script on stdin": ("import boto3\nboto3.client('x')", "stdin", "a Python program"),
    "notebook": ('{"cells": [], "nbformat": 4}', "x.json", "jupyter nbconvert"),
    "notebook by name": ("{}", "x.ipynb", "jupyter nbconvert --to notebook --execute x.ipynb"),
    "DAG": ("from airflow import DAG", "dag.py", "hptc capture -- airflow dags test DAG_ID"),
    "Terraform": ('resource "aws_x" "y" {\n}', "stdin", "terraform show -json"),
    "Terraform by name": ("locals {}", "main.tf", "hptc import plan.json"),
    "Terraform in JSON": ('{"resource": {}}', "main.tf.json", "hptc import plan.json"),
    "Terraform state": ("{}", "terraform.tfstate", "terraform show -json > state.json"),
    "shell script": (
        "aws sagemaker create-hyper-parameter-tuning-job --x file://c.json",
        "run.sh",
        "hptc capture -- sh run.sh",
    ),
    "printed objects": (
        "{'HyperParameterTuningJobConfig': {}, 'CreationTime': datetime.datetime(2026, 1, 1)}",
        "x.txt",
        "json.dumps(tuner.describe(), default=str)",
    ),
    "no such state": (
        json.dumps({"States": {"A": {"Type": "Pass"}}}),
        "x.json",
        "no state of this state machine creates a tuning job",
    ),
    "several states": (
        json.dumps({"States": {"A": state(REQUEST), "B b": state(REQUEST)}}),
        "x.json",
        "several states create a tuning job: `A` and `B b`\nchoose one, as in --state A",
    ),
    "state without parameters": (json.dumps({"Resource": CREATES}), "x.json", "must be a mapping"),
    "another resource": (resource("v1", "Pod", {}), "x.yaml", "not a tuning job"),
    "another kind of the group": (
        resource("sagemaker.services.k8s.aws/v1alpha1", "TrainingJob", {}),
        "x.yaml",
        "not a tuning job",
    ),
    "the kind in another group": (
        resource("example.com/v1", "HyperParameterTuningJob", {}),
        "x.yaml",
        "not a tuning job",
    ),
    "list of other things": (
        json.dumps({"apiVersion": "v1", "kind": "List", "items": ["x", 1]}),
        "x.json",
        "not a tuning job",
    ),
    "a kind that is not a text": (
        json.dumps({"apiVersion": "v1", "kind": 1}),
        "x.json",
        "not a CreateHyperParameterTuningJob request",
    ),
    "two resources": (
        json.dumps({"apiVersion": "v1", "kind": "List", "items": [KUBERNETES, KUBERNETES]}),
        "x.json",
        "several resources create a tuning job: `a` and `a`\nchoose one, as in --resource a",
    ),
    "list of nothing": (
        json.dumps({"apiVersion": "v1", "kind": "List"}),
        "x.json",
        "not a tuning job",
    ),
    "no Terraform resource": (
        json.dumps({"format_version": "1.0", "terraform_version": "1.9", "values": {}}),
        "x.json",
        "no aws_sagemaker_hyper_parameter_tuning_job in this plan or state",
    ),
    "a warm start alone": (
        json.dumps({"WarmStartType": "TransferLearning", "ParentHyperParameterTuningJobs": []}),
        "w.json",
        "`HyperParameterTuningJobConfig` and `TrainingJobDefinition` are missing",
    ),
    "a training job": (
        json.dumps(
            {**REQUEST["TrainingJobDefinition"], "TrainingJobName": "a", "TrainingJobArn": "b"}
        ),
        "x.json",
        "a training job, not a tuning job\nimport the tuning job that started it",
    ),
    "a list of tuning jobs": (
        json.dumps({"HyperParameterTuningJobSummaries": []}),
        "x.json",
        "hptc import --job NAME",
    ),
    "a list of training jobs": (
        json.dumps({"TrainingJobSummaries": []}),
        "x.json",
        "a list of training jobs",
    ),
    "a spec": ("name: x\nstrategy: Grid\nlimits: {}", "x.yaml", "x.yaml: already a spec"),
    "an hptc.yaml": ("project: x\nenvironments: {}", "x.yaml", "an hptc.yaml, not a tuning job"),
    "a Katib experiment": (
        resource("kubeflow.org/v1beta1", "Experiment", {}),
        "x.yaml",
        "docs/coming-from.md",
    ),
    "one piece": (json.dumps(CONFIG), "c.json", "`TrainingJobDefinition` is missing"),
}


@pytest.mark.parametrize(("text", "file", "message"), NOT_JOBS.values(), ids=NOT_JOBS.keys())
def test_what_is_not_a_tuning_job_has_a_message_that_helps(
    text: str, file: str, message: str
) -> None:
    assert message in error_of((text, file))


def test_two_files_with_the_same_member_are_an_error() -> None:
    piece = json.dumps(CONFIG)
    message = error_of((piece, "a.json"), (piece, "b.json"))
    assert "b.json: a.json already has the HyperParameterTuningJobConfig" in message


def test_a_file_that_is_not_a_part_of_a_request_is_named() -> None:
    assert "b.json: not a part" in error_of((json.dumps(CONFIG), "a.json"), ("[1]", "b.json"))


def test_yaml_and_json_read_alike() -> None:
    written = yaml.safe_dump(REQUEST).replace("1e-0", "'1e-0'")
    assert read_job([(written, "a.yaml")]) == read_job([(json.dumps(REQUEST), "a")])


def test_a_comment_does_not_make_a_program() -> None:
    comment = "---\n\n# aws sagemaker create-hyper-parameter-tuning-job --cli-input-yaml file://x\n"
    written = yaml.safe_dump(REQUEST).replace("1e-0", "'1e-0'")
    assert read_job([(comment + written, "stdin")]).request == REQUEST


def test_a_placeholder_in_a_free_text_is_kept() -> None:
    job = read_job([(json.dumps(REQUEST), "a.json")])
    assert (job.request, job.open_members, job.notes) == (REQUEST, (), ())


def test_the_state_is_selected_by_name_also_in_a_branch() -> None:
    other = with_member("HyperParameterTuningJobName", "other")
    machine = {
        "States": {
            "First": state(REQUEST),
            "Both": {"Type": "Parallel", "Branches": [{"States": {"Inner": state(other)}}]},
        }
    }
    text = json.dumps(machine)
    assert read_job([(text, "x")], selected="Inner").request == other
    assert "states that create one: `First` and `Inner`" in error_of((text, "x"), selected="Both")


OPEN = {
    "JSONPath": (
        state(with_member("TrainingJobDefinition/RoleArn.$", "$.role", instead_of="RoleArn")),
        'role_arn: "{{ role }}"',
    ),
    "number": (
        state(
            with_member(
                "HyperParameterTuningJobConfig/ResourceLimits/MaxNumberOfTrainingJobs.$",
                "$.limits.maxJobs",
                instead_of="MaxNumberOfTrainingJobs",
            )
        ),
        'max_number_of_training_jobs: "{{ max_jobs }}"',
    ),
    "intrinsic function": (
        state(
            with_member(
                "TrainingJobDefinition/OutputDataConfig/S3OutputPath.$",
                "States.Format('s3://{}/out', $.bucket)",
                instead_of="S3OutputPath",
            )
        ),
        's3_output_path: "{{ s3_output_path }}"',
    ),
    "JSONata": (
        state(
            with_member("TrainingJobDefinition/StaticHyperParameters/a", "{% $states.input.a %}"),
            "Arguments",
        ),
        'a: "{{ a }}"',
    ),
    "placeholder": (
        with_member("TrainingJobDefinition/RoleArn", "arn:aws:iam::<account_id>:role/<Role Name>"),
        'role_arn: "arn:aws:iam::{{ account }}:role/{{ role_name }}"',
    ),
    "Airflow": (
        {
            **with_member(
                "TrainingJobDefinition/OutputDataConfig/S3OutputPath",
                "s3://{{ var.value.bucket }}/{{ ds }}",
            ),
            "HyperParameterTuningJobName": "tune-{{ ds_nodash }}",
        },
        's3_output_path: "s3://{{ bucket }}/{{ ds }}"',
    ),
}


@pytest.mark.parametrize(("data", "line"), OPEN.values(), ids=OPEN.keys())
def test_a_value_that_only_the_tool_knows_becomes_a_variable(data: Any, line: str) -> None:
    job = read_job([(json.dumps(data), "x.json")])
    text = write_spec(job.request, open_members=job.open_members)
    assert line in text
    assert "# Values to fill in" in text
    assert len(job.open_members) == 1


@pytest.mark.parametrize(
    ("member", "key"),
    [
        ("TrainingJobDefinition/InputDataConfig", "inputs"),
        ("TrainingJobDefinition/VpcConfig/Subnets", "subnets"),
        ("WarmStartConfig/ParentHyperParameterTuningJobs", "parents"),
    ],
)
def test_an_open_list_is_left_out_and_named(member: str, key: str) -> None:
    parameters = with_member(f"{member}.$", "$.x")
    parameters["TrainingJobDefinition"].setdefault("VpcConfig", {})["SecurityGroupIds"] = ["sg-1"]
    parameters.setdefault("WarmStartConfig", {})["WarmStartType"] = "TransferLearning"
    job = read_job([(json.dumps(parameters), "x.json")])
    text = write_spec(job.request, open_members=job.open_members)
    assert f"#   {member.replace('/', '.')}: $.x\n" in text
    assert f"{key}:" not in text


def test_an_open_name_of_the_job_is_left_out() -> None:
    machine = state(
        with_member(
            "HyperParameterTuningJobName.$", "$.n", instead_of="HyperParameterTuningJobName"
        )
    )
    job = read_job([(json.dumps(machine), "x.json")])
    assert "HyperParameterTuningJobName" not in job.request
    assert "left out the tuning job's name, which is $.n" in job.notes[0]
    assert "job_name" not in write_spec(job.request, name="churn")


def test_values_with_the_same_name_get_different_variables() -> None:
    parameters = with_member("TrainingJobDefinition/RoleArn.$", "$.a.x", instead_of="RoleArn")
    parameters["TrainingJobDefinition"]["StaticHyperParameters"] = {"p.$": "$.b.x", "q.$": "$.a.x"}
    members = read_job([(json.dumps(parameters), "x")]).open_members
    assert sorted(member.template for member in members) == ["{{ x }}", "{{ x_2 }}", "{{ x_2 }}"]


def test_uploads_of_airflow_are_left_out_with_a_note() -> None:
    upload = {"Path": "train.py", "Bucket": "b", "Key": "k"}
    config = {**REQUEST, "S3Operations": {"S3Upload": [upload]}}
    job = read_job([(json.dumps(config), "x.json")])
    assert job.request == REQUEST
    assert "Airflow uploads train.py to s3://b/k before it creates the job" in job.notes[0]


def test_placeholders_of_a_kubernetes_sample_become_variables() -> None:
    spec = {
        "hyperParameterTuningJobName": "<YOUR JOB NAME>",
        "hyperParameterTuningJobConfig": {"strategy": "Random"},
        "trainingJobDefinition": {
            "roleARN": "<YOUR SAGEMAKER ROLE ARN>",
            "outputDataConfig": {"s3OutputPath": "s3://<<YOUR BUCKET/OUTPUT>>"},
        },
    }
    text = resource("sagemaker.services.k8s.aws/v1alpha1", "HyperParameterTuningJob", spec)
    job = read_job([(text, "job.yaml")])
    assert {member.place: member.template for member in job.open_members} == {
        "TrainingJobDefinition.RoleArn": "{{ your_sagemaker_role_arn }}",
        "TrainingJobDefinition.OutputDataConfig.S3OutputPath": "s3://{{ your_bucket_output }}",
    }
    assert "HyperParameterTuningJobName" not in job.request


def test_the_first_operator_of_kubernetes_has_pairs_and_its_own_region() -> None:
    spec = {
        "region": "eu-west-1",
        "hyperParameterTuningJobConfig": {
            "strategy": "Bayesian",
            "resourceLimits": {"maxNumberOfTrainingJobs": 3, "maxParallelTrainingJobs": 1},
        },
        "trainingJobDefinition": {
            "staticHyperParameters": [{"name": "rounds", "value": "10"}],
            "stoppingCondition": {"maxRuntimeInSeconds": 60},
        },
        "tags": [{"key": "team", "value": "growth"}],
        "sageMakerEndpoint": "https://example.com",
    }
    text = resource("sagemaker.aws.amazon.com/v1", "HyperparameterTuningJob", spec)
    job = read_job([(text, "job.yaml")])
    assert job.request["TrainingJobDefinition"]["StaticHyperParameters"] == {"rounds": "10"}
    assert job.request["Tags"] == [{"Key": "team", "Value": "growth"}]
    assert job.request["HyperParameterTuningJobName"] == "named"
    assert job.notes == (
        "left out the Region eu-west-1: an environment in hptc.yaml has it",
        "left out `sageMakerEndpoint`: not a member of the request",
    )


PLANNED: dict[str, Any] = {
    "address": "module.tuning[0].aws_sagemaker_hyper_parameter_tuning_job.x",
    "type": "aws_sagemaker_hyper_parameter_tuning_job",
    "change": {
        "after": {
            "name": "x",
            "config": [{"strategy": "Random"}],
            "training_job_definition": [{"checkpoint_config": [], "environment": None}],
            "tags": {"team": "growth", "none": None},
        },
        "after_unknown": {
            "config": [{"training_job_early_stopping_type": True}],
            "training_job_definition": [{"role_arn": True}],
            "arn": True,
        },
    },
}
CONFIGURED = {
    "address": "aws_sagemaker_hyper_parameter_tuning_job.x",
    "expressions": {
        "config": [{"strategy": {"constant_value": "Random"}}],
        "training_job_definition": [{"role_arn": {"references": ["aws_iam_role.tuning.arn"]}}],
    },
}
OTHER: dict[str, Any] = {"address": "aws_s3_bucket.data", "expressions": {}}
CONFIGURATION = {
    "root_module": {"module_calls": {"tuning": {"module": {"resources": [OTHER, CONFIGURED]}}}}
}


@pytest.mark.parametrize(
    ("configuration", "expressions"),
    [
        pytest.param(
            CONFIGURATION,
            {"TrainingJobDefinition.RoleArn": "aws_iam_role.tuning.arn (known after apply)"},
            id="configuration",
        ),
        pytest.param(
            {},
            {
                "HyperParameterTuningJobConfig.TrainingJobEarlyStoppingType": (
                    "training_job_early_stopping_type (known after apply)"
                ),
                "TrainingJobDefinition.RoleArn": "role_arn (known after apply)",
            },
            id="no configuration",
        ),
    ],
)
def test_a_value_that_terraform_knows_after_the_apply_is_open(
    configuration: dict[str, Any], expressions: dict[str, str]
) -> None:
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "resource_changes": [PLANNED],
        "configuration": configuration,
    }
    job = read_job([(json.dumps(plan), "plan.json")])
    assert job.request["HyperParameterTuningJobConfig"]["Strategy"] == "Random"
    assert job.request["Tags"] == [{"Key": "team", "Value": "growth"}]
    assert {member.place: member.expression for member in job.open_members} == expressions
    assert job.open_members[-1].template == "{{ role_arn }}"


def test_names_in_snake_case_are_read_as_the_apis() -> None:
    described = {
        "hyper_parameter_tuning_job_name": "x",
        "hyper_parameter_tuning_job_status": "Completed",
        "hyper_parameter_tuning_job_config": {"strategy": "Random"},
        "training_job_definition": {"role_arn": DEFINITION["RoleArn"]},
    }
    job = read_job([(json.dumps(described), "x.json")])
    assert job.request["TrainingJobDefinition"] == {"RoleArn": DEFINITION["RoleArn"]}
    assert job.request["HyperParameterTuningJobStatus"] == "Completed"
    assert job.form == "a described tuning job"
    del described["hyper_parameter_tuning_job_status"]
    job = read_job([(json.dumps(described), "x.json")])
    assert "HyperParameterTuningJobStatus" not in job.request
    assert job.form == "a request"


@pytest.mark.parametrize(("before", "is_found"), [(9_998, True), (9_999, False)])
def test_the_first_10_000_states_of_a_state_machine_are_searched(
    before: int, is_found: bool
) -> None:
    state = {"Type": "Task", "Resource": CREATES, "Parameters": REQUEST}
    machine = {"StartAt": "A", "States": {}, "Branches": [*[None] * before, state]}
    files = [(json.dumps(machine), "machine.json")]
    if is_found:
        assert read_job(files).request == REQUEST
        return
    with pytest.raises(UsageError, match="no state of this state machine creates"):
        read_job(files)


def test_a_block_of_terraform_is_a_structure_and_two_are_a_list() -> None:
    config = {"strategy": "Random"}
    for blocks, expected in (
        ([config], {"Strategy": "Random"}),
        ([config, config], [config, config]),
    ):
        after = {"name": "x", "config": blocks}
        change = {**PLANNED, "change": {"after": after, "after_unknown": {}}}
        plan = {"format_version": "1.2", "terraform_version": "1.9", "resource_changes": [change]}
        job = read_job([(json.dumps(plan), "plan.json")])
        assert job.request["HyperParameterTuningJobConfig"] == expected


def test_one_of_two_resources_of_terraform_is_chosen() -> None:
    def planned(name: str) -> dict[str, Any]:
        after = {"name": name, "config": [{"strategy": "Random"}]}
        address = f"aws_sagemaker_hyper_parameter_tuning_job.{name}"
        return {**PLANNED, "address": address, "change": {"after": after, "after_unknown": {}}}

    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9",
        "resource_changes": [planned("a"), planned("b")],
    }
    text = json.dumps(plan)
    message = error_of((text, "plan.json"))
    assert "several resources create a tuning job" in message
    assert "--resource aws_sagemaker_hyper_parameter_tuning_job.a" in message
    address = "aws_sagemaker_hyper_parameter_tuning_job.b"
    job = read_job([(text, "plan.json")], selected=address)
    assert job.request["HyperParameterTuningJobName"] == "b"
    assert "no resource with the name `c` creates a tuning job" in error_of(
        (text, "plan.json"), selected="c"
    )


def test_most_keys_of_a_file_tell_which_part_of_a_request_it_is() -> None:
    definition = json.dumps(DEFINITION)
    half = {key: CONFIG[key] for key in ("Strategy", "ResourceLimits")} | {"a": 1, "b": 2}
    assert "half.json: not a part" in error_of((json.dumps(half), "half.json"), (definition, "d"))
    most = {key: value for key, value in half.items() if key != "b"}
    job = read_job([(json.dumps(most), "most.json"), (definition, "d.json")])
    assert job.request["HyperParameterTuningJobConfig"] == most
    assert job.form == "the files of an AWS CLI command"


def test_a_resource_of_kubernetes_is_chosen_by_its_name() -> None:
    other = {**KUBERNETES, "metadata": {"name": "b"}}
    both = json.dumps({"apiVersion": "v1", "kind": "List", "items": [KUBERNETES, other]})
    assert read_job([(both, "x.json")], selected="b").request["HyperParameterTuningJobName"] == "b"
    assert "no resource with the name `c` creates a tuning job" in error_of(
        (both, "x.json"), selected="c"
    )
    assert "no resource with the name `b`" in error_of(
        (json.dumps(KUBERNETES), "x.json"), selected="b"
    )
