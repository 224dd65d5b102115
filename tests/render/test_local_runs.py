"""What a rehearsal says about a training job that has failed."""

from __future__ import annotations

import pytest

from hptc.local.run_events import Ended
from hptc.local.script_mode import channel_variables
from hptc.render.local_runs import ScriptInputs, render_failure

INPUTS = ScriptInputs(hyperparameters=("rate", "max-depth", "c"), channels=("train",))


CONTAINER = ScriptInputs(channels=("train",), in_container=True)


def failure(*lines: str, status: str = "Failed", inputs: ScriptInputs = INPUTS) -> str:
    ended = Ended(
        number=1,
        name="demo-001-0a1b2c3d",
        status=status,
        metric="loss",
        value=None,
        is_best=False,
        seconds=1.0,
        exit_code=2 if status == "Failed" else 0,
        last_lines=lines,
    )
    return render_failure(ended, inputs, "/jobs/log")


def test_an_argument_of_the_container_is_not_removed_from_the_spec() -> None:
    line = "train.py: error: unrecognized arguments: --model_dir None/demo-001-0a1b2c3d/model"
    for names in ((), ("model_dir",)):
        text = failure(line, inputs=ScriptInputs(hyperparameters=names, added=("model_dir",)))
        assert text.splitlines()[3:] == [
            (
                "help: AWS's container passes `--model_dir` to the script of every tuning job: "
                "add it to the script's arguments"
            )
        ]


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        (
            "train.py: error: unrecognized arguments: --rate 0.5 -c 3",
            (
                "the script does not take the hyperparameters `rate` and `c`: add `--rate` and "
                "`-c` to its arguments, or remove them from the spec"
            ),
        ),
        (
            "Error: No such option: --max-depth",
            (
                "the script does not take the hyperparameter `max-depth`: add `--max-depth` to its "
                "arguments, or remove it from the spec"
            ),
        ),
        (
            "train.py: error: the following arguments are required: -d/--data, --epochs",
            (
                "the script requires `--data` and `--epochs`: add the hyperparameter to the spec, "
                "or give the argument a default"
            ),
        ),
        (
            "train.py: error: argument --max-depth: invalid int value: '3.5'",
            (
                "the script can't read `--max-depth`: invalid int value: '3.5'; change the range "
                "in the spec, or the type of the argument"
            ),
        ),
        (
            "KeyError: 'SM_CHANNEL_TEST'",
            (
                "the script reads `SM_CHANNEL_TEST`, but the spec has no input channel `test`; it "
                "has `train`"
            ),
        ),
        (
            "ModuleNotFoundError: No module named 'torch'",
            (
                "install torch for the Python that runs the script, choose another with --python "
                "PATH, or use --install-requirements if requirements.txt names it"
            ),
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/input/data/train/a'",
            (
                "`/opt/ml/input/data/train/a` does not exist on this machine: read SM_MODEL_DIR, "
                "SM_CHANNEL_TRAIN and the other variables instead, or run the image with --docker"
            ),
        ),
    ],
)
def test_a_failure_says_what_to_do(line: str, advice: str) -> None:
    text = failure("starting", line)
    assert text.splitlines() == [
        "demo-001-0a1b2c3d failed with exit code 2",
        "the last 2 lines of /jobs/log:",
        "  | starting",
        f"  | {line}",
        f"help: {advice}",
    ]


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        (
            "ModuleNotFoundError: No module named 'torch'",
            (
                "add torch to the image, or to requirements.txt if the image has the training "
                "toolkit, which installs it"
            ),
        ),
        (
            "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/input/data/test/a'",
            (
                "the script reads `/opt/ml/input/data/test`, but the spec has no input channel "
                "`test`; it has `train`"
            ),
        ),
        (
            'docker: Error response from daemon: exec: "train": executable file not found in $PATH',
            (
                "AWS runs `docker run IMAGE train`: the image needs a program `train` on its PATH, "
                "or an entry point that takes `train` as its argument"
            ),
        ),
        (
            'Error: runc: exec: "/code/train": permission denied: OCI permission denied',
            "make the file executable: `RUN chmod +x /code/train` in the Dockerfile",
        ),
        (
            "exec /usr/local/bin/train: exec format error",
            (
                "`/usr/local/bin/train` is not a program for this machine: a script needs a first "
                "line such as `#!/usr/bin/env python3`, and an image for the x86 processors of "
                "most instance types is built with `docker build --platform linux/amd64`"
            ),
        ),
        (
            "exec /usr/local/bin/train: no such file or directory",
            (
                "the program that the first line of `/usr/local/bin/train` names is not in the "
                "image; a line that ends with CRLF names none either"
            ),
        ),
    ],
)
def test_a_failure_in_a_container_says_what_to_do(line: str, advice: str) -> None:
    text = failure("starting", line, inputs=CONTAINER)
    assert text.splitlines()[4:] == [f"help: {advice}"]


def test_a_missing_file_of_a_known_channel_needs_no_advice() -> None:
    line = "No such file or directory: '/opt/ml/input/data/train/a'"
    assert "help:" not in failure(line, inputs=CONTAINER)


def test_a_channel_that_only_the_script_knows_is_named() -> None:
    read = ("SM_CHANNEL_TRAIN", "SM_CHANNEL_TEST")
    inputs = ScriptInputs(channels=("train",), channel_variables=read)
    text = failure("TypeError: expected str, bytes or os.PathLike, not NoneType", inputs=inputs)
    assert text.endswith(
        "`SM_CHANNEL_TEST`, but the spec has no input channel `test`; it has `train`"
    )
    known = ScriptInputs(channels=("train",), channel_variables=("SM_CHANNEL_TRAIN",))
    assert "help" not in failure("TypeError", inputs=known)
    text = failure("x", inputs=ScriptInputs(channel_variables=("SM_CHANNEL_TEST",)))
    assert text.endswith("it has none")


def test_the_variables_of_channels_are_found_in_a_script() -> None:
    script = (
        'a = os.environ["SM_CHANNEL_TRAIN"]\nb = env.get("SM_CHANNEL_TEST", "SM_CHANNEL_TRAIN")'
    )
    assert channel_variables(script) == ["SM_CHANNEL_TEST", "SM_CHANNEL_TRAIN"]


def test_a_training_job_without_the_metric_says_so() -> None:
    text = failure("los=0.5", status="Completed")
    assert text.startswith("demo-001-0a1b2c3d ended, but its log has no value of loss\n")
    assert text.endswith("help: print a line that the expression of loss matches, or correct it")


def test_a_failure_without_a_log_is_short() -> None:
    assert failure().splitlines()[1:] == ["its log is empty"]
