"""The tuning jobs of examples/comparison: what each tool sends, and how much you write."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from hptc.compiler.outcome import CompiledSpec
from hptc.compiler.pipeline import compile_file
from hptc.compiler.workspace import Workspace
from hptc.request.emission import Request
from hptc.request.identity import canonical
from tests.support.paths import ROOT
from tests.support.terraform_files import resources

FOLDER = ROOT / "examples" / "comparison"
JOBS = ("built-in", "script", "spot", "hyperband", "two-algorithms", "warm-start")
FILES = {
    "hptc": "spec.yaml",
    "SDK 2": "with_sdk2.py",
    "SDK 3": "with_sdk3.py",
    "boto3": "with_boto3.py",
    "Terraform": "main.tf",
}
_MAPS = (
    *("hyperparameters", "metric_definitions", "inputs", "training_jobs"),
    "static_hyper_parameters",
)
"""Maps of a spec or a resource whose keys the author chooses."""
_AUTHORS_NAMES = frozenset(
    {
        *("objective", "eval_metric", "num_round", "eta", "max_depth", "predictor_type"),
        *("learning_rate", "learning-rate", "penalty", "epochs"),
        *("train", "validation", "trees", "linear"),
    }
)
"""Hyperparameters, channels and training job definitions in the programs."""


def sent(path: Path) -> Request:
    """What a spec sends, in its canonical form and without what each tool names in its own way."""
    compiled = compile_file(str(path), Workspace(rules=()))
    assert isinstance(compiled, CompiledSpec), compiled.diagnostics
    return comparable(compiled.request)


def comparable(request: Request) -> Request:
    """A request without the name of the job, the place of the code, and the tool's own settings.

    The SDK's version 2 uses the newer member for resources, and its version 3 sends strings of a
    script without JSON's quotes, and its own launcher as an input channel.
    """
    plain: Any = json.loads(json.dumps(canonical(_equal(request))).replace('\\"', ""))
    plain.pop("HyperParameterTuningJobName", None)
    return dict(canonical(plain))


def _equal(value: Any) -> Any:
    if isinstance(value, list):
        return [_equal(element) for element in value if not _is_launcher(element)]
    if not isinstance(value, Mapping):
        return value
    members = {}
    for key, inner in value.items():
        if key.startswith("sagemaker_") and key != "sagemaker_program":
            continue
        name = "ResourceConfig" if key == "HyperParameterTuningResourceConfig" else key
        members[name] = _equal(inner)
    return members


def _is_launcher(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get("ChannelName") == "sm_drivers"


def lines(path: Path) -> int:
    """The lines that are neither empty, nor a comment, nor a module's docstring."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        text = re.sub(r'\A""".*?"""\n', "", text, flags=re.DOTALL)
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") for line in text.split("\n")
    )


def concepts(path: Path) -> set[str]:
    """The different names of the tool that you have to know: keys, arguments, classes, functions.

    Names that the author chooses, such as those of hyperparameters and channels, don't count.
    """
    text = path.read_text("utf-8")
    match path.suffix:
        case ".yaml":
            return set(_keys(yaml.safe_load(text)))
        case ".tf":
            return {*resources(text), *_keys(resources(text), depth=1)}
        case _:
            return set(_python_names(ast.parse(text)))


def _keys(value: Any, *, is_authors: bool = False, depth: int = 0) -> Iterator[str]:
    if isinstance(value, list):
        for element in value:
            yield from _keys(element)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if not is_authors and not depth:
                yield str(key)
            are_authors = key in _MAPS and not is_authors and not depth
            yield from _keys(inner, is_authors=are_authors, depth=max(0, depth - 1))


def _python_names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (alias.name for alias in names)
            case ast.keyword(arg=str(name)) | ast.Attribute(attr=name):
                yield name
            case ast.Dict(keys=keys):
                texts = (key.value for key in keys if isinstance(key, ast.Constant))
                yield from (str(text) for text in texts if text not in _AUTHORS_NAMES)
            case _:
                pass
