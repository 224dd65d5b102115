"""Requests in pipelines, CloudFormation templates, CloudTrail's events and several documents."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
import yaml

from hptc.compiler.importing import write_spec
from hptc.errors import UsageError
from hptc.tool_formats.detection import read_job
from hptc.tool_formats.imported_job import ImportedJob
from tests.support.local_runs import tuning_request
from tests.support.tool_formats import in_kubernetes

CREATES = "arn:aws:states:::sagemaker:createHyperParameterTuningJob"
REQUEST: dict[str, Any] = tuning_request()
NAMELESS = {key: value for key, value in REQUEST.items() if key != "HyperParameterTuningJobName"}


def imported(data: Any, selected: str | None = None) -> ImportedJob:
    return read_job([(json.dumps(data), "file.json")], selected=selected)


def refused(data: Any, selected: str | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        imported(data, selected)
    return f"{caught.value.message} | {caught.value.help}"


class TestPipeline:
    def definition(self, **members: Any) -> dict[str, Any]:
        arguments = deepcopy(NAMELESS) | members
        steps = [
            {"Name": "Prepare", "Type": "Processing", "Arguments": {}},
            {"Name": "Tune", "Type": "Tuning", "Arguments": arguments},
        ]
        return {"Version": "2020-12-01", "Steps": steps}

    def test_the_only_tuning_step(self) -> None:
        job = imported(self.definition())
        assert job.request == NAMELESS
        assert job.form == "the step Tune of a SageMaker pipeline"

    def test_a_response_with_the_definition(self) -> None:
        response = {"PipelineName": "p", "PipelineDefinition": json.dumps(self.definition())}
        assert imported(response).request == NAMELESS

    @pytest.mark.parametrize("text", ["[", "[1]", '{"a": ' * 100 + "1" + "}" * 100])
    def test_a_definition_that_cannot_be_read(self, text: str) -> None:
        assert "can't be read as JSON" in refused({"PipelineDefinition": text})

    def test_a_step_of_a_branch(self) -> None:
        inner = self.definition()["Steps"]
        branch = {"Name": "If", "Type": "Condition", "Arguments": {"IfSteps": inner}}
        assert imported({"Version": "1", "Steps": [branch]}).request == NAMELESS

    def test_one_of_several_steps(self) -> None:
        data = self.definition()
        data["Steps"].append({**data["Steps"][1], "Name": "Again"})
        assert "`Tune` and `Again` | choose one, as in --state Tune" in refused(data)
        assert "no step with the name `Other`" in refused(data, "Other")
        assert imported(data, "Again").form == "the step Again of a SageMaker pipeline"

    def test_no_tuning_step(self) -> None:
        assert "no step of this pipeline" in refused({"Version": "1", "Steps": [3]})

    def test_a_parameter_has_its_default(self) -> None:
        data = self.definition(TrainingJobDefinition={"RoleArn": {"Get": "Parameters.Role"}})
        data["Parameters"] = [{"Name": "Role", "Type": "String", "DefaultValue": "arn"}]
        job = imported(data)
        assert job.request["TrainingJobDefinition"] == {"RoleArn": "arn"}
        assert job.notes == ("used the default values of the pipeline's parameters `Role`",)

    @pytest.mark.parametrize(
        ("expression", "template", "shown"),
        [
            ({"Get": "Parameters.Role"}, "{{ role }}", "Parameters.Role"),
            (
                {"Std:Join": {"On": "/", "Values": ["s3:/", {"Get": "Parameters.Bucket"}, "x"]}},
                "s3://{{ bucket }}/x",
                "s3://<Parameters.Bucket>/x",
            ),
        ],
    )
    def test_what_only_a_run_knows_is_a_variable(
        self, expression: object, template: str, shown: str
    ) -> None:
        job = imported(self.definition(TrainingJobDefinition={"RoleArn": expression}))
        ((member),) = job.open_members
        assert (member.template, member.expression) == (template, shown)

    @pytest.mark.parametrize("text", ["\0", "a\0b", "\0\0\0"])
    def test_a_text_with_the_mark_of_an_expression_is_a_text(self, text: str) -> None:
        request = {"TrainingJobDefinition": {"RoleArn": text}}
        assert imported(self.definition(**request)).request["TrainingJobDefinition"] == {
            "RoleArn": text
        }

    def test_default_values_cannot_make_a_step_too_large(self) -> None:
        data = self.definition(Tags=[{"Get": "Parameters.Text"}] * 50)
        data["Parameters"] = [{"Name": "Text", "Type": "String", "DefaultValue": "x" * 100_000}]
        assert "more than 4,000,000 characters" in refused(data)


class TestCloudFormation:
    def machine(self, definition: object) -> dict[str, Any]:
        properties = {"DefinitionString": definition}
        return {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}

    def states(self, request: dict[str, Any] = REQUEST) -> str:
        state = {"Type": "Task", "Resource": CREATES, "Parameters": request, "End": True}
        return json.dumps({"StartAt": "Tune", "States": {"Tune": state}})

    def test_a_state_machine(self) -> None:
        queue = {"Type": "AWS::SQS::Queue"}
        job = imported({"Resources": {"Queue": queue, "Tune": self.machine(self.states())}})
        assert (job.request, job.form) == (REQUEST, "the state Tune of a state machine")

    def test_a_state_machine_as_an_object(self) -> None:
        resource = {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"Definition": json.loads(self.states())},
        }
        assert imported({"Resources": {"Tune": resource}}).request == REQUEST

    def test_a_pipeline(self) -> None:
        definition = json.dumps(TestPipeline().definition())
        properties = {"PipelineDefinition": {"PipelineDefinitionBody": definition}}
        resource = {"Type": "AWS::SageMaker::Pipeline", "Properties": properties}
        assert imported({"Resources": {"Tune": resource}}).request == NAMELESS

    def test_a_custom_resource_of_the_cdk(self) -> None:
        call = {"service": "SageMaker", "action": "createHyperParameterTuningJob"}
        properties = {"Create": json.dumps({**call, "parameters": REQUEST})}
        job = imported({"Resources": {"T": {"Type": "Custom::AWS", "Properties": properties}}})
        assert (job.request, job.form) == (REQUEST, "an AWS custom resource")

    def test_references_become_variables(self) -> None:
        request = deepcopy(REQUEST)
        definition = request["TrainingJobDefinition"]
        definition["RoleArn"], definition["OutputDataConfig"] = "@1", {"S3OutputPath": "s3://@2/x"}
        before, role, rest = self.states(request).partition("@1")
        between, bucket, after = rest.partition("@2")
        assert role
        assert bucket
        get, ref = {"Fn::GetAtt": ["TuningRole", "Arn"]}, {"Ref": "DataBucket"}
        text = {"Fn::Join": ["", [before, get, between, ref, after]]}
        job = imported({"Resources": {"Tune": self.machine(text)}})
        assert [member.template for member in job.open_members] == [
            "{{ tuning_role_arn }}",
            "s3://{{ data_bucket }}/x",
        ]

    def test_sub_knows_the_names_of_aws(self) -> None:
        request = deepcopy(REQUEST)
        role = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/x"
        request["TrainingJobDefinition"]["RoleArn"] = role
        job = imported({"Resources": {"T": self.machine({"Fn::Sub": self.states(request)})}})
        assert job.open_members[0].template == "arn:aws:iam::{{ account }}:role/x"

    def test_one_of_several_resources(self) -> None:
        one = self.machine(self.states())
        data = {"Resources": {"One": one, "Two": one}}
        assert "`One` and `Two` | choose one, as in --resource One" in refused(data)
        assert "resources that create one: `One` and `Two`" in refused(data, "Three")
        assert imported(data, "Two").request == REQUEST

    @pytest.mark.parametrize("definition", ["{", "{}", {"Fn::Select": [0, []]}, 3])
    def test_no_tuning_job(self, definition: object) -> None:
        assert "no resource of this template" in refused(
            {"Resources": {"A": self.machine(definition)}}
        )

    def test_only_what_a_sub_replaces_is_a_variable(self) -> None:
        request = deepcopy(REQUEST)
        request["TrainingJobDefinition"]["RoleArn"] = "${Role}/${!kept}"
        job = imported({"Resources": {"T": self.machine({"Fn::Sub": self.states(request)})}})
        assert job.open_members[0].template == "{{ role }}/${kept}"

    def in_yaml(self, definition: str, **properties: str) -> ImportedJob:
        """The job of a template of AWS SAM with this training job definition in YAML."""
        others = "".join(f"\n      {key}: {value}" for key, value in properties.items())
        text = f"""
AWSTemplateFormatVersion: 2010-09-09
Conditions:
  IsProd: !Equals [!Ref "AWS::Region", us-east-1]
Resources:
  Tune:
    Type: AWS::Serverless::StateMachine
    Properties:{others}
      Role: !GetAtt Role.Arn
      Definition:
        States:
          Tune:
            Resource: !Sub arn:${{AWS::Partition}}:states:::sagemaker:createHyperParameterTuningJob
            Parameters:
              TrainingJobDefinition: {{{definition}}}
"""
        return read_job([(text, "template.yaml")])

    @pytest.mark.parametrize(
        ("role", "template"),
        [
            ("!Ref Role", "{{ role }}"),
            ("!GetAtt Role.Arn", "{{ role_arn }}"),
            ("!GetAtt [Role, Arn]", "{{ role_arn }}"),
            ("!Sub 'arn:${AWS::Partition}:iam::1:role/${Name}'", "arn:aws:iam::1:role/{{ name }}"),
            ('!Sub ["${R}/x", {R: !Ref Role}]', "{{ r }}/x"),
            ("!Join ['', ['arn:', !Ref Name]]", "arn:{{ name }}"),
            ("!ImportValue tuning-role", "{{ tuning_role }}"),
            ("!If [IsProd, !Ref Role, none]", "{{ if_is_prod_role_none }}"),
            ("!Select [0, !Split ['|', !Ref Roles]]", "{{ select_0_roles }}"),
            ("{Fn::GetAtt: [Role, Arn]}", "{{ role_arn }}"),
        ],
    )
    def test_the_tags_of_a_template_in_yaml(self, role: str, template: str) -> None:
        job = self.in_yaml(f"RoleArn: {role}")
        ((member),) = job.open_members
        assert (member.template, member.place) == (template, "TrainingJobDefinition.RoleArn")

    def test_a_list_that_a_template_refers_to(self) -> None:
        job = self.in_yaml("VpcConfig: {SecurityGroupIds: [sg-1], Subnets: !Ref Subnets}")
        ((member),) = job.open_members
        assert (member.place, member.template) == ("TrainingJobDefinition.VpcConfig.Subnets", "")
        assert "security_group_ids" in write_spec(job.request, open_members=job.open_members)

    def test_the_substitutions_of_a_definition(self) -> None:
        substitutions = "{Role: !GetAtt Role.Arn}"
        job = self.in_yaml("RoleArn: '${Role}${Other}'", DefinitionSubstitutions=substitutions)
        assert job.open_members[0].template == "{{ role }}${Other}"

    def test_a_reference_without_its_end_takes_no_time(self) -> None:
        text = self.states({"TrainingJobDefinition": {"RoleArn": "${" * 100_000}})
        assert imported({"Resources": {"T": self.machine({"Fn::Sub": text})}}).request

    @pytest.mark.parametrize("text", ["!Ruf B", "!!python/object:os.system x"])
    def test_another_tag(self, text: str) -> None:
        template = f"Resources:\n  A:\n    Type: AWS::SQS::Queue\n    Properties: {text}\n"
        with pytest.raises(UsageError, match=r"the tag `.*` is not supported"):
            read_job([(template, "template.yaml")])

    def test_tags_are_for_templates(self) -> None:
        with pytest.raises(UsageError, match="the tag `!Ref` is not supported"):
            read_job([("HyperParameterTuningJobName: !Ref Name\n", "request.yaml")])


class TestCloudTrail:
    def event(self, name: str = "churn", **members: Any) -> dict[str, Any]:
        request = in_kubernetes(NAMELESS) | {"hyperParameterTuningJobName": name}
        return {
            "eventSource": "sagemaker.amazonaws.com",
            "eventName": "CreateHyperParameterTuningJob",
            "requestParameters": request,
            **members,
        }

    @pytest.mark.parametrize(
        "wrapped",
        [
            lambda event: event,
            lambda event: {"Records": [{"eventName": "ListTags"}, event]},
            lambda event: {"Events": [{"CloudTrailEvent": json.dumps(event)}]},
        ],
        ids=["event", "file of a trail", "lookup-events"],
    )
    def test_an_event(self, wrapped: Any) -> None:
        job = imported(wrapped(self.event()))
        assert job.request == {**NAMELESS, "HyperParameterTuningJobName": "churn"}
        assert job.form == "a CloudTrail event"

    def test_one_of_several(self) -> None:
        data = {"Records": [self.event("a"), self.event("b")]}
        assert "`a` and `b` | choose one, as in --resource a" in refused(data)
        assert "events that create one: `a` and `b`" in refused(data, "c")
        assert imported(data, "b").request["HyperParameterTuningJobName"] == "b"

    @pytest.mark.parametrize("members", [{"requestParameters": None}, {"eventName": "ListTags"}])
    def test_no_tuning_job(self, members: dict[str, Any]) -> None:
        assert "aws cloudtrail lookup-events" in refused(self.event(**members))


class TestSeveralDocuments:
    def resource(self, name: str) -> str:
        return yaml.safe_dump(
            {
                "apiVersion": "sagemaker.services.k8s.aws/v1alpha1",
                "kind": "HyperParameterTuningJob",
                "metadata": {"name": name},
                "spec": in_kubernetes(NAMELESS),
            }
        )

    def test_resources_of_kubernetes(self) -> None:
        other = "apiVersion: v1\nkind: ConfigMap\n"
        text = f"# two\n---\n{other}---\n{self.resource('a')}---\n# end\n"
        job = read_job([(text, "jobs.yaml")])
        assert job.request["HyperParameterTuningJobName"] == "a"

    def test_one_of_several(self) -> None:
        text = "---\n".join(map(self.resource, "ab"))
        job = read_job([(text, "jobs.yaml")], selected="b")
        assert job.request["HyperParameterTuningJobName"] == "b"

    @pytest.mark.parametrize("text", ["name: a\n---\nname: b\n", "---\na: 1\n" * 200])
    def test_other_files_have_one_document(self, text: str) -> None:
        with pytest.raises(UsageError, match="not valid YAML: but found another document"):
            read_job([(text, "specs.yaml")])
