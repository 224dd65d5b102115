"""Reads the data of a channel as arrays: CSV without a header, and libsvm.

https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-training.html
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from hptc.local.content_types import read_content_type
from hptc.local.stand_ins.training_files import TrainingError, TrainingFiles

Array = NDArray[np.float64]
_MAX_REASON_LENGTH = 200
_DELIMITERS = ",;\t|"


def read_csv(files: TrainingFiles, channel: str, *, has_gaps: bool = False) -> Array:
    """The rows of all CSV files of a channel. `has_gaps` reads empty values as NaN.

    Raises TrainingError.
    """
    paths = files.data_files(channel)
    parts = [(path, _read_csv_file(path, has_gaps=has_gaps)) for path in paths]
    parts = [(path, part) for path, part in parts if part.size]
    if not parts:
        raise TrainingError(f"the files of the input channel {channel} are empty")
    first, columns = parts[0][0], parts[0][1].shape[1]
    for path, part in parts:
        if part.shape[1] != columns:
            raise TrainingError(
                f"{path.name} has {part.shape[1]} columns, but {first.name} has {columns}"
            )
        if not has_gaps and not np.isfinite(part).all():
            row = int(np.argwhere(~np.isfinite(part))[0][0])
            raise TrainingError(f"{path.name} has a value that is not finite, at row {row}")
    return np.vstack([part for _, part in parts])


def _read_csv_file(path: Path, *, has_gaps: bool) -> Array:
    delimiter = _delimiter(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a file without a line
            try:
                return np.loadtxt(path, delimiter=delimiter, ndmin=2, comments=None)
            except ValueError:
                if not has_gaps:
                    raise
                # Slower, because each value passes through Python.
                return np.loadtxt(
                    path, delimiter=delimiter, ndmin=2, comments=None, converters=_number_or_gap
                )
    except (ValueError, OSError) as error:
        raise TrainingError(
            f"{path.name} is not CSV of numbers without a header: "
            f"{str(error)[:_MAX_REASON_LENGTH].rstrip('.')}"
        ) from None


def _number_or_gap(text: str) -> float:
    return float(text) if text.strip() else float("nan")


def _delimiter(path: Path) -> str:
    """The delimiter in the first line; XGBoost's container looks for it as well."""
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            line = stream.readline(1 << 20)
    except OSError as error:
        raise TrainingError(f"can't read {path.name}: {error.strerror}") from None
    return next((delimiter for delimiter in _DELIMITERS if delimiter in line), ",")


def read_labeled(files: TrainingFiles, channel: str) -> tuple[Array, Array]:
    """The features and the labels of a channel of CSV, whose first column is the label."""
    table = read_csv(files, channel)
    if table.shape[1] < 2:
        raise TrainingError(f"the input channel {channel} has one column: a label, no features")
    return table[:, 1:], table[:, 0]


def read_unlabeled(files: TrainingFiles, channel: str) -> Array:
    """The features of a channel of CSV; `label_size` of its content type says what the label is.

    The default is one column: https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-training.html
    """
    table = read_csv(files, channel)
    labels = read_content_type(files.content_type(channel)).label_size
    if table.shape[1] <= labels:
        raise TrainingError(
            f"the input channel {channel} has no features besides the label; without a label, set "
            "the content type to text/csv;label_size=0"
        )
    return table[:, labels:]


def require_feature_count(features: Array, feature_dim: int | None, channel: str) -> None:
    """Raise TrainingError if a channel has the wrong number of features."""
    count = features.shape[1]
    if feature_dim is not None and count != feature_dim:
        raise TrainingError(
            f"feature_dim is {feature_dim}, but the input channel {channel} has {count} features"
        )


def read_libsvm(files: TrainingFiles, channel: str) -> tuple[Any, Array, Array]:
    """The features as a sparse matrix, the labels, and the query IDs of a channel of libsvm.

    Columns count from 0, as in XGBoost's own reader. Raises TrainingError.
    """
    from sklearn.datasets import load_svmlight_file  # scikit-learn takes a second

    parts = []
    for path in files.data_files(channel):
        try:
            parts.append(load_svmlight_file(str(path), query_id=True, zero_based=True))
        except (ValueError, OSError) as error:
            assumed = (
                "" if files.content_type(channel) else ", which is assumed without a content type"
            )
            reason = str(error)[:_MAX_REASON_LENGTH]  # it can have a whole line
            raise TrainingError(f"{path.name} is not libsvm{assumed}: {reason}") from None
    columns = max(features.shape[1] for features, _, _ in parts)
    for features, _, _ in parts:
        features.resize((features.shape[0], columns))
    return (
        scipy.sparse.vstack([features for features, _, _ in parts], format="csr"),
        np.concatenate([labels for _, labels, _ in parts]),
        np.concatenate([queries for _, _, queries in parts]),
    )
