"""HPT714: warm-start parents that are the newest completed tuning job of a spec."""

from __future__ import annotations

from collections.abc import Iterator

from hptc.diagnostics import Finding
from hptc.project.references import latest_spec, written_reference
from hptc.rules.rule import Context, Rule, warning
from hptc.rules.warm_start_parents import parent_path


@warning("HPT714", "W16")
def latest_parent_listed_twice(rule: Rule, context: Context) -> Iterator[Finding]:
    """The parents contain both a spec and the newest completed tuning job of that spec.

    They can be the same tuning job, and parents must be different
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobWarmStartConfig.html).
    `hptc submit` sends such a parent once; a schedule can't, so its start fails.

    Bad:
        warm_start: {type: TransferLearning, parents: [parent, latest(parent)]}

    Good:
        limits: {max_number_of_training_jobs: 10}
        warm_start: {type: TransferLearning, parents: [parent-of-700, latest(parent)]}
    """
    parents = context.job.warm_start.parents if context.job.warm_start else ()
    for index, name in enumerate(parents):
        shown = written_reference(name)
        other = context.parents[name].name if name in context.parents else None
        if latest_spec(shown) is not None and other in parents:
            yield rule.finding(
                f"`{shown}` can be the parent `{other}`, which is listed too",
                parent_path(index),
                label="may be the same tuning job",
                is_removable=True,
                help="remove one of the two",
            )


RULES = (latest_parent_listed_twice,)
