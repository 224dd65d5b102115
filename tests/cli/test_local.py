"""`hptc local`."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from hptc.cli import run
from hptc.cli.lazy_group import CommandEntry
from hptc.cli.local import COMMANDS
from hptc.local.service import LocalTuning
from tests.support.docker import FakeDocker
from tests.support.local_runs import IMAGE, shell, tuning_request, wait_until
from tests.support.paths import ROOT
from tests.support.stand_ins import XGBOOST, built_in_request, csv, rows


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(
    folder: Path, request: dict[str, Any] | None = None, script: str = "echo loss=0.5"
) -> str:
    """A request in the folder, and the option that maps its image to a shell script."""
    (folder / "request.json").write_text(json.dumps(request or tuning_request()))
    ((pattern, command),) = shell(folder / "scripts", script)
    return f"--image={pattern}={command}"


def test_a_run_shows_its_progress_and_its_best_training_job(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = write(folder)
    assert run(["local", "run", "request.json", image]) == 0
    out, err = capsys.readouterr()
    assert "[1/3] demo-001-" in err
    assert "the search is hptc's own" in err
    assert "best           loss = 0.5" in out
    assert "rate = " in out
    assert "console" not in out
    assert (folder / ".hptc/local/.gitignore").read_text().endswith("*\n")


def test_the_result_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["local", "run", "request.json", write(folder), "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["job"]["status"] == "Completed"
    assert data["local"] == {
        "folder": str(folder / ".hptc/local/demo"),
        "dry_run": False,
        "stand_ins": [],
        "running": False,
    }


@pytest.mark.parametrize(
    ("script", "is_empty"),
    [
        ("echo loss=0.5", True),
        ('echo loss=0.5; echo m >"$SAGEMAKER_BASE_DIR/model/m"', False),
        ("echo loss=0.5; exit 1", False),
    ],
    ids=["nothing saved", "saved", "failed"],
)
def test_a_rehearsal_notes_a_model_that_is_not_saved(
    folder: Path, capsys: pytest.CaptureFixture[str], script: str, is_empty: bool
) -> None:
    run(["local", "run", "request.json", write(folder, script=script), "--trials", "1"])
    assert ("saved nothing in SM_MODEL_DIR" in capsys.readouterr().err) == is_empty


def test_a_failed_tuning_job_exits_with_3_and_shows_the_log(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = "echo 'train.py: error: unrecognized arguments: --rate 0.5' >&2; exit 2"
    assert run(["local", "run", "request.json", write(folder, script=script)]) == 3
    err = capsys.readouterr().err
    assert "failed with exit code 2" in err
    assert "  | train.py: error: unrecognized arguments: --rate 0.5" in err
    assert "help: the script does not take the hyperparameter `rate`: add `--rate`" in err


def test_a_rehearsal_tests_the_metric_definitions(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = "echo loss=0.5; echo 'los = 0.4'"
    assert run(["local", "run", "request.json", write(folder, script=script), "--trials", "1"]) == 0
    err = capsys.readouterr().err
    assert "objective metric `loss` found in 1 of 2 lines" in err


def test_a_rehearsal_without_the_metric_says_what_the_log_has(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = write(folder, script="echo 'los = 0.4'")
    assert run(["local", "run", "request.json", image, "--trials", "1"]) == 3
    err = capsys.readouterr().err
    assert "ended, but its log has no value of loss" in err
    assert "  | los = 0.4" in err
    assert "  !! loss (the objective): matches 0 of 1 line" in err
    assert "not found" not in err


def test_a_rehearsal_that_crashes_says_nothing_about_its_metrics(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = write(folder, script="echo 'los = 0.4'; exit 3")
    assert run(["local", "run", "request.json", image, "--trials", "1"]) == 3
    err = capsys.readouterr().err
    assert "failed with exit code 3" in err
    assert "matches 0 of" not in err


def test_a_dry_run_says_so_everywhere(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder)
    assert run(["local", "run", "request.json", "--dry"]) == 0
    out, err = capsys.readouterr()
    assert "dry run: nothing was trained" in out
    assert "dry run: nothing was trained" in err
    assert run(["local", "status", "demo"]) == 0
    assert "dry run: nothing was trained" in capsys.readouterr().out
    assert run(["local", "status", "demo", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["local"]["dry_run"] is True
    assert run(["local", "list"]) == 0
    assert "dry runs, whose values are made up: demo" in capsys.readouterr().out
    assert run(["local", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["dry_runs"] == ["demo"]


def test_a_dry_run_gives_the_same_values_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, tuning_request(jobs=5))
    runs = []
    for _ in range(2):
        assert run(["local", "run", "request.json", "--dry", "--json"]) == 0
        best = json.loads(capsys.readouterr().out)["job"]["best"]
        runs.append((best["metric_value"], best["tuned_hyperparameters"]))
    assert runs[0] == runs[1]


def test_all_reasons_are_shown_at_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = tuning_request()
    definition = request["TrainingJobDefinition"]
    definition["ResourceConfig"]["InstanceCount"] = 2
    s3 = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train"}
    definition["InputDataConfig"] = [
        {"ChannelName": "train", "DataSource": {"S3DataSource": s3}},
        {"ChannelName": "..", "DataSource": {"S3DataSource": s3}},
    ]
    write(folder, request)
    assert run(["local", "run", "request.json"]) == 2
    err = capsys.readouterr().err
    assert "- the input channel `train` reads s3://data/train; name a folder with --channel" in err
    assert "- the input channel `..` can't be a folder" in err
    assert "- a training job on several instances needs AWS" in err
    assert "is not run here; use --docker to run it, or --image 'own-image*=COMMAND'" in err
    assert "error: demo can't run on this machine for these 4 reasons" in err
    assert not (folder / ".hptc").exists()


def test_an_earlier_run_is_kept_unless_the_user_says_otherwise(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = write(folder)
    assert run(["local", "run", "request.json", image]) == 0
    capsys.readouterr()
    assert run(["local", "run", "request.json", image]) == 3
    assert "has already run on this machine and is Completed" in capsys.readouterr().err
    assert run(["local", "run", "request.json", "--replace"]) == 2  # it can't run without the image
    assert run(["local", "status", "demo"]) == 0
    assert run(["local", "run", "request.json", image, "--replace"]) == 0


def test_resuming_takes_no_other_code(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = write(folder)
    assert run(["local", "run", "request.json", "--resume"]) == 3
    assert "there is nothing to resume" in capsys.readouterr().err
    assert run(["local", "run", "request.json", image, "--trials", "1"]) == 0
    assert run(["local", "run", "request.json", image, "--resume", "--dry"]) == 2
    assert "error: --dry and --image can't be used with --resume" in capsys.readouterr().err
    assert run(["local", "run", "request.json", image, "--resume"]) == 2
    assert "--resume, which continues with the code" in capsys.readouterr().err
    for option in ("--grace=5", "--without-parents", "--seed=1", "--dry"):
        assert run(["local", "run", "request.json", "--resume", option]) == 2
        name = option.partition("=")[0]
        assert f"help: leave out {name}; only --trials and --" in capsys.readouterr().err
    assert run(["local", "run", "request.json", "--resume", "--replace"]) == 2
    assert "--resume can't be combined with --replace" in capsys.readouterr().err
    assert run(["local", "run", "request.json", "--resume"]) == 0
    err = capsys.readouterr().err
    assert "continues: 1 of 3 training jobs have ended" in err
    assert "[3/3]" in err


def test_a_log_that_is_too_large_to_test_is_a_note(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hptc.metrics.log_files.MAX_LOG_BYTES", 5)
    assert run(["local", "run", "request.json", write(folder), "--trials", "1"]) == 0
    captured = capsys.readouterr()
    assert "note: the metric definitions are not tested: " in captured.err
    assert "the log is larger than 5 bytes" in captured.err
    assert "status         Completed" in captured.out


def test_a_script_with_its_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = tuning_request(jobs=1, static={"sagemaker_program": '"train.py"', "epochs": "2"})
    s3 = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/train"}
    channel = {"ChannelName": "train", "DataSource": {"S3DataSource": s3}}
    request["TrainingJobDefinition"]["InputDataConfig"] = [channel]
    write(folder, request)
    (folder / "s3/data/train").mkdir(parents=True)
    (folder / "s3/data/train/rows.csv").write_text("1,2\n")
    (folder / "src").mkdir()
    (folder / "src/train.py").write_text(
        "import os, sys\n"
        "print(sys.argv[1::2], open(os.environ['SM_CHANNEL_TRAIN'] + '/rows.csv').read())\n"
        "open(os.environ['SM_MODEL_DIR'] + '/model', 'w').write('m')\n"
        "print('loss=0.25')\n"
    )
    assert run(["local", "run", "request.json", "--s3-root", "s3", "--source", "src"]) == 0
    job = next((folder / ".hptc/local/demo/training-jobs").glob("*.json")).stem
    capsys.readouterr()
    assert run(["local", "logs", job]) == 0
    out = capsys.readouterr().out
    assert out.splitlines() == ["['--depth', '--epochs', '--rate'] 1,2", "", "loss=0.25"]
    assert run(["local", "logs", job, "--tail", "1"]) == 0
    assert capsys.readouterr().out == "loss=0.25\n"
    model = folder / ".hptc/local/demo/training-jobs" / job / "attempt-1/ml/model/model"
    assert model.read_text() == "m"


@pytest.mark.parametrize("entry", COMMANDS, ids=lambda entry: entry.name)
def test_a_summary_is_the_first_line_of_the_help(entry: CommandEntry) -> None:
    assert (entry.load().help or "").partition("\n")[0].removesuffix(".") == entry.summary


@pytest.mark.parametrize(
    ("option", "text", "expected", "example"),
    [
        ("--channel", "train", "NAME=PATH", "--channel train=DIR, where DIR is the folder"),
        ("--channel", "data dir", "NAME=PATH", "--channel 'train=data dir'"),
        ("--image", "own", "PATTERN=COMMAND", "--image '*xgboost*=python train.py'"),
    ],
)
def test_an_option_with_two_parts_shows_an_example(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    option: str,
    text: str,
    expected: str,
    example: str,
) -> None:
    (folder / "data dir").mkdir()
    write(folder)
    assert run(["local", "run", "request.json", option, text]) == 2
    err = capsys.readouterr().err
    assert f"error: {option} {text}: expected {expected}, " in err
    assert f"help: for example: {example}" in err


def test_listing_and_stopping(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["local", "list"]) == 0
    assert capsys.readouterr().out == "no tuning jobs\n"
    assert run(["local", "run", "request.json", write(folder)]) == 0
    capsys.readouterr()
    assert run(["local", "list"]) == 0
    assert "demo  Completed  Random    3 of 3" in capsys.readouterr().out
    assert run(["local", "stop", "demo"]) == 0
    assert "nothing to stop: demo is Completed" in capsys.readouterr().out
    for command in (["status", "other"], ["stop", "other"], ["logs", "other-001-00000000"]):
        assert run(["local", *command]) == 3
        assert "found in" in capsys.readouterr().err


@pytest.mark.parametrize("file", ["tuning-job.json", "training-jobs/old-001-00000000.json"])
@pytest.mark.parametrize("text", ['{"Version": 0}', "[]", "{"])
def test_one_that_cannot_be_read_does_not_hide_the_others(
    folder: Path, capsys: pytest.CaptureFixture[str], file: str, text: str
) -> None:
    for name in ("demo", "old"):
        write(folder, tuning_request(name, jobs=1))
        assert run(["local", "run", "request.json", "--dry"]) == 0
    broken = folder / ".hptc/local/old" / file
    if text.startswith("{") and file != "tuning-job.json":
        text = "{"  # a training job has no version of its own
    broken.write_text(text)
    capsys.readouterr()
    assert run(["local", "list"]) == 0
    out, err = capsys.readouterr()
    assert "demo " in out
    assert "old" not in out
    assert err.startswith("note: not listed: ")
    assert ".hptc/local/old" in err
    assert "delete the folder" in err
    assert run(["local", "status", "request.json"]) == 2
    assert "has not run on this machine" not in capsys.readouterr().err


def test_ctrl_c_stops_the_training_jobs_in_order(folder: Path) -> None:
    started, ended = folder / "started", folder / "ended"
    script = (
        f'trap \'echo loss=0.3; touch "{ended}"; exit 0\' TERM\ntouch "{started}"; sleep 60 & wait'
    )
    image = write(folder, script=script)
    process = subprocess.Popen(
        [sys.executable, "-m", "hptc", "local", "run", "request.json", image],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(started.exists)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert ended.exists()
    assert "stopping: waiting for 1 running training job to end" in err
    assert "Stopped" in out
    assert "best           loss = 0.3" in out


def test_the_status_of_a_run_that_was_killed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder)
    assert run(["local", "run", "request.json", "--dry"]) == 0
    path = folder / ".hptc/local/demo/tuning-job.json"
    record = json.loads(path.read_text())
    del record["EndTime"]
    path.write_text(json.dumps({**record, "Status": "InProgress"}))
    capsys.readouterr()
    assert run(["local", "status", "demo"]) == 0
    assert "no process runs it: `hptc local run SPEC --resume`" in capsys.readouterr().out


@pytest.mark.slow
def test_the_commands_of_the_documentation(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "examples/local", folder / "example")
    monkeypatch.chdir(folder / "example")
    spec = folder / "example/specs/digits.yaml"
    data = yaml.safe_load(spec.read_text())
    data["limits"] |= {"max_number_of_training_jobs": 2, "max_parallel_training_jobs": 2}
    spec.write_text(yaml.safe_dump(data))
    (folder / "example/src/digits/train.py").write_text(
        "for epoch in range(15):\n    print(f'validation-accuracy=0.8{epoch:02}')\n"
    )
    blocks = (ROOT / "docs/local.md").read_text().split("```sh\n")[1:]
    lines = [line for block in blocks for line in block.split("```")[0].splitlines()]
    commands = [shlex.split(line, comments=True) for line in lines if line.startswith("hptc ")]
    # A machine without docker has no container, and a dashboard serves until Ctrl-C.
    commands = [command for command in commands if not {"--docker", "--dashboard"} & {*command}]
    assert len(commands) >= 6
    for command in commands:
        words = [word.replace("/tmp/hptc-dry", str(folder / "dry")) for word in command[1:]]
        assert run(words) == 0, command
    assert "objective metric `validation:accuracy` found in 15 of 15" in capsys.readouterr().err


@pytest.mark.slow
def test_the_example_trains(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec = str(ROOT / "examples/local/specs/digits.yaml")
    assert run(["local", "run", spec, "--trials", "1", "--folder", str(folder / "jobs")]) == 0
    err = capsys.readouterr().err
    assert "ok validation:accuracy (the objective): matches 15 of 15 lines" in err


@pytest.mark.parametrize("entry_point", ["../train.py", "/bin/sh"])
def test_an_entry_point_outside_of_the_code_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], entry_point: str
) -> None:
    static = {"sagemaker_program": entry_point}
    write(folder, tuning_request(static=static))
    (folder / "src").mkdir()
    (folder / "train.py").touch()
    assert run(["local", "run", "request.json", "--source", "src"]) == 2
    assert f"the entry point `{entry_point}` is not a path below" in capsys.readouterr().err


def test_the_code_can_be_an_archive_in_s3(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    static = {
        "sagemaker_program": "train.sh", "sagemaker_submit_directory": "s3://code/a/source.tar.gz"
    }  # fmt: skip
    write(folder, tuning_request(jobs=1, static=static))
    (folder / "train.sh").write_text("#!/bin/sh\necho loss=0.75 $#\n")
    (folder / "s3/code/a").mkdir(parents=True)
    with tarfile.open(folder / "s3/code/a/source.tar.gz", "w:gz") as archive:
        archive.add(folder / "train.sh", "train.sh")
    assert run(["local", "run", "request.json", "--s3-root", "s3"]) == 0
    assert "best           loss = 0.75" in capsys.readouterr().out
    entry = ["--entry-point", "other.sh", "--replace"]
    assert run(["local", "run", "request.json", "--s3-root", "s3", *entry]) == 2
    assert "the code has no file `other.sh` to run" in capsys.readouterr().err


STAND_IN = "xgboost stands in for AWS's XGBoost; the values are not those of AWS's algorithm"


def write_xgboost(folder: Path, **options: Any) -> list[str]:
    """A request for XGBoost in the folder, and the options that name its data."""
    eta = {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5"}
    request = built_in_request(
        XGBOOST,
        metric="validation:auc",
        static={"objective": "binary:logistic", "num_round": "10"},
        ranges={"ContinuousParameterRanges": [eta]},
        channels=("train", "validation"),
        **options,
    )
    write(folder, request)
    for seed, name in enumerate(("train", "validation")):
        (folder / name).mkdir()
        (folder / name / "rows.csv").write_text(csv(rows(seed=seed)))
    return [f"--channel={name}={folder / name}" for name in ("train", "validation")]


@pytest.mark.slow
def test_a_stand_in_runs_a_built_in_algorithm(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_xgboost(folder, jobs=2, parallel=2)
    assert run(["local", "run", "request.json", *data]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"stand-ins: {STAND_IN}")
    assert STAND_IN in err
    assert "[2/2] demo-002-" in err
    assert run(["local", "status", "demo", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["job"]["best"]["metric_value"] > 0.9
    assert document["local"]["stand_ins"] == ["xgboost"]
    assert run(["local", "list"]) == 0
    assert "with stand-ins for AWS's algorithms: demo" in capsys.readouterr().out
    assert run(["local", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["stand_ins"] == {"demo": ["xgboost"]}
    (record,) = (folder / ".hptc/local/demo/training-jobs").glob("demo-001-*.json")
    assert run(["local", "logs", record.stem, "--tail", "1"]) == 0
    assert re.match(r"\[9\]#011train-auc:.*#011validation-auc:", capsys.readouterr().out)
    assert list(record.with_suffix("").glob("attempt-1/ml/model/xgboost-model"))
    description = LocalTuning(folder / ".hptc/local").describe_training_job(record.stem)
    assert description is not None
    assert description["SecondaryStatusTransitions"][0]["StatusMessage"].endswith(STAND_IN)


@pytest.mark.slow
def test_a_stand_in_fails_with_a_reason(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_xgboost(folder, jobs=1)
    (folder / "train/rows.csv").write_text("y,x\n0,1\n")
    assert run(["local", "run", "request.json", *data]) == 3
    assert "AlgorithmError: rows.csv is not CSV of numbers without" in capsys.readouterr().err


def test_stand_ins_can_be_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_xgboost(folder)
    assert run(["local", "run", "request.json", "--no-stand-ins", *data]) == 2
    assert "the built-in algorithm `xgboost` only runs on AWS; use --image" in (
        capsys.readouterr().err
    )


def test_an_image_runs_in_a_container(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = FakeDocker(folder, monkeypatch)
    write(folder)
    assert run(["local", "run", "request.json", "--docker"]) == 2
    assert f"then `docker pull {IMAGE}`" in capsys.readouterr().err
    docker.add_image(IMAGE, "echo loss=0.5")
    assert run(["local", "run", "request.json", "--docker", "--trials", "1"]) == 0
    assert "note: containers have no AWS credentials" in capsys.readouterr().err
    assert run(["local", "run", "request.json", "--resume", "--docker"]) == 2
    assert "--resume, which continues with the code" in capsys.readouterr().err
    assert run(["local", "run", "request.json", "--resume", "--trials", "2"]) == 0
    assert len(docker.calls("run")) == 2
    assert run(["local", "run", "request.json", "--docker", "--python", "python3"]) == 2
    assert "--docker can't be combined with --python" in capsys.readouterr().err
    assert run(["local", "run", "request.json", "--docker", "--podman"]) == 2
    assert "--docker and --podman are alternatives" in capsys.readouterr().err
    FakeDocker(folder / "podman", monkeypatch, program="podman").add_image(IMAGE, "echo loss=0.5")
    assert run(["local", "run", "request.json", "--podman", "--trials", "1", "--replace"]) == 0


def test_missing_packages_are_a_note(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, tuning_request(jobs=1, static={"sagemaker_program": "train.py"}))
    (folder / "src").mkdir()
    (folder / "src/train.py").write_text("print('loss=0.5')")
    (folder / "src/requirements.txt").write_text("no-such-package-here\n")
    assert run(["local", "run", "request.json", "--source", "src"]) == 0
    err = capsys.readouterr().err
    assert "lacks packages of requirements.txt: `no-such-package-here`; --install-requi" in err
