"""The one walk over a request: members in the API's order, violations, references."""

from __future__ import annotations

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
    found = conformance(
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
    assert found.references == {
        *("execution_role_arn", "kms_key_arn", "subnet_id_1", "data_bucket", "no_such"),
    }


def test_what_only_looks_like_a_reference_is_text() -> None:
    """It meets or violates the constraints of its member as any other text does."""
    texts = {"StaticHyperParameters": {"note": "${hptc:No Name}"}, "RoleArn": "${hptc:No Name}"}
    found = conformance({"TrainingJobDefinition": texts})
    wrong = [one for one in found.violations if one.value == "${hptc:No Name}"]
    assert not found.references
    assert [(one.kind, one.path[-1]) for one in wrong] == [("minimum", "RoleArn")]
