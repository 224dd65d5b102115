"""The one walk over a request: members in the API's order, violations, references."""

from __future__ import annotations

import pytest

from hptc.request.conformance import conformance


def test_members_stand_in_the_apis_order_and_maps_as_they_are() -> None:
    request = {
        "Tags": [{"Value": "v", "Key": "k"}],
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"b": "1", "a": "2"}, "DefinitionName": "x",
        },
        "Unknown": 1,
        "HyperParameterTuningJobName": "n",
    }  # fmt: skip
    result = conformance(request).request
    assert result == request
    assert list(result) == [
        "HyperParameterTuningJobName",
        "TrainingJobDefinition",
        "Tags",
        "Unknown",
    ]
    assert list(result["Tags"][0]) == ["Key", "Value"]
    assert list(result["TrainingJobDefinition"]) == ["DefinitionName", "StaticHyperParameters"]
    assert list(result["TrainingJobDefinition"]["StaticHyperParameters"]) == ["b", "a"]


def test_references_are_found_wherever_they_are() -> None:
    result = conformance(
        {
            "TrainingJobDefinition": {
                "RoleArn": "${hptc:execution_role_arn}",
                "Environment": {"KEY": "${hptc:kms_key_arn}"},
                "VpcConfig": {"Subnets": ["${hptc:subnet_id_1}"]},
                "Misspelled": {"inner": "${hptc:data_bucket}"},
                "EnableNetworkIsolation": ["${hptc:no_such}"],
            }
        }
    )
    assert result.references == {
        *("execution_role_arn", "kms_key_arn", "subnet_id_1", "data_bucket", "no_such"),
    }


@pytest.mark.parametrize(
    ("member", "text", "kind"),
    [
        ("RoleArn", "${hptc:execution_role_arn}", None),
        ("RoleArn", "${hptc:data_bucket}", "pattern"),
        ("RoleArn", "${hptc:data_bucket}${hptc:no_such}", None),  # unknown, which is another error
        ("S3OutputPath", "s3://${hptc:data_bucket}/a", None),
        ("S3OutputPath", "${hptc:data_bucket}/a", "pattern"),
        ("S3OutputPath", "s3://${hptc:data_bucket}/" + "a" * 2000, None),  # its length is not known
        ("CompressionType", "${hptc:data_bucket}", "enum"),
    ],
)
def test_the_form_of_a_reference_is_known(member: str, text: str, kind: str | None) -> None:
    output = {} if member == "RoleArn" else {member: text}
    definition = {"OutputDataConfig": output} if output else {member: text}
    result = conformance({"TrainingJobDefinition": definition})
    kinds = [violation.kind for violation in result.violations if violation.path[-1:] == (member,)]
    assert kinds == ([kind] if kind else [])


def test_what_only_looks_like_a_reference_is_text() -> None:
    """It meets or violates the constraints of its member as any other text does."""
    texts = {"StaticHyperParameters": {"note": "${hptc:No Name}"}, "RoleArn": "${hptc:No Name}"}
    result = conformance({"TrainingJobDefinition": texts})
    wrong = [violation for violation in result.violations if violation.value == "${hptc:No Name}"]
    assert not result.references
    assert [(violation.kind, violation.path[-1]) for violation in wrong] == [("minimum", "RoleArn")]
