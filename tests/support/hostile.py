"""Files of at most 1 MB that cost far more than their size in a naive reader."""

from __future__ import annotations

from collections.abc import Callable

GOOD = """\
name: x
strategy: Bayesian
limits: {max_number_of_training_jobs: 5, max_parallel_training_jobs: 2}
training_job:
  objective: {metric_name: "validation:auc", type: Maximize}
  role_arn: arn:aws:iam::111122223333:role/t
  hyperparameters:
    objective: binary:logistic
    num_round: 200
    eta: {type: Continuous, min: 1e-3, max: 0.5}
  algorithm:
    training_image: 683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1
  inputs:
    train: {s3: "s3://bkt/churn/train/", content_type: text/csv}
    validation: {s3: "s3://bkt/churn/validation/", content_type: text/csv}
  output: {s3_output_path: "s3://bkt/out/"}
  resources: {instance_type: ml.m5.xlarge, instance_count: 1, volume_size_in_gb: 30}
  stopping: {max_runtime: 1h}
"""

_REQUEST = (
    '{"HyperParameterTuningJobName": "a", '
    '"HyperParameterTuningJobConfig": {"Strategy": "Bayesian"}, '
)


def many(count: int, text: Callable[[int], str]) -> str:
    """The texts of the numbers below `count`."""
    return "".join(map(text, range(count)))


def _below(key: str, text: str) -> str:
    """The good spec with `text` in front of a key of `training_job`."""
    return GOOD.replace(f"  {key}", f"  {text}\n  {key}", 1)


LARGE: dict[str, Callable[[], str]] = {
    "a template with many aliases": lambda: (
        GOOD + "a: [&t '{{ 1 " + "+ 1 " * 500 + "}}', " + "*t, " * 900 + "]\n"
    ),
    "450 long templates": lambda: (
        GOOD + many(450, lambda n: f"k{n}: '{{{{ {n} " + "+ 1 " * 500 + "}}'\n")
    ),
    "wide templates": lambda: (
        GOOD + many(450, lambda n: f"k{n}: '{{{{ {n} " + "~ 1 " * 500 + "}}'\n")
    ),
    "suppressions on one line": lambda: GOOD + "# x" + " # hptc: ignore[" * 55_000 + "\n",
    "suppressions in a string": lambda: GOOD + "a: 'x" + " # hptc: ignore[" * 55_000 + "'\n",
    "suppressions on many lines": lambda: GOOD + "# hptc: ignore[HPT203]\n" * 40_000,
    "a suppression of many codes": lambda: (
        GOOD + "# hptc: ignore[" + many(80_000, lambda n: f"HPT{n % 1000:03},") + "] x\n"
    ),
    "a long scalar with many aliases": lambda: (
        f"{GOOD}a: &a '{'x' * 800_000}'\nb: [" + "*a, " * 5000 + "]\n"
    ),
    "duplicate keys": lambda: GOOD + "a: 1\n" * 19_000,
    "duplicate keys on one line": lambda: "{" + "a: 1, " * 19_000 + "}",
    "unknown keys": lambda: GOOD + many(19_000, lambda n: f"k{n}: 1\n"),
    "unknown members on one line": lambda: (
        _REQUEST + many(18_000, lambda n: f'"k{n}": 1, ') + '"x": 1}'
    ),
    "wrong types on one line": lambda: _REQUEST + '"Tags": [' + "1, " * 18_000 + "1]}",
    "training jobs on one line": lambda: (
        "name: x\ntraining_jobs: {" + many(9000, lambda n: f"j{n}: {{}}, ") + "}\n"
    ),
    "unknown references": lambda: _below(
        "stopping", "environment: {" + many(9000, lambda n: f"k{n}: '${{hptc:n{n}}}', ") + "}"
    ),
    "a long duration": lambda: GOOD.replace("1h}", f"'{'1h' * 400_000}'}}"),
    "a million values": lambda: "[" + "a," * 490_000 + "]",
    "many pairs": lambda: "[" + "a: b," * 180_000 + "]",
    "many tags": lambda: f"{GOOD}a: [" + "!x a," * 180_000 + "]\n",
    "many secrets": lambda: f"{GOOD}a: '" + "password=hunter2x9; " * 48_000 + "'\n",
    "lines of private keys": lambda: (
        GOOD + many(98, lambda n: f"k{n}: '{'-----BEGIN PRIVATE KEY-----' * 366}'\n")
    ),
    "lines of letters": lambda: GOOD + many(49, lambda n: f"k{n}: '{'a' * 19_900}'\n"),
    "secrets in many values": lambda: _below(
        "stopping", "environment: {" + many(9000, lambda n: f"password{n}: hunter2x9{n}, ") + "}"
    ),
    "many hyperparameters": lambda: GOOD.replace(
        "    num_round: 200\n", many(19_000, lambda n: f"    num_round{n}: 200\n")
    ),
    "almost too many hyperparameters": lambda: GOOD.replace(
        "    num_round: 200\n", many(490, lambda n: f"    num_round{n}: 200\n")
    ),
    "references to the latest runs": lambda: _below(
        "stopping",
        "environment: {" + many(9000, lambda n: f"k{n}: '${{hptc:latest({n})}}', ") + "}",
    ),
    "a long key": lambda: f"{GOOD}? {'k' * 900_000}\n: 1\n",
}
"""The text of a spec, by what is hostile in it."""
