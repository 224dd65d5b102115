"""HPT471..472: where checkpoints are kept."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.project.references import has_reference
from hptc.request.job_facts import built_in, runs_a_script
from hptc.rules.rule import Context, Rule, warning

_SAGEMAKERS_OWN = ("/opt/ml/input", "/opt/ml/model", "/opt/ml/output", "/opt/ml/code")


@warning("HPT471", "O08")
def checkpoints_shared_by_training_jobs(rule: Rule, context: Context) -> Iterator[Finding]:
    """All training jobs of a search write their checkpoints to one place.

    SageMaker copies what lies under the checkpoint prefix into each training job before it starts.
    With one prefix for the whole search, a training job may go on from another one's model, whose
    hyperparameters were different, and its result counts for its own
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
                "every training job of the search restores what the others left under this prefix",
                definition.path / "CheckpointConfig" / "S3Uri",
                help="let the script use a folder named by its training job "
                "(TRAINING_JOB_NAME), then ignore this"
                if built_in(definition) is None or runs_a_script(definition)
                else "remove `checkpoint`: the algorithm goes on from whatever it finds there",
            )


@warning("HPT472", "O10")
def checkpoints_in_a_directory_of_sagemaker(rule: Rule, context: Context) -> Iterator[Finding]:
    """Checkpoints are kept in a directory that SageMaker uses for something else.

    Input data, code, the model and the outputs have their own directories below /opt/ml, which
    SageMaker mounts, fills or uploads. Checkpoints belong in /opt/ml/checkpoints, the default, or
    in a directory of your own
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
        owned = next((own for own in _SAGEMAKERS_OWN if f"{path}/".startswith(f"{own}/")), None)
        if owned is None and path == "/opt/ml":
            owned = path
        if owned is not None:
            yield rule.finding(
                f"checkpoints are kept in {local}, but {owned} is SageMaker's own",
                definition.path / "CheckpointConfig" / "LocalPath",
                help="use /opt/ml/checkpoints, the default",
            )


RULES = (
    checkpoints_shared_by_training_jobs,
    checkpoints_in_a_directory_of_sagemaker,
)
