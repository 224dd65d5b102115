"""Training jobs that misbehave: they are bounded, and nothing of them is left behind."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

import pytest

from hptc.errors import OperationError
from hptc.local import log_tail
from hptc.local.log_tail import MAX_FILE_BYTES, MAX_LINE
from hptc.local.run_events import Event, Noted, Started
from hptc.service.lookup import job_status
from tests.support.local_runs import local_tuning, processes_with, run, tuning_request, wait_until


def test_a_training_job_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    script = "trap '' TERM; echo loss=0.5; while :; do sleep 0.05; done"
    tuning = local_tuning(tmp_path, script, grace_seconds=0.3)
    _, ended = run(tuning, tuning_request(jobs=1, max_runtime=1))
    assert (ended[0].status, ended[0].value) == ("MaxRuntimeExceeded", 0.5)
    assert processes_with(str(tmp_path)) == []


def test_what_a_training_job_leaves_running_ends_with_it(tmp_path: Path) -> None:
    _, ended = run(local_tuning(tmp_path, "sleep 62.1 & echo loss=0.5"), tuning_request(jobs=1))
    assert ended[0].status == "Completed"
    assert processes_with("sleep 62.1") == []


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_processes_that_leave_their_session_end_with_the_tuning_job(tmp_path: Path) -> None:
    script = "setsid sh -c 'setsid sleep 62.2 &' & echo loss=0.5; sleep 0.1"
    run(local_tuning(tmp_path, script), tuning_request(jobs=1))
    wait_until(lambda: processes_with("sleep 62.2") == [])
    assert processes_with("sleep 62.2") == []


@pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
def test_processes_that_keep_starting_others_end_with_the_tuning_job(tmp_path: Path) -> None:
    again = tmp_path / "again.sh"
    again.write_text(f'sleep 0.02; setsid sh "{again}" & exit\n')
    script = f'for each in 1 2 3 4; do setsid sh "{again}" & done; echo loss=0.5'
    run(local_tuning(tmp_path, script), tuning_request(jobs=1))
    time.sleep(0.1)
    assert processes_with(str(again)) == []


def test_a_full_disk_interrupts_the_run_which_can_be_resumed(tmp_path: Path) -> None:
    """A limit on the size of files has the effect of a full disk, without one."""
    tuning = local_tuning(tmp_path)
    tuning.prepare(tuning_request(jobs=2))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(event: Event) -> None:
        if isinstance(event, Started):
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, unlimited[1]))

    try:
        with pytest.raises(OperationError) as raised:
            tuning.run("demo", fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    records = tmp_path / "jobs/demo"
    assert str(raised.value) == (
        f"demo was interrupted: {records} can't be written: File too large"
    )
    assert raised.value.help == "free some space; --resume continues the run"
    tuning.run("demo")
    assert job_status(tuning, "demo").training_jobs.completed == 2


def test_a_training_job_that_fills_the_disk_fails(tmp_path: Path) -> None:
    script = 'ulimit -f 8; echo loss=0.5; head -c 1000000 /dev/zero >"$SAGEMAKER_BASE_DIR/model/m"'
    _, ended = run(local_tuning(tmp_path, script), tuning_request(jobs=1))
    assert (ended[0].status, ended[0].value) == ("Failed", 0.5)


def test_a_constant_objective_ends_after_all_training_jobs(tmp_path: Path) -> None:
    request = tuning_request(jobs=6, parallel=2, strategy="Bayesian")
    status, ended = run(local_tuning(tmp_path), request)
    assert (status.status, {training_job.value for training_job in ended}) == ("Completed", {0.5})
    records = [json.loads(path.read_text()) for path in tmp_path.glob("jobs/demo/*/demo-*.json")]
    tried = [record["HyperParameters"] for record in records]
    assert len({(values["rate"], values["depth"]) for values in tried}) == 6


def test_two_tuning_jobs_run_at_once_in_one_folder(tmp_path: Path) -> None:
    tuning = local_tuning(tmp_path, "echo loss=0.$(echo $TRAINING_JOB_NAME | cut -c2); sleep 0.2")
    names = ("a1", "a2")
    for name in names:
        tuning.create(tuning_request(name, jobs=3))
    wait_until(lambda: all(job_status(tuning, name).has_ended for name in names))
    statuses = [job_status(tuning, name) for name in names]
    assert [result.training_jobs.completed for result in statuses] == [3, 3]
    assert [result.best.metric_value for result in statuses if result.best] == [0.1, 0.2]


def test_gaps_in_a_log_that_grows_too_fast_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_tail, "MAX_UNREAD_BYTES", log_tail._READ_BYTES)
    notes: list[str] = []

    def listen(event: Event) -> None:
        if isinstance(event, Noted):
            notes.append(event.text)

    script = f"yes loss=0.7 | head -c {2 * MAX_FILE_BYTES}; echo; echo loss=0.5"
    _, ended = run(local_tuning(tmp_path, script), tuning_request(jobs=1), listen)
    assert ended[0].value == 0.5
    assert all(" a part of it was skipped" in note for note in notes)
    assert len(notes) == 1


def test_a_long_line_without_an_end_takes_little_memory(tmp_path: Path) -> None:
    script = f"head -c {3 * MAX_FILE_BYTES} /dev/zero | tr '\\0' x; echo; echo loss=0.5"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _, ended = run(local_tuning(tmp_path, script), tuning_request(jobs=1))
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert ended[0].value == 0.5
    assert grown < 50_000  # kB
    assert all(len(line) <= MAX_LINE for line in ended[0].last_lines)
    log = next(tmp_path.glob("jobs/demo/training-jobs/*/*/log"))
    assert log.stat().st_size < 2 * MAX_FILE_BYTES


def test_an_expression_that_is_invalid_matches_nothing(tmp_path: Path) -> None:
    request = tuning_request(jobs=1)
    metrics = request["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"]
    metrics.append({"Name": "broken", "Regex": "loss=("})
    _, ended = run(local_tuning(tmp_path), request)
    assert ended[0].value == 0.5


def test_output_that_is_not_text_is_read(tmp_path: Path) -> None:
    _, ended = run(
        local_tuning(tmp_path, "printf '\\377\\376\\0\\nloss=0.5\\r\\nloss=0.4\\r'"),
        tuning_request(jobs=1),
    )
    assert ended[0].value == 0.4


def test_a_tab_is_also_what_cloudwatch_makes_of_it(tmp_path: Path) -> None:
    request = tuning_request(jobs=1, regex=r"\[[0-9]+\].*#011loss:(\S+)")
    _, ended = run(local_tuning(tmp_path, "printf '[0]\\ttrain:1\\tloss:0.5\\n'"), request)
    assert ended[0].value == 0.5


def test_numbers_that_are_not_finite_are_not_values(tmp_path: Path) -> None:
    request = tuning_request(jobs=1, regex=r"loss=(\S+)")
    script = "echo loss=0.5; echo loss=nan; echo loss=inf; echo loss=1e999"
    _, ended = run(local_tuning(tmp_path, script), request)
    assert ended[0].value == 0.5


def test_a_training_job_that_deletes_its_folder_ends_as_it_says(tmp_path: Path) -> None:
    script = 'echo loss=0.5; rm -rf "$SAGEMAKER_BASE_DIR"/..'
    status, _ = run(local_tuning(tmp_path, script), tuning_request(jobs=2))
    assert status.status in ("Completed", "Failed")
    assert status.training_jobs.ended == 2
