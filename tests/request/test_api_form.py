"""A file's top-level keys decide whether it is a request or a spec."""

from __future__ import annotations

import pytest

from hptc.request.api_form import is_api_form

SPEC = ["name", "strategy", "limits", "training_job"]
REQUEST = ["HyperParameterTuningJobName", "HyperParameterTuningJobConfig", "TrainingJobDefinition"]

FORMS: dict[str, tuple[list[str], bool]] = {
    "a spec": (SPEC, False),
    "a request": (REQUEST, True),
    "a part of a request": (["HyperParameterTuningJobConfig"], True),
    "a Describe response": ([*REQUEST, "HyperParameterTuningJobArn", "CreationTime"], True),
    "a spec with a capitalized key": ([*SPEC, "Tags"], False),
    "a spec that begins with a capitalized key": (["Autotune", *SPEC], False),
    "a spec with two members": (["name", "training_job", "Tags", "Autotune"], False),
    "a spec of a name and a member": (["name", "Tags"], False),
    "a request with a lowercase key": ([*REQUEST, "tags"], True),
    "a request with a name": ([*REQUEST, "name"], True),
    "one of each without a name": (["HyperParameterTuningJobConfig", "tags"], True),
    "keys of neither": (["Name", "Strategy"], False),
    "no keys": ([], False),
}


@pytest.mark.parametrize(("keys", "expected"), FORMS.values(), ids=FORMS)
def test_most_keys_decide(keys: list[str], expected: bool) -> None:
    assert is_api_form(keys) is expected
