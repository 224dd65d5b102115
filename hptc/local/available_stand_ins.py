"""Which built-in algorithms have a stand-in on this machine, and what it can't do.

The stand-ins themselves (hptc/local/stand_ins) are never imported here: their libraries take
seconds, and belong to the training process.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.util import find_spec

from hptc.catalog.images import identify
from hptc.frozen import frozen
from hptc.local.content_types import CSV, LIBSVM, RECORDIO, read_content_type
from hptc.request.job_facts import has_augmented_manifest
from hptc.request.tuning_job import CategoricalRange, Definition, TuningJob
from hptc.text import code, listed, listed_code

EXTRA = "stand-ins"
_THREADS = "OMP_NUM_THREADS"  # of XGBoost, scikit-learn and the linear algebra of numpy
_LIBRARIES = ("xgboost", "sklearn")  # one extra has both


@frozen
class StandIn:
    """The facts about a stand-in that hptc needs before its library is imported."""

    title: str
    library: str  # the name of its package
    channels: tuple[str, ...]  # that it reads
    formats: tuple[str, ...] = (CSV,)
    default_format: str = RECORDIO  # of a channel without a content type
    hyperparameters: frozenset[str]  # that have an effect
    refused: Mapping[
        str, Mapping[str, str]
    ]  # the reason, by hyperparameter and value; `*` is any value


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


STAND_INS: Mapping[str, StandIn] = {
    "xgboost": StandIn(
        title="XGBoost",
        library="xgboost",
        channels=("train", "validation"),
        formats=(CSV, LIBSVM),
        default_format=LIBSVM,
        hyperparameters=_names(
            "aft_loss_distribution aft_loss_distribution_scale alpha base_score booster "
            "colsample_bylevel colsample_bynode colsample_bytree csv_weights "
            "early_stopping_rounds eta eval_metric gamma grow_policy "
            "interaction_constraints lambda lambda_bias learning_rate max_bin max_delta_step "
            "max_depth max_leaves min_child_weight min_split_loss monotone_constraints "
            "normalize_type num_class num_parallel_tree num_round objective one_drop "
            "process_type rate_drop refresh_leaf reg_alpha reg_lambda sample_type "
            "sampling_method scale_pos_weight seed skip_drop subsample tree_method "
            "tweedie_variance_power updater verbosity"
        ),
        refused={
            "objective": {"survival:aft": "it requires bounds of the labels, which no format has"},
            "tree_method": {"gpu_hist": "it requires a GPU; use `hist`"},
            "process_type": {"update": "it requires the model of a checkpoint"},
            "use_dask_gpu_training": {"true": "it requires GPUs"},
            "_kfold": {"*": "it has no cross-validation"},
            "_nfold": {"*": "it has no cross-validation"},
        },
    ),
    "linear-learner": StandIn(
        title="Linear Learner",
        library="scikit-learn",
        channels=("train", "validation", "test"),
        hyperparameters=_names(
            "accuracy_top_k early_stopping_patience early_stopping_tolerance epochs f_beta "
            "feature_dim huber_delta l1 learning_rate loss loss_insensitivity normalize_data "
            "normalize_label num_classes positive_example_weight_mult predictor_type use_bias "
            "wd"
        ),
        refused={"loss": {"quantile_loss": "scikit-learn's linear models have no such loss"}},
    ),
    "kmeans": StandIn(
        title="K-Means",
        library="scikit-learn",
        channels=("train", "test"),
        hyperparameters=_names(
            "epochs eval_metrics extra_center_factor feature_dim init_method k "
            "local_lloyd_init_method local_lloyd_max_iter local_lloyd_num_trials "
            "local_lloyd_tol mini_batch_size"
        ),
        refused={},
    ),
    "knn": StandIn(
        title="k-NN",
        library="scikit-learn",
        channels=("train", "test"),
        hyperparameters=_names(
            "dimension_reduction_target dimension_reduction_type feature_dim index_metric k "
            "predictor_type sample_size"
        ),
        refused={
            "index_metric": {"INNER_PRODUCT": "scikit-learn has no such metric; use L2 or COSINE"}
        },
    ),
}
"""By the name of the algorithm in hptc's catalog."""


def stand_in_name(definition: Definition) -> str | None:
    """The name of the built-in algorithm of a definition, if there is a stand-in for it.

    Only for AWS's own image, which runs no script: an XGBoost image can also be a framework.
    """
    identified = identify(definition.training_image or "")
    if identified is None or identified.kind != "algorithm":
        return None
    return identified.name if identified.name in STAND_INS else None


def is_installed() -> bool:
    """Whether the stand-ins' libraries are installed with hptc."""
    return all(find_spec(library) is not None for library in _LIBRARIES)


def stand_in_command(name: str) -> tuple[str, ...]:
    """The command of a training process. `-P`: no module of the current folder is imported."""
    return (sys.executable, "-P", "-m", "hptc.local.stand_ins", name)


def refusals(name: str, definition: Definition) -> Iterator[str]:
    """Why a stand-in can't run the training jobs of a definition."""
    stand_in = STAND_INS[name]
    stand_in_name = f"hptc's stand-in for {stand_in.title}"
    for channel in definition.channels:
        if channel.name not in stand_in.channels:
            continue
        if has_augmented_manifest(channel):
            yield (
                f"the input channel {code(channel.name)} has an augmented manifest, which "
                f"{stand_in_name} does not read"
            )
        kind = read_content_type(channel.content_type, default=stand_in.default_format).format
        if kind not in stand_in.formats:
            subject = f"the input channel {code(channel.name)}"
            formats = listed(stand_in.formats)
            if channel.content_type:
                yield f"{subject} is {kind}, but {stand_in_name} reads {formats}"
            else:
                yield (
                    f"{subject} has no `content_type`, so it is {kind}, but {stand_in_name} reads "
                    f"{formats}; set `content_type: text/csv`"
                )
    for hyperparameter, value in possible_values(definition):
        faults = stand_in.refused.get(hyperparameter, {})
        fault = faults.get(value) or faults.get("*")
        if fault is not None:
            yield f"{stand_in_name} can't do {code(f'{hyperparameter}: {value}')}: {fault}"


def possible_values(definition: Definition) -> Iterator[tuple[str, str]]:
    """The values that hyperparameters can have, other than numbers of a range."""
    yield from definition.static.items()
    for range_ in definition.ranges:
        if isinstance(range_, CategoricalRange):
            yield from ((range_.name, value) for value in range_.values)


def ignored_ranges(names: Collection[str], job: TuningJob) -> Iterator[str]:
    """Notes on tuned hyperparameters that have no effect. `names` are of the job's stand-ins."""
    for definition in job.definitions:
        name = stand_in_name(definition)
        if name is None or name not in names:
            continue
        known = STAND_INS[name].hyperparameters
        ignored = [range_.name for range_ in definition.ranges if range_.name not in known]
        if ignored:
            yield (
                f"the stand-in for {STAND_INS[name].title} ignores {listed_code(ignored)}, so "
                f"tuning {'it' if len(ignored) == 1 else 'them'} has no effect here"
            )


def thread_variables(parallel: int) -> dict[str, str]:
    """Variables of a stand-in's process: one thread, unless it is the only training job."""
    return {_THREADS: "1"} if parallel > 1 else {}


def stand_in_statement(names: Collection[str]) -> str:
    """What every output of a run with stand-ins says. `names` are of algorithms."""
    return (
        f"stand-ins: {listed(_replaced(names))}; the values are not those of AWS's "
        f"{'algorithm' if len(set(names)) == 1 else 'algorithms'}"
    )


def _replaced(names: Iterable[str]) -> list[str]:
    known = (STAND_INS[name] for name in sorted(set(names)))
    return [f"{stand_in.library} stands in for AWS's {stand_in.title}" for stand_in in known]
