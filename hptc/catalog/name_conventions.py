"""What the names of hyperparameters usually stand for in training scripts.

AWS does not define them. The conventions are those of Keras, PyTorch, scikit-learn, XGBoost,
LightGBM and Hugging Face Transformers, whose arguments scripts pass on.
"""

from __future__ import annotations

import re

_SEPARATOR = r"[-_.\s]+"
_CAMEL = r"(?<=[a-z0-9])(?=[A-Z])"

_INTEGERS = r"(.*_)?(epochs?|batch_size|batchsize)"
_COUNTS = r"(num|n|nb|number_of)_.*|.*layers.*|.*depth.*"
_FRACTIONS = frozenset(
    {
        *("alpha", "decay", "drop", "dropout", "factor", "fraction", "keep", "lambda", "lr"),
        *("momentum", "mult", "multiplier", "penalty", "prob", "probability", "rate", "ratio"),
        *("scale", "shrinkage", "std", "weight", "width"),
    }
)
"""Parts of a name that make it a real number, as in `depth_multiplier` or `layers_dropout`."""


def is_always_integer(name: str) -> bool:
    """Whether a number of this name is an integer: epochs and the size of a batch."""
    return re.fullmatch(_INTEGERS, _normal(name)) is not None


def is_usually_integer(name: str) -> bool:
    """Whether a number of this name is usually an integer: counts, layers and depths."""
    normal = _normal(name)
    if re.fullmatch(_COUNTS, normal) is None:
        return False
    return _FRACTIONS.isdisjoint(normal.split("_"))


def _normal(name: str) -> str:
    return re.sub(_SEPARATOR, "_", re.sub(_CAMEL, "_", name)).strip("_").lower()
