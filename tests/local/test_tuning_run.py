"""Tuning jobs that run: what is proposed, recorded and stopped, and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hptc.errors import AwsError, OperationError, UsageError
from hptc.local.run_events import Event, Started
from hptc.local.search.proposals import propose
from hptc.request.reading import read_job
from hptc.service.lookup import job_status
from tests.support.local_runs import local_tuning, processes_with, run, tuning_request, wait_until

CURVE = """
for value in 0.9 0.8 0.7; do echo "epoch: loss=$value"; done
"""
FIRST_IS_BEST = """
case "$TRAINING_JOB_NAME" in
    *-001-*) echo loss=0.1 ;;
    *) echo loss=0.9; exec sleep 60 ;;
esac
"""


def test_a_tuning_job_completes_with_its_best_training_job(tmp_path: Path) -> None:
    script = 'depth=$(sed "s/.*depth\\": \\"//; s/\\".*//" input/config/hyperparameters.json)\n'
    tuning = local_tuning(
        tmp_path, 'cd "$SAGEMAKER_BASE_DIR"\n' + script + 'echo "loss=0.$depth"', seed=1
    )
    status, ended = run(tuning, tuning_request(jobs=6, parallel=2))
    assert status.status == "Completed"
    assert status.training_jobs.completed == status.objectives.succeeded == 6
    depths = [
        dict(training_job.tuned_hyperparameters)["depth"]
        for training_job in tuning.list_training_jobs("demo")
    ]
    assert len(set(depths)) > 1
    assert status.best is not None
    assert status.best.metric_value == float(f"0.{min(depths)}")
    assert sorted(training_job.number for training_job in ended) == [1, 2, 3, 4, 5, 6]


def test_the_configurations_are_those_of_the_search(tmp_path: Path) -> None:
    request = tuning_request(jobs=2)
    tuning = local_tuning(tmp_path, seed=7)
    run(tuning, request)
    job = read_job(request)
    first = propose(job, (), number=1, seed=7)
    assert first is not None
    oldest = list(tuning.list_training_jobs("demo"))[-1]
    assert dict(oldest.tuned_hyperparameters) == dict(first.values)


def test_every_report_of_a_metric_is_recorded_and_the_last_one_is_final(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path, CURVE)
    status, ended = run(tuning, tuning_request(jobs=1))
    assert [training_job.value for training_job in ended] == [0.7]
    assert status.best is not None
    record = json.loads(next((tmp_path / "jobs/demo/training-jobs").glob("*.json")).read_text())
    assert record["Local"]["Reports"] == [0.9, 0.8, 0.7]
    description = tuning.describe_training_job(status.best.name)
    assert description is not None
    metric = description["FinalMetricDataList"][0]
    assert (metric["MetricName"], metric["Value"]) == ("loss", 0.7)
    assert "Local" not in description


def test_the_last_line_needs_no_line_break(tmp_path: Path) -> None:
    _, ended = run(local_tuning(tmp_path, "printf loss=0.25"), tuning_request(jobs=1))
    assert ended[0].value == 0.25


def test_a_training_job_without_the_metric_has_failed_its_objective(tmp_path: Path) -> None:
    status, ended = run(local_tuning(tmp_path, "echo nothing"), tuning_request(jobs=2))
    assert status.status == "Failed"
    assert "No objective metrics found after running 2 training jobs" in status.failure_reason
    assert (status.training_jobs.completed, status.objectives.failed) == (2, 2)
    assert ended[0].last_lines == ("nothing",)


def test_a_training_job_that_fails_says_why_in_its_own_words(tmp_path: Path) -> None:
    script = 'echo loss=0.1; echo "no such column: y" >"$SAGEMAKER_BASE_DIR/output/failure"; exit 3'
    status, ended = run(local_tuning(tmp_path, script), tuning_request(jobs=1))
    assert ended[0].reason == "AlgorithmError: no such column: y, exit code: 3"
    assert status.training_jobs.non_retryable_error == 1
    assert status.best is None
    assert status.failure_reason.startswith("All training jobs failed.")


def test_a_failure_without_a_file_quotes_the_end_of_the_log(tmp_path: Path) -> None:
    script = "echo Traceback; echo 'ValueError: rate'; exit 1"
    _, ended = run(local_tuning(tmp_path, script), tuning_request(jobs=1))
    assert ended[0].reason == "AlgorithmError: ValueError: rate, exit code: 1"


def test_a_failure_quotes_300_characters_of_the_log_and_not_its_blank_end(tmp_path: Path) -> None:
    script = "printf 'x%.0s' $(seq 400); printf '\\n  \\n'; exit 1"
    _, ended = run(local_tuning(tmp_path, script), tuning_request(jobs=1))
    assert ended[0].reason == f"AlgorithmError: {'x' * 300}, exit code: 1"


def test_a_reason_has_at_most_1024_characters(tmp_path: Path) -> None:
    script = "printf 'x%.0s' $(seq 2000) >\"$SAGEMAKER_BASE_DIR/output/failure\"; exit 1"
    _, ended = run(local_tuning(tmp_path, script), tuning_request(jobs=1))
    assert ended[0].reason == f"AlgorithmError: {'x' * 1024}"[:1024]


def test_a_killed_training_job_names_the_signal(tmp_path: Path) -> None:
    _, ended = run(local_tuning(tmp_path, "kill -9 $$"), tuning_request(jobs=1))
    assert ended[0].reason.endswith("exit code: 137 (SIGKILL)")


def test_five_training_jobs_without_an_objective_are_enough(tmp_path: Path) -> None:
    status, ended = run(local_tuning(tmp_path, "exit 1"), tuning_request(jobs=50))
    assert len(ended) == 5
    assert status.status == "Failed"


def test_a_training_job_stops_after_its_max_runtime(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path, "echo loss=0.5; exec sleep 60")
    status, ended = run(tuning, tuning_request(jobs=1, max_runtime=1))
    assert ended[0].status == "MaxRuntimeExceeded"
    assert (status.training_jobs.stopped, status.objectives.succeeded) == (1, 1)
    assert status.status == "Completed"


def test_a_stop_asks_training_jobs_to_end_and_records_their_values(tmp_path: Path) -> None:
    script = "trap 'echo loss=0.3; exit 0' TERM; echo loss=0.5; sleep 60 & wait"
    tuning = local_tuning(tmp_path, script)
    request = tuning_request(jobs=5, parallel=2)

    def stop(event: Event) -> None:
        if isinstance(event, Started) and event.number == 2:
            wait_until(lambda: all("0.5" in path.read_text() for path in _logs(tmp_path)))
            tuning.request_stop("demo")

    status, ended = run(tuning, request, stop)
    assert status.status == "Stopped"
    assert [training_job.status for training_job in ended] == ["Stopped", "Stopped"]
    assert [training_job.value for training_job in ended] == [0.3, 0.3]


def _logs(folder: Path) -> list[Path]:
    return list(folder.glob("jobs/demo/training-jobs/*/*/log"))


def test_a_second_stop_kills(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path, "trap '' TERM; exec sleep 61.5", grace_seconds=60.0)

    def stop(event: Event) -> None:
        if isinstance(event, Started):
            tuning.request_stop("demo")
            tuning.request_stop("demo")

    status, ended = run(tuning, tuning_request(), stop)
    assert status.status == "Stopped"
    assert ended[0].seconds < 30
    assert processes_with("sleep 61.5") == []


def test_early_stopping_stops_what_is_worse_than_the_median(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path, FIRST_IS_BEST)
    status, ended = run(tuning, tuning_request(jobs=2, early_stopping="Auto"))
    assert [training_job.status for training_job in ended] == ["Completed", "Stopped"]
    assert status.status == "Completed"


def test_reaching_the_target_stops_the_training_jobs_that_run(tmp_path: Path) -> None:
    request = tuning_request(jobs=9, parallel=2)
    criteria = {"TargetObjectiveMetricValue": 0.2}
    request["HyperParameterTuningJobConfig"]["TuningJobCompletionCriteria"] = criteria
    status, ended = run(local_tuning(tmp_path, FIRST_IS_BEST), request)
    assert status.status == "Completed"
    assert status.best is not None
    assert status.best.metric_value == 0.1
    assert len(ended) < 9


@pytest.mark.parametrize(
    ("criteria", "limits"),
    [
        pytest.param({"TargetObjectiveMetricValue": 0.2}, {}, id="target"),
        pytest.param({}, {"MaxRuntimeInSeconds": 1}, id="runtime"),
    ],
)
def test_a_criterion_stops_the_last_training_jobs_too(
    tmp_path: Path, criteria: dict[str, float], limits: dict[str, int]
) -> None:
    script = """
    case "$TRAINING_JOB_NAME" in
        *-001-*) sleep 0.4; echo loss=0.1 ;;
        *) echo loss=0.9; exec sleep 20 ;;
    esac
    """
    request = tuning_request(jobs=2, parallel=2)
    config = request["HyperParameterTuningJobConfig"]
    config["TuningJobCompletionCriteria"] = criteria
    config["ResourceLimits"] |= limits
    status, ended = run(local_tuning(tmp_path, script), request)
    assert status.status == "Completed"
    assert [training_job.status for training_job in ended] == ["Completed", "Stopped"]


def test_a_grid_ends_when_it_is_exhausted(tmp_path: Path) -> None:
    request = tuning_request(jobs=9, strategy="Grid")
    request["HyperParameterTuningJobConfig"]["ParameterRanges"] = {
        "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b", "c"]}]
    }
    del request["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"]
    status, ended = run(local_tuning(tmp_path), request)
    assert status.status == "Completed"
    assert len(ended) == 3


@pytest.mark.parametrize("parallel", [1, 3])
def test_a_random_search_ends_when_every_combination_was_tried(
    tmp_path: Path, parallel: int
) -> None:
    request = tuning_request(jobs=9, parallel=parallel)
    request["HyperParameterTuningJobConfig"]["ParameterRanges"] = {
        "CategoricalParameterRanges": [{"Name": "optimizer", "Values": ["adam", "sgd"]}]
    }
    tuning = local_tuning(tmp_path)
    status, ended = run(tuning, request)
    assert status.status == "Completed"
    assert len(ended) == 2
    tried = [
        dict(training_job.tuned_hyperparameters)
        for training_job in tuning.list_training_jobs("demo")
    ]
    assert sorted(values["optimizer"] for values in tried) == ["adam", "sgd"]


def test_a_name_is_taken_only_once(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path)
    run(tuning, tuning_request("demo"))
    with pytest.raises(AwsError, match="already exists") as raised:
        tuning.create(tuning_request("DEMO"))
    assert raised.value.code == "ResourceInUse"


def test_created_tuning_jobs_run_in_the_background(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path)
    arn = tuning.create(tuning_request())
    assert arn == "arn:aws:sagemaker:local:000000000000:hyper-parameter-tuning-job/demo"
    wait_until(lambda: job_status(tuning, "demo").status == "Completed")


def test_a_stop_from_another_process_reaches_the_run(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path, "exec sleep 60")
    tuning.create(tuning_request(jobs=50))
    local_tuning(tmp_path).stop("demo")
    wait_until(lambda: job_status(tuning, "demo").status == "Stopped")
    with pytest.raises(AwsError, match="is Stopped"):
        tuning.stop("demo")


def test_one_process_at_a_time_runs_a_tuning_job(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path)

    def again(event: Event) -> None:
        if isinstance(event, Started):
            with pytest.raises(OperationError, match="demo is already running, in process"):
                local_tuning(tmp_path).run("demo")

    status, _ = run(tuning, tuning_request(jobs=1), again)
    assert status.status == "Completed"


def test_what_the_search_cannot_do_is_an_error_before_anything_starts(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path)
    with pytest.raises(UsageError, match="MaxResource"):
        tuning.prepare(tuning_request(strategy="Hyperband"))
    assert list(tuning.list_jobs()) == []


def test_a_parent_must_have_run_here(tmp_path: Path) -> None:
    warm = {
        "WarmStartType": "IdenticalDataAndAlgorithm",
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "parent"}],
    }
    tuning = local_tuning(tmp_path)
    with pytest.raises(UsageError, match="starts from parent, which has not run on this machine"):
        tuning.prepare(tuning_request(WarmStartConfig=warm))
    run(local_tuning(tmp_path, "echo loss=0.01"), tuning_request("parent", jobs=2))
    status, _ = run(local_tuning(tmp_path), tuning_request(WarmStartConfig=warm))
    assert status.overall_best is not None
    assert status.overall_best.tuning_job == "parent"
    assert status.overall_best.metric_value == 0.01
    assert status.best is not None
    assert status.best.metric_value != 0.01
