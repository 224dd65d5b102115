"""Prints what a run on this machine has shown: why training jobs fail, and what their logs have."""

from __future__ import annotations

from hptc.catalog.framework_arguments import MODEL_DIR, adds_model_dir
from hptc.cli.console import print_needed, print_status
from hptc.errors import UsageError
from hptc.local.predefined_metrics import with_metrics
from hptc.local.run_events import Ended
from hptc.local.service import LocalTuning
from hptc.metrics.log_files import read_log_file
from hptc.metrics.rehearsal import rehearse
from hptc.render.local_runs import NO_MODEL, ScriptInputs, render_failure
from hptc.render.metrics import render_rehearsals
from hptc.request.tuning_job import TuningJob


def print_failure(tuning: LocalTuning, job: TuningJob, failure: Ended) -> None:
    """Print why a training job has failed, as far as its log and its script show it."""
    in_container = any(launch.image for launch in tuning.launches(job.name))
    variables = tuning.channel_variables(job.name)
    inputs = _script_inputs(job, variables, in_container=in_container)
    print_needed("\n" + render_failure(failure, inputs, str(tuning.log_path(failure.name))))


def _script_inputs(
    job: TuningJob, channel_variables: list[str], *, in_container: bool
) -> ScriptInputs:
    definitions = job.definitions
    static = (name for definition in definitions for name in definition.static)
    tuned = (range_.name for definition in definitions for range_ in definition.ranges)
    channels = (channel.name for definition in definitions for channel in definition.channels)
    return ScriptInputs(
        hyperparameters=tuple(dict.fromkeys((*static, *tuned))),
        channels=tuple(dict.fromkeys(channels)),
        channel_variables=tuple(channel_variables),
        added=(MODEL_DIR,)
        if any(adds_model_dir(definition.training_image) for definition in definitions)
        else (),
        in_container=in_container,
    )


def print_rehearsal(tuning: LocalTuning, job: TuningJob) -> None:
    """Print what the only training job shows: the metrics in its log, and whether it saves."""
    _print_matches(tuning, with_metrics(job))
    if tuning.without_model(job.name):
        print_status(f"\nnote: {NO_MODEL}")


def _print_matches(tuning: LocalTuning, job: TuningJob) -> None:
    """Print what the metric definitions match in the log of the only training job.

    A failed training job is skipped unless the log shows more than the failure message, which
    already says that the objective metric is missing.
    """
    for training_job in tuning.list_training_jobs(job.name):
        path = tuning.log_path(training_job.name)
        if path is None or not path.is_file() or not path.stat().st_size:
            continue
        try:
            text = read_log_file(path)
        except UsageError as error:  # it is too large; the training job has run anyway
            print_status(f"\nnote: the metric definitions are not tested: {error}")
            continue
        definition = training_job.definition or None
        rehearsals = rehearse(job, text, training_job.name, definition=definition)
        is_news = any(rehearsal.is_objective_found or rehearsal.fault for rehearsal in rehearsals)
        if is_news or training_job.status != "Failed":
            tested = render_rehearsals(job.name, rehearsals, has_verdict=is_news)
            print_status("\n" + tested.rstrip())
