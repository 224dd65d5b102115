"""HPT471 and HPT472: locations of checkpoints."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.project.references import has_reference
from hptc.request.job_facts import built_in, runs_a_script
from hptc.rules.rule import Context, Rule, warning

_RESERVED_DIRECTORIES = ("/opt/ml/input", "/opt/ml/model", "/opt/ml/output", "/opt/ml/code")


@warning("HPT471", "O08")
def shared_checkpoints(rule: Rule, context: Context) -> Iterator[Finding]:
    """All training jobs of a tuning job share one checkpoint location.

    SageMaker copies everything under the checkpoint prefix to each training job before it starts.
    With a shared prefix, a training job may resume from the model of another one, which has
    different hyperparameters, and its result is meaningless
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints-resume.html).

    Bad:
        training_job:
          checkpoint: {s3_uri: "s3://example/checkpoints/"}

    Good:
        training_job:
          checkpoint: null
    """
    if context.job.max_number_of_training_jobs == 1:
        return
    for definition in context.job.definitions:
        if definition.checkpoint_uri is not None:
            yield rule.finding(
                "all training jobs of the tuning job share the checkpoints under this prefix",
                definition.path / "CheckpointConfig" / "S3Uri",
                help="have the script use a folder with the name of its training job "
                "(TRAINING_JOB_NAME), then suppress this"
                if built_in(definition) is None or runs_a_script(definition)
                else "remove `checkpoint`; the algorithm resumes from any checkpoint it finds",
            )


@warning("HPT472", "O10")
def checkpoints_in_reserved_directory(rule: Rule, context: Context) -> Iterator[Finding]:
    """Checkpoints are in a directory that SageMaker reserves.

    Input data, code, the model and output have reserved directories in /opt/ml, which SageMaker
    mounts, fills or uploads. Use /opt/ml/checkpoints, the default, or your own directory
    (https://docs.aws.amazon.com/sagemaker/latest/dg/model-checkpoints-enable.html).

    Bad:
        limits: {max_number_of_training_jobs: 1, max_parallel_training_jobs: 1}
        training_job:
          checkpoint: {s3_uri: "s3://example/checkpoints/", local_path: /opt/ml/model}

    Good:
        limits: {max_number_of_training_jobs: 1, max_parallel_training_jobs: 1}
        training_job:
          checkpoint: {s3_uri: "s3://example/checkpoints/", local_path: /opt/ml/checkpoints}
    """
    for definition in context.job.definitions:
        local = definition.checkpoint_local_path
        if local is None or has_reference(local):
            continue
        path = posixpath.normpath(local)
        reserved = next(
            (
                directory
                for directory in _RESERVED_DIRECTORIES
                if f"{path}/".startswith(f"{directory}/")
            ),
            None,
        )
        if reserved is None and path == "/opt/ml":
            reserved = path
        if reserved is not None:
            yield rule.finding(
                f"the checkpoint path is {local}, but SageMaker reserves {reserved}",
                definition.path / "CheckpointConfig" / "LocalPath",
                accepted="/opt/ml/checkpoints",
                help="use /opt/ml/checkpoints, the default",
            )


RULES = (
    shared_checkpoints,
    checkpoints_in_reserved_directory,
)
