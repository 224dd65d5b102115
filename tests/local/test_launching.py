"""How training jobs start on this machine, and what keeps them from it."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hptc.errors import UsageError
from hptc.local.container_files import resource_config
from hptc.local.input_data import local_path
from hptc.local.launching import NotRunnableError, plan_launches
from hptc.local.run_differences import differences, more_than_available
from hptc.local.run_options import Launch, RunOptions
from hptc.request.reading import read_job
from tests.support.local_runs import tuning_request

SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
SCRIPT = {"sagemaker_program": '"train.py"'}


def channel(name: str = "train", **members: Any) -> dict[str, Any]:
    s3 = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train/"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": s3}, **members}


def request(image: str = SKLEARN, *channels: dict[str, Any], **options: Any) -> dict[str, Any]:
    body = tuning_request(**options)
    definition = body["TrainingJobDefinition"]
    definition["AlgorithmSpecification"]["TrainingImage"] = image
    definition["InputDataConfig"] = list(channels)
    return body


def plan(body: dict[str, Any], **options: Any) -> Launch:
    (launch,) = plan_launches(read_job(body), RunOptions(**options), options.get("s3_root"))
    return launch


def reasons(body: dict[str, Any], **options: Any) -> str:
    with pytest.raises(NotRunnableError) as raised:
        plan(body, **options)
    return "; ".join(raised.value.reasons)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/train.py").touch()
    return tmp_path / "src"


def test_a_script_runs_with_the_python_of_hptc(code: Path) -> None:
    launch = plan(request(static=SCRIPT), source=code)
    assert (launch.entry_point, launch.code) == ("train.py", code)
    assert launch.python == sys.executable


def test_another_entry_point_and_python(code: Path) -> None:
    (code / "other.py").touch()
    launch = plan(request(), source=code, entry_point="other.py", python="sh")
    assert launch.entry_point == "other.py"
    assert launch.python.endswith("/sh")
    assert "--python nothing is not a program" in reasons(
        request(static=SCRIPT), source=code, python="nothing"
    )


def test_a_command_replaces_an_image(tmp_path: Path) -> None:
    launch = plan(request(XGBOOST), images=(("sagemaker-xgboost*", "sh 'a b.sh'"),))
    assert launch.command == ("sh", "a b.sh")
    assert launch.cwd == Path.cwd()
    assert "`nothing` is not a program" in reasons(request(XGBOOST), images=(("*", "nothing"),))
    assert "is not a command" in reasons(request(XGBOOST), images=(("*", "sh 'open"),))


def test_channels_are_given_or_below_the_folder_of_s3(tmp_path: Path, code: Path) -> None:
    (tmp_path / "data/train").mkdir(parents=True)
    body = request(SKLEARN, channel(), channel("other"), static=SCRIPT)
    launch = plan(body, source=code, s3_root=tmp_path, channels={"other": code / "train.py"})
    assert launch.channels == {"train": tmp_path / "data/train", "other": code / "train.py"}


def test_an_unknown_channel_is_an_error(code: Path) -> None:
    with pytest.raises(UsageError, match="has no input channel `trian`; it has `train`"):
        plan(request(SKLEARN, channel(), static=SCRIPT), source=code, channels={"trian": code})


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("s3://bucket/a/b/", "bucket/a/b"),
        ("s3://${hptc:data_bucket}/a", "data_bucket/a"),
        ("s3://bucket/../../etc/passwd", "bucket/etc/passwd"),
        ("s3://bucket//a", "bucket/a"),
        ("s3://bucket", "bucket"),
    ],
)
def test_objects_in_s3_are_below_a_folder(uri: str, path: str) -> None:
    assert local_path(uri, Path("/root")) == Path("/root") / path


def group(name: str) -> dict[str, Any]:
    return {"InstanceGroupName": name, "InstanceType": "ml.m5.large", "InstanceCount": 1}


def with_groups(*names: str) -> dict[str, Any]:
    body = request(static=SCRIPT)
    resources = {"InstanceGroups": [group(name) for name in names], "VolumeSizeInGB": 10}
    body["TrainingJobDefinition"]["ResourceConfig"] = resources
    return body


FILE_SYSTEM = {
    "FileSystemId": "fs-0123456789abcdef0",
    "FileSystemType": "EFS",
    "FileSystemAccessMode": "ro",
    "DirectoryPath": "/data",
}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (request(static=SCRIPT), "the code is in its image; name a folder with --source DIR"),
        (request(), "runs a script, but no `sagemaker_program` is set"),
        (
            request(XGBOOST.replace("sagemaker-xgboost:1.7-1", "pca:1")),
            "is not run here; use --docker to run it, or --image 'pca*=COMMAND'",
        ),
        (
            request("my.registry/own:1"),
            "is not run here; use --docker to run it, or --image 'own*=COMMAND'",
        ),
        (
            with_groups("cpu", "gpu"),
            "a heterogeneous cluster, here of `cpu` and `gpu`, needs AWS; keep one instance group",
        ),
        (request(SKLEARN, channel("..")), "the input channel `..` can't be a folder"),
        (
            request(
                SKLEARN,
                channel(DataSource={"FileSystemDataSource": FILE_SYSTEM}),
            ),
            "does not read from S3; name a folder with --channel train=DIR",
        ),
        (
            request(
                SKLEARN,
                channel(
                    DataSource={
                        "S3DataSource": {"S3DataType": "ManifestFile", "S3Uri": "s3://data/m.json"}
                    }
                ),
            ),
            "reads the manifest s3://data/m.json; use --s3-root for it and its objects, or name a",
        ),
    ],
)
def test_what_does_not_run_here_is_named(body: dict[str, Any], expected: str) -> None:
    assert expected in reasons(body)


@pytest.mark.parametrize("value", ["a\0b", "a\ud800b"], ids=["NUL", "half of a pair"])
def test_values_that_no_process_can_have_are_named(code: Path, value: str) -> None:
    body = request(static={**SCRIPT, "size": value})
    body["TrainingJobDefinition"]["Environment"] = {"TOKEN": value}
    text = reasons(body, source=code)
    assert "the environment variable `TOKEN` has a character that no process can be given" in text
    assert "the hyperparameter `size` has a character that no process can be given" in text
    text = reasons(body, images=(("*", "sh train.sh"),))  # which reads a file
    assert "`TOKEN`" in text
    assert "`size`" not in text


def test_one_instance_group_is_one_instance() -> None:
    (definition,) = read_job(with_groups("cpu")).definitions
    assert resource_config(definition)["current_group_name"] == "cpu"


def test_checkpoints_outside_of_opt_ml_are_a_difference() -> None:
    body = request(static=SCRIPT)
    checkpoints = {"S3Uri": "s3://bucket/c", "LocalPath": "/tmp/checkpoints"}
    body["TrainingJobDefinition"]["CheckpointConfig"] = checkpoints
    notes = "\n".join(differences(read_job(body), [Launch(definition="", channels={})]))
    assert "checkpoints in `/tmp/checkpoints` are not kept for a restart" in notes


def test_missing_data_and_code_are_named(tmp_path: Path, code: Path) -> None:
    body = request(SKLEARN, channel(), static={"sagemaker_program": "other.py"})
    text = reasons(body, s3_root=tmp_path, source=code)
    assert f"but {tmp_path}/data/train does not exist" in text
    assert f"there is no `other.py` in {code}" in text
    assert "nowhere does not exist" in reasons(body, channels={"train": Path("nowhere")})


def test_differences_from_aws_are_stated(code: Path) -> None:
    body = request(SKLEARN, channel(InputMode="FastFile"), static=SCRIPT)
    definition = body["TrainingJobDefinition"]
    definition["ResourceConfig"]["InstanceType"] = "ml.p3.2xlarge"
    definition |= {"EnableNetworkIsolation": True, "EnableManagedSpotTraining": True}
    job, launch = read_job(body), Launch(definition="", channels={})
    notes = "\n".join(differences(job, [launch]))
    for part in ("hptc's own", "`ml.p3.2xlarge` has GPUs", "`train` can be written", "isolation"):
        assert part in notes
    assert len(differences(job, (), is_dry=True)) == 1
    command = replace(launch, command=("sh", "train.sh"))
    notes = "\n".join(differences(job, [command]))
    assert "`sagemaker-scikit-learn:1.2-1-cpu-py3` is not used; `sh train.sh` stands in" in notes
    notes = "\n".join(differences(job, [replace(launch, image="sha256:1")]))
    assert "can be written" not in notes
    assert "isolation" not in notes
    assert "containers have no AWS credentials" in notes
    job = read_job(tuning_request(parallel=5))
    assert more_than_available(job, 8) is None
    assert "5 training jobs run at a time on 2 CPUs" in (more_than_available(job, 2) or "")


def test_a_channel_named_code_is_data_like_any_other(tmp_path: Path, code: Path) -> None:
    body = request(SKLEARN, channel("code"), static=SCRIPT)
    assert "`code`" in reasons(body, source=code)
    assert plan(body, source=code, channels={"code": tmp_path}).channels == {"code": tmp_path}
