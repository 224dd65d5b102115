"""What training jobs on this machine get for values that only a deployment knows."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from hptc.local.run_differences import differences
from hptc.local.run_options import RunOptions
from hptc.local.service import LocalTuning
from hptc.local.unknown_values import local_values
from hptc.request.reading import read_job
from tests.support.local_runs import run, tuning_request

CODE = "s3://${hptc:artifact_bucket}/code/demo.tar.gz"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (CODE, "/opt/ml/code"),
        (f'"{CODE}"', '"/opt/ml/code"'),
        ("s3://bucket/code.tar.gz", "s3://bucket/code.tar.gz"),
    ],
)
def test_the_location_of_the_code_is_the_folder_that_has_it(text: str, expected: str) -> None:
    values = {"sagemaker_submit_directory": text}
    assert local_values(values, PurePosixPath("/opt/ml/code")) == {
        "sagemaker_submit_directory": expected
    }


def test_without_code_every_reference_becomes_its_name() -> None:
    values = {"sagemaker_submit_directory": CODE, "words": "s3://${hptc:data_bucket}/w", "n": "1"}
    assert local_values(values, None) == {
        "sagemaker_submit_directory": "s3://artifact_bucket/code/demo.tar.gz",
        "words": "s3://data_bucket/w",
        "n": "1",
    }


def test_a_script_finds_no_reference(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/train.sh").write_text(
        'echo "$SM_MODULE_DIR"; echo "$@"; env; cat "$SM_INPUT_CONFIG_DIR"/*; echo loss=0.5'
    )
    static = {
        "sagemaker_program": "train.sh",
        "sagemaker_submit_directory": CODE,
        "words": "s3://${hptc:data_bucket}/w",
    }
    request = tuning_request(jobs=1, static=static)
    definition = request["TrainingJobDefinition"]
    definition["Environment"] = {"KEY": "${hptc:kms_key_arn}"}
    tuning = LocalTuning(tmp_path / "jobs", RunOptions(source=tmp_path / "src"))
    _, ended = run(tuning, request)
    log = tuning.log_path(ended[0].name)
    assert log is not None
    text = log.read_text()
    assert "${hptc:" not in text
    assert text.splitlines()[0].endswith("/ml/code")
    assert " --words s3://data_bucket/w" in text
    assert "KEY=kms_key_arn\n" in text
    described = tuning.describe_training_job(ended[0].name)
    assert described is not None
    assert described["HyperParameters"]["words"] == static["words"]
    value = "where AWS has a value that only a deployment knows"
    assert differences(read_job(request), tuning.launches("demo"))[-2:] == [
        f"the hyperparameter `words` has the text `data_bucket` {value}",
        f"the environment variable `KEY` has the text `kms_key_arn` {value}",
    ]
