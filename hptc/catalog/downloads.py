"""How training jobs show that their code downloads a model or packages from the internet.

The hyperparameters and environment variables are those of Hugging Face Transformers, its examples
and AWS's training toolkits:
https://huggingface.co/docs/transformers/installation#offline-mode
https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables
https://pip.pypa.io/en/stable/topics/configuration/#environment-variables
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_MODEL_NAMES = frozenset(
    {
        *("base_model", "base_model_name", "base_model_name_or_path", "dataset_name"),
        *("hf_model_id", "hf_model_name", "model_checkpoint", "model_id", "model_name"),
        *("model_name_or_path", "pretrained_model", "pretrained_model_name"),
        *("pretrained_model_name_or_path", "tokenizer_name", "tokenizer_name_or_path"),
    }
)
_IN_A_HUB = r"(?a)(?P<owner>[A-Za-z0-9][\w.-]{0,95})/[A-Za-z0-9][\w.-]{0,95}"
_FOLDERS = frozenset(
    {
        *("artifacts", "cache", "checkpoints", "code", "data", "input", "model", "models", "opt"),
        *("out", "output", "outputs", "src", "tmp", "weights"),
    }
)
_FAMILY = (
    r"(distil)?(bert|roberta|gpt2)|albert|bart|camembert|deberta(-v[23])?|electra|flan-t5|"
    r"longformer|mbart|mpnet|pegasus|t5|xlm(-roberta)?|xlnet"
)
"""The first part of the names of models that have no owner in Hugging Face's hub."""
_WHOLE_NAMES = ("distilgpt2", "gpt2")
"""Names without a second part. `bert` alone is more often an option of the script."""

_INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX")
_OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_LOCAL_HUB = ("HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "TRANSFORMERS_CACHE")
_TRUE = frozenset(("1", "on", "true", "yes"))
_MODEL_CHANNELS = frozenset(
    {
        *("base_model", "cache", "hub", "model", "models", "pretrained", "pretrained_model"),
        *("tokenizer", "weights"),
    }
)


def names_a_model(hyperparameter: str) -> bool:
    """Whether a hyperparameter or environment variable takes the name of a model or dataset."""
    return hyperparameter.lower().replace("-", "_") in _MODEL_NAMES


def is_in_a_hub(value: str) -> bool:
    """Whether a text looks like a name in Hugging Face's hub: `owner/model`, or `bert-…`."""
    match = re.fullmatch(_IN_A_HUB, value)
    if match is not None:
        return match["owner"].lower() not in _FOLDERS
    family = re.match(_FAMILY, value)
    rest = value[family.end() :] if family is not None else ""
    return rest.startswith("-") or value in _WHOLE_NAMES


def is_offline(environment: Mapping[str, str]) -> bool:
    """Whether the environment turns downloads off, or names another source of models."""
    if any(environment.get(name, "").lower() in _TRUE for name in _OFFLINE):
        return True
    return any(environment.get(name) for name in _LOCAL_HUB)


def has_model(channel: str) -> bool:
    """Whether an input channel of this name contains a model, so none is downloaded."""
    return channel.lower().replace("-", "_") in _MODEL_CHANNELS


def package_indexes(environment: Mapping[str, str]) -> dict[str, str]:
    """The URLs of package indexes, by environment variable."""
    return {
        name: environment[name]
        for name in _INDEXES
        if environment.get(name, "").startswith(("http://", "https://"))
    }
