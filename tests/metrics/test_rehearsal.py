"""Metric definitions on real logs, and expressions that would hang."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.errors import UsageError
from hptc.metrics.log_files import read_log, read_log_file, sample_path
from hptc.metrics.regex_worker import escaped
from hptc.metrics.rehearsal import (
    Rehearsal,
    TimedRehearsals,
    rehearse,
    rehearse_definition,
    rehearse_sample,
)
from hptc.render.metrics import rehearsals_json, render_rehearsals
from hptc.request.emission import emit
from hptc.request.tuning_job import TuningJob
from hptc.spec.tuning_spec import parse_spec
from tests.support.golden import Golden
from tests.support.outcomes import succeeded
from tests.support.rule_cases import compile_case
from tests.support.secret_samples import filled

MAX_LOG_BYTES = 20_000_000
MAX_LOG_LINES = 500_000

LOG = """\
2026-10-01 starting
epoch 1 loss=0.91 acc=0.60
epoch 2 loss=nan acc=0.71
epoch 3 loss=5.4e-1 acc=
epoch 4 loss=0.50 acc=0.80
\x1b[1mdone\x1b[0m
"""


def job(definitions: str, objective: str = "loss") -> TuningJob:
    compiled = compile_case(
        f"""
training_job:
  objective: {{metric_name: {objective}, type: Minimize}}
  algorithm: {{metric_definitions: {definitions}}}
"""
    )
    compiled = succeeded(compiled)
    return compiled.job


def proved(definitions: str, log: str = LOG, *, seconds: float = 10) -> Rehearsal:
    (rehearsal,) = rehearse(job(definitions), log, "train.log", seconds=seconds)
    return rehearsal


def test_what_is_captured() -> None:
    rehearsal = proved('{loss: "loss=([0-9.e-]+)"}')
    (result,) = rehearsal.metrics
    assert rehearsal.is_objective_found
    assert (result.matches, result.numbers.count) == (3, 3)
    assert [(line.line, line.text) for line in result.numbers.first] == [
        (2, "0.91"),
        (4, "5.4e-1"),
        (5, "0.50"),
    ]


def test_lines_that_are_similar_hide_secrets() -> None:
    key = filled("AKIA{key:16}")
    rehearsal = proved('{loss: "LOSS=([0-9.]+)"}', f"{key} epoch 1 loss: 0.5 {key}\n")
    (result,) = rehearsal.metrics
    assert (result.matches, [line.line for line in result.similar]) == (0, [1])
    assert "loss: 0.5" in result.similar[0].text
    assert key not in result.similar[0].text


FOUND = {
    "number": ('{loss: "loss=([0-9.]+)"}', True),
    "not a number": ('{loss: "loss=(nan)"}', False),
    "never": ('{loss: "Loss: ([0-9.]+)"}', False),
    "nothing captured": ('{loss: "acc=([0-9.]*)$"}', True),
    "empty only": ('{loss: "acc=([0-9.]?)$"}', False),
    "another name": ('{loss: "lr=([0-9.]+)", acc: "acc=([0-9.]+)"}', False),
    "the second of two": ('{loss: ["Loss: ([0-9.]+)", "loss=([0-9.]+)"]}', True),
    "an optional group": ('{loss: "epoch (?:x([0-9]))?"}', False),
}


@pytest.mark.parametrize(("definitions", "is_found"), FOUND.values(), ids=FOUND)
def test_objective_found(definitions: str, is_found: bool) -> None:
    assert proved(definitions).is_objective_found is is_found


def test_three_captures_of_each_kind_are_shown() -> None:
    log = "".join(f"loss={value}\n" for value in ("1", "nan", "2", "inf", "3", "-", "4", "?", "5"))
    (result,) = proved('{loss: "loss=(.*)"}', log).metrics
    assert (result.matches, result.numbers.count) == (9, 5)
    assert [(line.line, line.text) for line in result.numbers.first] == [
        (1, "1"),
        (3, "2"),
        (5, "3"),
    ]
    assert [(line.line, line.text) for line in result.wrong.first] == [
        (2, "nan"),
        (4, "inf"),
        (6, "-"),
    ]
    assert result.last is not None
    assert (result.last.line, result.last.text) == (9, "5")


def test_groups_that_capture_nothing_are_counted() -> None:
    (result,) = proved('{loss: "epoch (?:x([0-9]))?"}').metrics
    assert (result.matches, result.numbers.count, result.without_group) == (4, 0, 4)


@pytest.mark.parametrize(
    ("line", "expected"),
    [("a\tb", "a#011b"), ("\x1b[0m", "#033[0m"), ("plain é", "plain é"), ("\x7f", "#177")],
)
def test_control_characters_as_in_cloudwatch_logs(line: str, expected: str) -> None:
    assert escaped(line) == expected


def test_expression_of_aws_matches_a_tab() -> None:
    regex = r".*\\[[0-9]+\\].*#011validation-auc:(\\S+)"
    rehearsal = proved(f'{{loss: "{regex}"}}', "[3]\ttrain-auc:0.9\tvalidation-auc:0.8\n")
    assert rehearsal.metrics[0].numbers.first[0].text == "0.8"


class TestSlowExpressions:
    """They are given up, and the others still get their turn."""

    HANGS = "(a|a)*b"
    LOG = "a" * 64 + "\nloss=0.5\n"

    def test_other_expressions_still_run(self) -> None:
        rehearsal = proved(
            f'{{one: "({self.HANGS})", loss: "loss=([0-9.]+)", two: "x({self.HANGS})"}}',
            self.LOG,
            seconds=0.3,
        )
        results = {metric.metric.name: metric for metric in rehearsal.metrics}
        slow = results["one"]
        assert "takes longer than 0.3 s" in slow.fault
        assert (slow.matches, slow.numbers.count, slow.without_group) == (0, 0, 0)
        assert (slow.misread.count, slow.missed.count, slow.not_finite.count) == (0, 0, 0)
        assert (results["loss"].numbers.count, results["loss"].fault, results["two"].fault) == (
            1,
            "",
            "",
        )
        assert rehearsal.is_objective_found

    def test_remaining_expressions_are_skipped_after_three_slow_ones(self) -> None:
        definitions = ", ".join(f'm{n}: "({self.HANGS})"' for n in range(5))
        rehearsal = proved(f'{{{definitions}, loss: "loss=([0-9.]+)"}}', self.LOG, seconds=0.3)
        faults = [result.fault for result in rehearsal.metrics]
        assert len(rehearsal.metrics) == 6
        assert sum("takes longer" in fault for fault in faults) == 3
        assert sum("was skipped" in fault for fault in faults) == 2
        assert rehearsal.is_objective_found

    def test_slow_review_loses_nothing_else(self) -> None:
        regexes = '{loss: "loss=([0-9.]+)", slow: "z?(0)(a|a)*b"}'
        log = f"7{'a' * 64}\nloss=9.5e-05\n"
        loss, slow = proved(regexes, log, seconds=0.3).metrics
        assert (loss.misread.count, loss.fault) == (1, "")
        assert loss.corrected_regex
        assert (slow.matches, slow.missed.count, slow.fault) == (0, 0, "")

    def test_a_busy_machine_makes_none_slow(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        late = tmp_path / "python"
        late.write_text(f'#!/bin/sh\nsleep 0.4\nexec "{sys.executable}" "$@"\n')
        late.chmod(0o700)
        monkeypatch.setattr(sys, "executable", str(late))
        (loss,) = proved('{loss: "loss=([0-9.]+)"}', self.LOG, seconds=0.3).metrics
        assert (loss.numbers.count, loss.fault) == (1, "")


class TestWhichDefinitionIsTheObjective:
    """Every result has the right `is_objective`, however the expression ended."""

    HANGS = TestSlowExpressions.HANGS

    def marked(self, definitions: str, log: str = LOG, *, seconds: float = 10) -> dict[str, bool]:
        results = proved(definitions, log, seconds=seconds).metrics
        return {rehearsal.metric.name: rehearsal.is_objective for rehearsal in results}

    def test_when_it_ran(self) -> None:
        definitions = '{acc: "acc=([0-9.]+)", loss: "loss=([0-9.]+)"}'
        assert self.marked(definitions) == {"acc": False, "loss": True}

    def test_when_it_is_invalid(self) -> None:
        (definition,) = job('{loss: "x(.)", acc: "y(.)"}').definitions
        broken = tuple(replace(metric, regex="((") for metric in definition.metrics)
        rehearsal = rehearse_definition(replace(definition, metrics=broken), LOG, "train.log")
        assert [(metric.metric.name, metric.is_objective) for metric in rehearsal.metrics] == [
            ("loss", True),
            ("acc", False),
        ]
        assert all(metric.fault for metric in rehearsal.metrics)

    def test_when_it_is_too_slow(self) -> None:
        definitions = f'{{acc: "({self.HANGS})", loss: "({self.HANGS})"}}'
        assert self.marked(definitions, TestSlowExpressions.LOG, seconds=0.3) == {
            "acc": False,
            "loss": True,
        }

    def test_when_it_was_not_tried(self) -> None:
        slow = ", ".join(f'"({self.HANGS})"' for _ in range(4))
        rehearsal = proved(
            f'{{loss: [{slow}], acc: "acc=([0-9.]+)"}}', TestSlowExpressions.LOG, seconds=0.3
        )
        assert [(metric.metric.name, metric.is_objective) for metric in rehearsal.metrics] == [
            *[("loss", True)] * 4,
            ("acc", False),
        ]
        assert ["was skipped" in result.fault for result in rehearsal.metrics] == [
            *[False] * 3,
            True,
            True,
        ]

    def test_a_number_of_another_metric_is_not_the_objective(self) -> None:
        assert not proved('{acc: "acc=([0-9.]+)", loss: "Loss: ([0-9.]+)"}').is_objective_found

    def test_it_runs_first_and_is_shown_in_the_order_of_the_spec(self) -> None:
        slow = ", ".join(f'm{n}: "({self.HANGS})"' for n in range(3))
        tuning_job = job(f'{{loss: null, {slow}, goal: "loss=([0-9.]+)"}}', objective="goal")
        (rehearsal,) = rehearse(tuning_job, TestSlowExpressions.LOG, "train.log", seconds=0.3)
        assert [result.metric.name for result in rehearsal.metrics] == ["m0", "m1", "m2", "goal"]
        assert rehearsal.metrics[-1].numbers.count == 1

    def test_each_definition_has_its_own(self) -> None:
        outcome = compile_case("""
training_jobs:
  one: {}
  two:
    objective: {metric_name: acc, type: Minimize}
    algorithm: {metric_definitions: {acc: "acc=([0-9.]+)"}}
""")
        tuning_job, two = rehearse(succeeded(outcome).job, LOG, "x")
        assert (tuning_job.objective, two.objective) == ("loss", "acc")
        assert [(metric.metric.name, metric.is_objective) for metric in tuning_job.metrics] == [
            ("loss", True)
        ]
        assert [(metric.metric.name, metric.is_objective) for metric in two.metrics] == [
            ("loss", False),
            ("acc", True),
        ]

    def test_without_an_objective_none_is(self) -> None:
        (definition,) = job('{loss: "loss=([0-9.]+)"}').definitions
        rehearsal = rehearse_definition(replace(definition, objective=None), LOG, "x")
        assert rehearsal.objective == ""
        assert [metric.is_objective for metric in rehearsal.metrics] == [False]
        assert not rehearsal.is_objective_found


def test_one_of_several_definitions() -> None:
    compiled = compile_case("training_jobs: {one: {}, two: {}}")
    compiled = succeeded(compiled)
    assert [rehearsal.definition for rehearsal in rehearse(compiled.job, LOG, "x")] == [
        "one",
        "two",
    ]
    (only,) = rehearse(compiled.job, LOG, "x", definition="two")
    assert only.definition == "two"
    (single,) = rehearse(job('{loss: "loss=([0-9.]+)"}'), LOG, "x")
    assert single.definition == ""
    with pytest.raises(UsageError, match="has no training job `three`") as raised:
        rehearse(compiled.job, LOG, "x", definition="three")
    assert raised.value.help == "training jobs: one, two"


class TestSampleLog:
    """A file of the project, and of nothing else."""

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        root = tmp_path / "project"
        (root / "logs").mkdir(parents=True)
        (root / "logs" / "train.log").write_text(LOG, encoding="utf-8")
        (tmp_path / "secret").write_text("loss=1\n", encoding="utf-8")
        (root / "leak.log").symlink_to(tmp_path / "secret")
        (root / "inside.log").symlink_to(root / "logs" / "train.log")
        (root / "up").symlink_to(tmp_path)
        (root / "loop").symlink_to(root / "loop")
        os.mkfifo(root / "pipe")
        return root

    @pytest.mark.parametrize("sample", ["logs/train.log", "./logs/train.log", "inside.log"])
    def test_inside(self, root: Path, sample: str) -> None:
        assert read_log_file(sample_path(sample, root)) == LOG

    @pytest.mark.parametrize(
        ("sample", "message"),
        [
            ("/etc/passwd", "not a path inside the project"),
            ("../secret", "not a path inside the project"),
            ("logs/../../secret", "not a path inside the project"),
            ("", "not a path inside the project"),
            ("a\0b", "not a path inside the project"),
            ("leak.log", "link to a file outside the project"),
            ("up/secret", "link to a file outside the project"),
            ("loop", "does not exist"),
            ("logs", "is not a file"),
            ("pipe", "is not a file"),
            ("absent.log", "does not exist"),
        ],
    )
    def test_outside(self, root: Path, sample: str, message: str) -> None:
        with pytest.raises(UsageError, match=message):
            sample_path(sample, root)
        (definition,) = job('{loss: "loss=([0-9.]+)"}').definitions
        rehearsal = rehearse_sample(definition, sample, root)
        assert message in rehearsal.fault
        assert not rehearsal.is_aws_own

    def test_too_large(self, root: Path) -> None:
        with (root / "large.log").open("wb") as stream:
            stream.truncate(MAX_LOG_BYTES + 1)
        with pytest.raises(UsageError, match="is larger than"):
            read_log_file(root / "large.log")

    def test_too_many_lines(self) -> None:
        assert read_log(BytesIO(b"\n" * MAX_LOG_LINES), "log") == "\n" * MAX_LOG_LINES
        with pytest.raises(UsageError, match="has more than 500,000 lines"):
            read_log(BytesIO(b"\n" * (MAX_LOG_LINES + 1)), "log")

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
    def test_a_mark_at_the_start_tells_the_encoding(self, encoding: str) -> None:
        assert read_log(BytesIO("loss=0.5\n".encode(encoding)), "log") == "loss=0.5\n"

    def test_invalid_utf8(self, root: Path) -> None:
        (root / "raw.log").write_bytes(b"\xfa\xfb loss=0.5\n")
        (definition,) = job('{loss: "loss=([0-9.]+)"}').definitions
        assert rehearse_sample(definition, "raw.log", root).is_objective_found

    def test_sample_log_is_used_only_on_request(self, root: Path) -> None:
        (root / "spec.yaml").write_text(
            """\
name: churn
strategy: Random
limits: {max_number_of_training_jobs: 4, max_parallel_training_jobs: 1}
training_job:
  metric_sample_log: logs/train.log
  role_arn: arn:aws:iam::111122223333:role/tuning
  objective: {metric_name: loss, type: Minimize}
  hyperparameters: {rate: {type: Continuous, min: 0.1, max: 0.5}}
  algorithm:
    training_image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/example:1
    metric_definitions: {loss: "Loss=([0-9.]+)"}
  output: {s3_output_path: "s3://models/churn/"}
  resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
  stopping: {max_runtime: 1h}
""",
            encoding="utf-8",
        )
        file = str(root / "spec.yaml")
        codes = {diagnostic.code for diagnostic in compile_file(file, Workspace()).diagnostics}
        requested = {
            diagnostic.code
            for diagnostic in compile_file(file, Workspace(rehearse=rehearse_sample)).diagnostics
        }
        assert "HPT342" not in codes
        assert "HPT342" in requested


def test_logs_after_the_time_limit_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text(LOG, encoding="utf-8")
    (definition,) = job('{loss: "loss=([0-9.]+)"}').definitions
    timed = TimedRehearsals(1e-6)
    first, second = (timed.rehearse_sample(definition, "train.log", tmp_path) for _ in range(2))
    assert first.is_objective_found
    assert not second.is_objective_found
    assert "was skipped" in second.fault
    assert (first.lines, second.lines) == (len(LOG.splitlines()), 0)


def test_sample_log_is_not_part_of_the_request() -> None:
    spec, findings = parse_spec({"name": "x", "training_job": {"metric_sample_log": "a.log"}})
    assert findings == []
    assert spec is not None
    assert "a.log" not in str(emit(spec))


def test_rendered(golden: Golden) -> None:
    definitions = (
        '{loss: "loss=([0-9.e-]+)", acc: "acc=([0-9.]*)", bad: "loss=(n[a-z0-9]+)", '
        'never: "auc=([0-9.]+)"}'
    )
    rehearsals = rehearse(job(definitions), LOG, "train.log")
    golden("metrics/found.txt", render_rehearsals("churn", rehearsals))
    golden("metrics/found.json", rehearsals_json("churn", rehearsals))
    never = rehearse(job('{loss: "Loss=([0-9.]+)"}'), LOG, "train.log")
    golden("metrics/never.txt", render_rehearsals("churn", never))


MISREAD = """\
{'loss': 0.3405, 'learning_rate': 2.5e-05, 'epoch': 0.5}
{'eval_loss': 0.19824, 'eval_r2': -0.31, 'epoch': 1.0}
{'loss': nan, 'learning_rate': 3e-06, 'epoch': 1.5}
{'eval_loss': 9.5e-05, 'eval_r2': 0.4012, 'epoch': 2.0}
"""


def test_misread_numbers(golden: Golden) -> None:
    definitions = """{
      learning_rate: "'learning_rate': ([0-9]+(.|e\\\\-)[0-9]+),?",
      loss: "'eval_loss': ([0-9]+(.|e\\\\-)[0-9]+),?",
      r2: "'eval_r2': ([0-9.]+)",
      train_loss: "'loss': ([0-9.]+)",
    }"""
    rehearsals = rehearse(job(definitions), MISREAD, "train.log")
    assert rehearsals[0].is_objective_found
    assert rehearsals[0].is_objective_misread
    golden("metrics/misread.txt", render_rehearsals("churn", rehearsals))
    golden("metrics/misread.json", rehearsals_json("churn", rehearsals))


def test_the_verdict_says_that_values_of_the_objective_are_missed() -> None:
    rehearsal = proved('{loss: "loss=([0-9.]+)"}', "loss=0.5\nloss=-0.5\n")
    text = render_rehearsals("churn", [rehearsal])
    assert text.startswith(
        "churn: objective metric `loss` found in 1 of 2 lines of train.log, but missed in 1\n"
    )


@pytest.mark.parametrize(
    ("regex", "log", "names"),
    [
        ("loss:([0-9.]+)", "I - train_loss:0.5\nI - val_loss:0.6\n", ["train_loss", "val_loss"]),
        ("loss = ([0-9.]+)", "train/loss = 0.5\nval/loss = 0.6", ["train/loss", "val/loss"]),
        ("[a-z_]*loss: ([0-9.]+)", "loss: 0.5\nval_loss: 0.6", ["loss", "val_loss"]),
        ("loss: ([0-9.]+)", "val_loss: 0.5\nval_loss: 0.6", []),
        ("loss: ([0-9.]+)", "1/1 - loss: 0.5 - val_loss: 0.6\n1/1 - loss: 0.4", []),
        ("'loss': ([0-9.]+)", "{'loss': 0.5}\n{'eval_loss': 0.6}", []),
        ("loss=([0-9.]+)", "epoch1_loss=0.5\nepoch2_loss=0.6", []),
        ("INFO.*loss ([0-9.]+)", "INFO: loss 0.5\nWARN-INFO: loss 0.6", []),
        (".*=([0-9.]+)", "a=0.5\nb=0.6", ["a", "b"]),
        ("=([0-9.]+)", "a=0.5\nb=0.6", []),
    ],
)
def test_an_expression_that_reads_several_metrics(regex: str, log: str, names: list[str]) -> None:
    rehearsal = proved(f'{{loss: "{regex}"}}', log)
    (result,) = rehearsal.metrics
    assert [captured.text for captured in result.names] == names
    assert result.is_right != bool(names)
    text = render_rehearsals("churn", [rehearsal])
    listed = " and ".join(f"`{name}`" for name in names)
    assert text.splitlines()[0].endswith(f"of train.log, but reads {listed}" if names else "log")


def test_rendered_text_has_no_control_characters() -> None:
    rehearsal = proved('{loss: "(.*)done"}')
    assert "\x1b" not in render_rehearsals("churn", (rehearsal,))


def test_built_in_algorithm_is_not_tested(golden: Golden) -> None:
    compiled = succeeded(compile_case("{}", "xgboost"))
    rehearsals = rehearse(compiled.job, LOG, "train.log")
    assert rehearsals[0].is_objective_found
    golden("metrics/built-in.txt", render_rehearsals("churn", rehearsals))


def test_only_a_built_in_algorithm_has_metrics_of_its_own() -> None:
    custom, algorithm = (
        succeeded(compile_case("{}", base)).job for base in ("custom-image", "xgboost")
    )
    metrics = custom.definitions[0].metrics
    own = [
        rehearse_definition(definition, LOG, "x").is_aws_own
        for definition in (
            custom.definitions[0],
            replace(custom.definitions[0], metrics=()),
            replace(algorithm.definitions[0], metrics=metrics),
            algorithm.definitions[0],
        )
    ]
    assert own == [False, False, False, True]


def test_a_log_of_20_megabytes_is_read() -> None:
    assert len(read_log(BytesIO(b"x" * MAX_LOG_BYTES), "x.log")) == MAX_LOG_BYTES
    with pytest.raises(UsageError, match="larger than 20,000,000 bytes"):
        read_log(BytesIO(b"x" * (MAX_LOG_BYTES + 1)), "x.log")


def test_no_time_for_a_log_at_all(tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text(LOG)
    (definition,) = job('{loss: "loss=([0-9.]+)"}').definitions
    skipped = TimedRehearsals(0).rehearse_sample(definition, "train.log", tmp_path)
    assert "was skipped" in skipped.fault
