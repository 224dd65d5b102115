"""The permissions of a compiled spec need an environment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hptc.compiler.permissions_report import (
    PermissionsReport,
    RolePermissions,
    permissions_report,
)
from hptc.errors import UsageError
from hptc.infrastructure.permissions import MANAGED_ROLE
from tests.support.outcomes import succeeded
from tests.support.rule_cases import compile_case


def test_the_report_names_its_environment() -> None:
    compiled = succeeded(compile_case("{}"))
    assert compiled.environment is not None
    report = permissions_report(compiled)
    assert (report.spec, report.environment) == (compiled.name, compiled.environment.name)
    assert (report.account, report.region) == (
        compiled.environment.account,
        compiled.environment.region,
    )


def test_without_an_environment_there_is_no_report() -> None:
    compiled = replace(succeeded(compile_case("{}")), environment=None)
    with pytest.raises(UsageError, match="it has no environment"):
        permissions_report(compiled)


EXISTING = "arn:aws:iam::111122223333:role/training"


def report(spec: str) -> PermissionsReport:
    return permissions_report(succeeded(compile_case(spec)))


def required(role: RolePermissions, sid: str) -> list[tuple[str, str, str]]:
    """The path, the file and the provider of each line that requires a statement."""
    (permission,) = (
        permission for permission in role.permissions if permission.statement.sid == sid
    )
    return [
        (path.path, path.span.file.rpartition("/")[2], path.provided_by)
        for path in permission.required_by
    ]


def test_a_role_of_the_stack_has_its_trust_policy() -> None:
    (role,) = report("{}").roles
    assert (role.arn, role.stack) == (MANAGED_ROLE, "hptc-rules-test-base")
    assert role.is_managed
    assert role.trust is not None


def test_an_existing_role_has_neither_a_stack_nor_a_trust_policy() -> None:
    (role,) = report(f"training_job: {{role_arn: {EXISTING}}}").roles
    assert (role.arn, role.stack, role.trust, role.is_managed) == (EXISTING, "", None, False)
    assert {"ReadInput", "WriteOutput"} <= {
        permission.statement.sid for permission in role.permissions
    }


def test_the_role_of_the_stack_comes_first() -> None:
    permissions = report(f"""
training_job: null
training_jobs:
  a:
    role_arn: {EXISTING}
    objective: {{metric_name: loss, type: Minimize}}
    hyperparameters: {{rate: {{type: Continuous, min: 0.1, max: 0.5}}}}
    algorithm:
      training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1
      metric_definitions: {{loss: "loss=([0-9.]+)"}}
    inputs: {{train: {{s3: "s3://example/train/"}}}}
    resources: {{instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}}
  b:
    objective: {{metric_name: loss, type: Minimize}}
    hyperparameters: {{rate: {{type: Continuous, min: 0.1, max: 0.5}}}}
    algorithm:
      training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/example:2
      metric_definitions: {{loss: "loss=([0-9.]+)"}}
    inputs: {{train: {{s3: "s3://example/train/"}}}}
    resources: {{instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}}
""")
    assert [role.arn for role in permissions.roles] == [MANAGED_ROLE, EXISTING]
    assert [role.is_managed for role in permissions.roles] == [True, False]
    assert required(permissions.roles[0], "WriteLogs") == [("training_jobs.b", "case.yaml", "")]
    assert required(permissions.roles[1], "WriteOutput") == [
        ("training_jobs.a.output.s3_output_path", "case.yaml", "infrastructure.artifact_bucket")
    ]


def test_a_line_is_in_the_layer_that_has_it() -> None:
    (role,) = report("{}").roles
    path = "training_job.inputs.train.s3.s3_uri"
    assert required(role, "ReadInput") == [(path, "hptc.yaml", "")]
    (role,) = report('training_job: {inputs: {train: {s3: "s3://example/own/"}}}').roles
    assert required(role, "ReadInput") == [(path, "case.yaml", "")]


def test_what_is_written_is_not_provided() -> None:
    path = "training_job.output.s3_output_path"
    (role,) = report("{}").roles
    assert required(role, "WriteOutput") == [(path, "case.yaml", "infrastructure.artifact_bucket")]
    (role,) = report('training_job: {output: {s3_output_path: "s3://example/o/"}}').roles
    assert required(role, "WriteOutput") == [(path, "case.yaml", "")]


def test_a_whole_definition_is_in_the_spec() -> None:
    (role,) = report("{}").roles
    assert required(role, "WriteLogs") == [("training_job", "case.yaml", "")]


def test_a_schedule_has_the_roles_that_start_it() -> None:
    assert report("{}").schedule == ()
    roles = report("name: base\nschedule: {schedule_expression: rate(7 days)}").schedule
    assert [(role.arn, role.stack) for role in roles] == [("", "hptc-rules-test-base-schedule")] * 2
    for role in roles:
        assert role.is_managed
        for permission in role.permissions:
            (requirement,) = permission.required_by
            assert (requirement.path, requirement.provided_by) == ("schedule", "")
            assert (requirement.span.file, requirement.span.line) == ("case.yaml", 2)
