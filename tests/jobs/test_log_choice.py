"""Which training jobs' logs are shown, and which of their lines are new."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from hptc.errors import OperationError, UsageError
from hptc.jobs.log_choice import ChoiceReason, NewLines, choose_training_jobs
from hptc.service.responses import read_status
from hptc.service.tuning_jobs import JobStatus, LogEvent, TrainingJob
from tests.support.fake_service import CREATED, FakeTuning
from tests.support.running_jobs import NAME, at, request, training_job

RUNNING, OLDER = training_job(7, 20), training_job(6, 19)
BEST, DONE = training_job(2, 1, 11, value=0.9), training_job(1, 0, 10)
FAILED = [training_job(number, number, number + 1, status="Failed") for number in range(15, 10, -1)]


def status(text: str, best: TrainingJob | None = None) -> JobStatus:
    described = {
        **request(),
        "HyperParameterTuningJobArn": "arn",
        "HyperParameterTuningJobStatus": text,
        "CreationTime": CREATED,
    }
    return replace(read_status(described, {}, now=at(30)), best=best)


@pytest.mark.parametrize(
    ("state", "training_jobs", "reason", "chosen", "left_out"),
    [
        pytest.param(
            status("InProgress", BEST), [RUNNING, OLDER, BEST], ChoiceReason.RUNNING, [RUNNING], 0,
            id="the newest running one",
        ),
        pytest.param(
            status("Completed", BEST), [BEST, DONE], ChoiceReason.BEST, [BEST], 0, id="the best",
        ),
        pytest.param(
            status("Stopped"), [DONE], ChoiceReason.NEWEST, [DONE], 0, id="the newest",
        ),
        pytest.param(
            status("Failed", BEST), [*FAILED, BEST], ChoiceReason.FAILED, FAILED[:3], 2,
            id="the failed ones",
        ),
        pytest.param(
            status("Failed"), [DONE], ChoiceReason.NEWEST, [DONE], 0, id="failed for another reason"
        ),
    ],
)  # fmt: skip
def test_what_is_shown_without_a_name(
    state: JobStatus,
    training_jobs: list[TrainingJob],
    reason: ChoiceReason,
    chosen: list[TrainingJob],
    left_out: int,
) -> None:
    choice = choose_training_jobs(state, training_jobs, None)
    assert (choice.reason, list(choice.training_jobs), choice.left_out) == (
        reason,
        chosen,
        left_out,
    )


def test_a_name_or_a_part_of_it() -> None:
    jobs = [BEST, DONE]
    for wanted in (DONE.name, "-001-"):
        (chosen,) = choose_training_jobs(status("Completed"), jobs, wanted).training_jobs
        assert chosen == DONE
    with pytest.raises(UsageError, match=r"`abcd` matches 2 training jobs .*-002-abcd and .*-001"):
        choose_training_jobs(status("Completed"), jobs, "abcd")
    with pytest.raises(OperationError, match="has no training job `x`") as raised:
        choose_training_jobs(status("Completed"), jobs, "x")
    assert DONE.name in raised.value.help


def test_a_number_is_not_looked_for_in_the_hashes_after_it() -> None:
    first, third = (replace(DONE, name=f"{NAME}-{end}") for end in ("001-c0d1", "003-c00100ce"))
    choice = choose_training_jobs(status("Completed"), [third, first], "001")
    assert choice.training_jobs == (first,)


@pytest.mark.parametrize(("count", "shown"), [(5, "and tuned-11"), (6, "tuned-11 and 1 more")])
def test_at_most_five_names_are_listed(count: int, shown: str) -> None:
    jobs = [replace(DONE, name=f"tuned-{number}") for number in range(15, 15 - count, -1)]
    with pytest.raises(UsageError) as raised:
        choose_training_jobs(status("Completed"), jobs, "tuned")
    assert str(raised.value).endswith(shown)
    with pytest.raises(OperationError) as refused:
        choose_training_jobs(status("Completed"), jobs, "x")
    assert refused.value.help == (
        "its newest are tuned-15, tuned-14, tuned-13, tuned-12 and tuned-11"
    )


@pytest.mark.parametrize(("state", "text"), [("InProgress", "jobs yet"), ("Failed", "jobs$")])
def test_without_training_jobs(state: str, text: str) -> None:
    for wanted in (None, "x"):
        with pytest.raises(OperationError, match=f"{NAME} has no training {text}"):
            choose_training_jobs(status(state), [], wanted)


def event(seconds: float, message: str, instance: int = 1) -> LogEvent:
    time = CREATED + timedelta(seconds=seconds)
    return LogEvent(time=time, message=message, stream=f"{NAME}-001/algo-{instance}-167")


class TestNewLines:
    def test_each_line_is_returned_once(self) -> None:
        tuning = FakeTuning(logs={NAME: [event(0, "a"), event(1, "b")]})
        lines = NewLines(NAME)
        assert [line.message for line in lines.read(tuning)] == ["a", "b"]
        assert list(lines.read(tuning)) == []
        tuning.logs[NAME].append(event(2, "c"))
        assert [line.message for line in lines.read(tuning)] == ["c"]

    def test_equal_lines_of_one_moment_are_all_returned(self) -> None:
        tuning = FakeTuning(logs={NAME: [event(0, "."), event(0, ".")]})
        lines = NewLines(NAME)
        assert len(list(lines.read(tuning))) == 2
        tuning.logs[NAME].append(event(0, "."))
        assert len(list(lines.read(tuning))) == 1

    def test_lines_of_another_instance_may_arrive_late(self) -> None:
        tuning = FakeTuning(logs={NAME: [event(100, "a")]})
        lines = NewLines(NAME)
        assert len(list(lines.read(tuning))) == 1
        tuning.logs[NAME].insert(0, event(90, "late", instance=2))
        assert [line.message for line in lines.read(tuning)] == ["late"]

    @pytest.mark.parametrize(("seconds", "is_shown"), [(70, True), (69, False)])
    def test_lines_may_arrive_thirty_seconds_late(self, seconds: int, is_shown: bool) -> None:
        tuning = FakeTuning(logs={NAME: [event(100, "a")]})
        lines = NewLines(NAME)
        assert len(list(lines.read(tuning))) == 1
        tuning.logs[NAME].insert(0, event(seconds, "late", instance=2))
        assert bool(list(lines.read(tuning))) is is_shown

    def test_a_line_that_is_read_again_is_not_returned_again(self) -> None:
        tuning = FakeTuning(logs={NAME: [event(70, "a"), event(100, "b")]})
        lines = NewLines(NAME)
        assert [line.message for line in lines.read(tuning)] == ["a", "b"]
        assert list(lines.read(tuning)) == []

    def test_only_the_first_reading_is_cut(self) -> None:
        tuning = FakeTuning(logs={NAME: [event(number, str(number)) for number in range(50)]})
        lines = NewLines(NAME)
        assert [line.message for line in lines.read(tuning, tail=2)] == ["48", "49"]
        tuning.logs[NAME] += [event(50 + number, "new") for number in range(9)]
        read = [line.message for line in lines.read(tuning, tail=2)]
        assert read.count("new") == 9
