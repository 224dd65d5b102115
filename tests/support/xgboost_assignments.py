"""Random hyperparameters for XGBoost: valid, on a bound, beyond it, malformed and unknown ones.

Oracles, the container's own code and the library in it, say which are refused; `problem` says it by
the tables.
"""

from __future__ import annotations

from random import Random

from hptc.catalog import algorithms
from hptc.catalog.accepted_values import Hyperparameter
from hptc.catalog.algorithms import Algorithm
from hptc.catalog.setting_dependencies import Subject

VALIDATED = "xgc:algorithm_mode/hyperparameter_validation"
"""The source of the dependencies that the container checks before it trains."""

_FOREIGN = ("", "abc", "1", "-1", "0", "0.5", "1e3", "nan", "inf", "-inf", " 2", "+3", "True")
_LITERALS = (
    "(1,-1)",
    "(0,)",
    "()",
    "[1, 0]",
    "(1, 2)",
    "1",
    "(1",
    "(a, 1)",
    "(1,) * 3",
    "'abc'",
    "((1,),)",
    "[[1, 2], [3]]",
    "[[0, 1]]",
    "[]",
    "[1, 2]",
    "[['a']]",
    "{1: 0}",
    "[[1.5]]",
    "None",
)


def version_of_xgboost(version: str) -> Algorithm:
    """XGBoost in one version."""
    algorithm = algorithms.algorithm("xgboost", version)
    assert algorithm is not None
    return algorithm


def problem(algorithm: Algorithm, hyperparameters: dict[str, str], source: str = "") -> str | None:
    """Why an assignment fails, by the tables; None if they have no reason.

    `source` is the beginning of the source of the dependencies that count.
    """
    known = {name: algorithm.hyperparameter(name) for name in hyperparameters}
    values = {}
    for name, hyperparameter in known.items():
        if hyperparameter is None:
            return f"unknown {name}"
        values[hyperparameter.name] = hyperparameters[name]
    for required in algorithm.required_hyperparameters:
        if required.name not in values and (required.when is None or required.when.is_met(values)):
            return f"missing {required.name}"
    for name, value in values.items():
        accepting = algorithm.hyperparameter(name)
        if accepting is not None and not accepting.accepts(value):
            return f"value {name}"
    settings = {Subject("hyperparameter", name): value for name, value in values.items()}
    settings |= {Subject("instance", "processor"): "cpu", Subject("instance", "count"): "1"}
    for dependency in algorithm.dependencies:
        if dependency.source.startswith(source) and dependency.violated(settings) is not None:
            return f"dependency {dependency.id}"
    return None


def assignment(random: Random, algorithm: Algorithm, unusual: float) -> dict[str, str]:
    """One assignment, with a share of unusual values."""
    known = [
        hyperparameter for hyperparameter in algorithm.hyperparameters if random.random() < 0.25
    ]
    chosen = {random.choice((parameter.name, *parameter.aliases)): parameter for parameter in known}
    values = {name: value(random, parameter, unusual) for name, parameter in chosen.items()}
    if random.random() > unusual:
        values["num_round"] = "10"
    if random.random() < 0.7 and "objective" not in values:
        values["objective"] = random.choice(("binary:logistic", "multi:softmax", "rank:pairwise"))
    if random.random() < unusual / 3:
        values[random.choice(("silent", "num_rounds", "learning_rate", "_kfold"))] = "1"
    if random.random() < 0.5 and "tree_method" not in values:
        values["tree_method"] = random.choice(("hist", "exact", "approx", "auto"))
    items = list(values.items())
    random.shuffle(items)
    return dict(items)


def value(random: Random, known: Hyperparameter, unusual: float) -> str:
    """One value of a hyperparameter."""
    if random.random() < unusual / 4:
        return random.choice(_FOREIGN)
    scalar, is_unusual = known.scalar, random.random() < unusual
    if known.kind in ("python_tuple", "python_nested_list"):
        valid = "(1,0,-1)" if known.kind == "python_tuple" else "[[1,2],[3,4]]"
        return random.choice(_LITERALS) if is_unusual else valid
    if known.kind == "list":
        words = random.choices(scalar.values, k=random.choice((1, 1, 1, 2, 3)))
        if is_unusual:
            word = random.choice(words)
            words.append(random.choice((f" {word}", word.upper(), f"{word}@0.5", f"{word}@x", "")))
        return ",".join(words)
    if known.kind == "choice":
        word = random.choice(scalar.values)
        return random.choice((word, word.upper(), f"{word} ")) if is_unusual else word
    low = scalar.interval.minimum if scalar.interval.minimum is not None else -5
    high = scalar.interval.maximum if scalar.interval.maximum is not None else low + 20
    step = 1 if known.kind == "integer" else 0.25
    inside = (low + step, high - step, (low + high) / 2)
    number = random.choice((low - step, low, high, high + step) if is_unusual else inside)
    is_fraction = known.kind == "number" or random.random() < unusual / 4
    return str(number) if is_fraction else str(int(number))
