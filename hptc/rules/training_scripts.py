"""HPT36x: the training code in `source`, and where a request says that its code is.

The rules only read what hptc/source found in the files; nothing of them is run.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hptc.catalog.framework_arguments import MODEL_DIR, adds_model_dir
from hptc.catalog.images import parse_image
from hptc.diagnostics import Finding, Fix, Remove, RequestPath, fold, nearest
from hptc.project.references import has_reference
from hptc.request.job_facts import (
    OBJECTIVE_METRIC,
    PROGRAM,
    SCRIPT_SETTINGS,
    SUBMIT_DIRECTORY,
    built_in,
    toolkit_text,
)
from hptc.request.spec_paths import spec_path
from hptc.request.tuning_job import Definition
from hptc.rules.rule import Context, Rule, advice, error, set_value, warning
from hptc.text import quoted

if TYPE_CHECKING:
    from hptc.request.training_code import TrainingCode

_PYTHON_OF_TAG = r"-py(?P<major>\d)(?P<minor>\d+)(?:-|$)"
_PLAIN = r"[\w./-]*|…"
_RUN_SCRIPTS = ("xgboost",)
"""https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost-how-to-use.html: as a framework"""
_OF_THE_TOOLKIT = ("sagemaker_", OBJECTIVE_METRIC)


@error("HPT361")
def source_and_written_settings(rule: Rule, context: Context) -> Iterator[Finding]:
    """A spec has `source`, and also sets by hand what hptc sets for it.

    hptc packs the directory, uploads it, and sets `sagemaker_program` and
    `sagemaker_submit_directory`; with network isolation, it adds the input channel `code`. Other
    settings of the training toolkit, such as `sagemaker_torch_distributed_enabled`, can be combined
    with `source` (https://github.com/aws/sagemaker-training-toolkit).

    Bad:
        training_job:
          source: {directory: src/train, entry_point: train.py}
          hyperparameters: {sagemaker_program: train.py}

    Good:
        training_job:
          source: {directory: src/train, entry_point: train.py}
    """
    for code in context.codes.values():
        for path in code.written:
            yield rule.finding(
                f"`source` sets `{path[-1]}`, which is also set here",
                path,
                is_removable=True,
                help="remove it, or remove `source`",
                fixes=(advice("remove `source`", Remove(path=code.at)),),
                on_key=True,
            )


@error("HPT362")
def code_outside_of_s3(rule: Rule, context: Context) -> Iterator[Finding]:
    """The training code is at a path that only your computer has.

    The container reads `sagemaker_submit_directory` as the S3 URI of an archive, or as a path in
    the container, which starts with a slash. The SageMaker SDK uploads a local folder before it
    creates the request, and so does hptc, with `source`
    (https://github.com/aws/sagemaker-training-toolkit).

    Bad:
        training_job:
          hyperparameters: {sagemaker_program: train.py, sagemaker_submit_directory: ./src/train}

    Good:
        training_job:
          source: {directory: src/train, entry_point: train.py}
    """
    for definition in context.job.definitions:
        for name in SCRIPT_SETTINGS:
            settings, member = (
                (definition.environment, "Environment")
                if name.isupper()
                else (definition.static, "StaticHyperParameters")
            )
            location = toolkit_text(settings.get(name, ""))
            if fold(name) != fold(SUBMIT_DIRECTORY) or not _is_local(location):
                continue
            yield rule.finding(
                f"`{name}` is {quoted(location)}, which the container does not have",
                definition.path / member / name,
                label="not an S3 URI",
                help="upload an archive of the folder, and set its S3 URI"
                if context.is_request
                else _source_advice(location, definition),
                fixes=_source_fix(location, definition, definition.path / member, context),
            )


def _source(location: str, definition: Definition) -> tuple[str, str]:
    """The directory and the entry point of local code; `…` and empty if they are not known."""
    folder = os.path.normpath(location.removeprefix("file://")).replace(os.sep, "/")
    script = definition.static.get(PROGRAM) or definition.environment.get(PROGRAM.upper()) or ""
    return "…" if folder.startswith(("/", "~", "..")) else folder, toolkit_text(script)


def _source_fix(
    location: str, definition: Definition, settings: RequestPath, context: Context
) -> tuple[Fix, ...]:
    """The fix that sets `source` instead of settings by hand, if it says what they are."""
    directory, script = _source(location, definition)
    if context.is_request or directory == "…" or not script:
        return ()
    source = spec_path(definition.path, context.request) / "source"
    written = (
        settings / name
        for name in SCRIPT_SETTINGS
        if name in (definition.environment if name.isupper() else definition.static)
        and (settings[-1] == "Environment") == name.isupper()
    )
    fix = advice(
        "use `source`",
        set_value(source / "directory", directory),
        set_value(source / "entry_point", script),
        *(Remove(path=path) for path in written),
    )
    return (fix,)


def _source_advice(location: str, definition: Definition) -> str:
    values = [
        json.dumps(text, ensure_ascii=False) if not re.fullmatch(_PLAIN, text) else text
        for text in _source(location, definition)
    ]
    program = PROGRAM.upper() if PROGRAM.upper() in definition.environment else PROGRAM
    return (
        f"remove it and `{program}`, and add `source: {{directory: {values[0]}, entry_point: "
        f"{values[1] or '…'}}}` to `training_job`, which uploads the folder"
    )


def _is_local(location: str) -> bool:
    """Whether a location is neither in S3 nor an absolute path, which a container can have."""
    is_remote = location.startswith(("s3://", "https://", "/")) or has_reference(location)
    return bool(location) and not is_remote


@error("HPT363")
def script_with_a_syntax_error(rule: Rule, context: Context) -> Iterator[Finding]:
    """A Python file of the training code has a syntax error.

    Each training job would start an instance, and fail when Python reads the file. hptc parses the
    files with its own version of Python and does not run them. It does not report files for a
    container with a newer version, which may have more syntax, or with Python 2
    (https://docs.python.org/3/library/ast.html).

    Bad:
        training_job:
          source: {directory: src/broken, entry_point: train.py}

    Good:
        training_job:
          source: {directory: src/train, entry_point: train.py}
    """
    own = sys.version_info
    for path, facts in context.scripts.items():
        code = context.codes[path]
        major, minor = _python(_definition(path, context)) or (own.major, own.minor)
        if major != own.major or minor > own.minor:
            continue
        for fault in facts.faults:
            is_entry = fault.file == code.entry_point
            yield rule.finding(
                f"`{code.directory}/{fault.file}` is not valid Python: line {fault.line:,}: "
                f"{fault.message}",
                code.at / ("entry_point" if is_entry else "directory"),
                label="has a syntax error",
                help=f"fix the file; Python {own.major}.{own.minor} read it",
            )


def _definition(path: RequestPath, context: Context) -> Definition:
    return next(definition for definition in context.job.definitions if definition.path == path)


def _python(definition: Definition) -> tuple[int, int] | None:
    """The version of Python in AWS's image, by its tag; None if the tag doesn't say."""
    image = parse_image(definition.training_image or "")
    match = re.search(_PYTHON_OF_TAG, image.tag or "") if image is not None else None
    return (int(match["major"]), int(match["minor"])) if match is not None else None


@warning("HPT364")
def hyperparameter_without_an_argument(rule: Rule, context: Context) -> Iterator[Finding]:
    """The training script has no argument for a hyperparameter.

    The container runs the script with an argument for each hyperparameter: `--name value`, or
    `-n value` for a name of one letter. argparse rejects arguments that the script does not
    declare, and each training job fails. Scripts that use `parse_known_args`, or that declare
    arguments in ways other than `add_argument("--name")`, are not checked
    (https://github.com/aws/sagemaker-training-toolkit).

    In a tuning job, AWS's TensorFlow container also passes `--model_dir`, with or without a
    hyperparameter of this name (https://github.com/aws/sagemaker-tensorflow-training-toolkit).

    Bad:
        training_job:
          source: {directory: src/train, entry_point: train.py}
          hyperparameters: {epochs: 10}

    Good:
        training_job:
          source: {directory: src/train, entry_point: train.py}
          hyperparameters: {rounds: 10}
    """
    for path, facts in context.scripts.items():
        if facts.options is None:
            continue
        definition, code = _definition(path, context), context.codes[path]
        names = {name: path / "StaticHyperParameters" / name for name in definition.static}
        names |= {range_.name: range_.path for range_ in definition.ranges}
        for name, place in names.items():
            if name.startswith(_OF_THE_TOOLKIT):
                continue
            option = f"-{name}" if len(name) == 1 else f"--{name}"
            # argparse takes the beginning of an option for the option.
            if any(known.startswith(option) for known in facts.options):
                continue
            meant = _meant(name, facts.options)
            yield rule.finding(
                f"`{code.directory}/{code.entry_point}` has no argument `{option}`",
                place,
                label=f"did you mean `{meant}`?" if meant else "the script does not take it",
                help="rename the hyperparameter, or add the argument to the script"
                if name != MODEL_DIR or not adds_model_dir(definition.training_image)
                else "add the argument to the script: the container passes it in any case",
                on_key=True,
            )
        if MODEL_DIR not in names and adds_model_dir(definition.training_image):
            yield from _missing_model_dir(rule, code, facts.options)


def _missing_model_dir(
    rule: Rule, code: TrainingCode, options: frozenset[str]
) -> Iterator[Finding]:
    """A finding if a script does not take the argument that TensorFlow's container adds."""
    option = f"--{MODEL_DIR}"
    if any(known.startswith(option) for known in options):
        return
    yield rule.finding(
        f"`{code.directory}/{code.entry_point}` has no argument `{option}`, which AWS's TensorFlow "
        "container passes in every tuning job",
        code.at / "entry_point",
        label=f"the script does not take `{option}`",
        help=f"add the argument to the script, and `{MODEL_DIR}: /opt/ml/model` to "
        "`hyperparameters`: without it, its value is `None/<training job>/model`",
    )


@error("HPT365")
def source_for_a_built_in_algorithm(rule: Rule, context: Context) -> Iterator[Finding]:
    """A spec has `source` for a built-in algorithm that runs no script.

    The framework containers run scripts, and so does XGBoost's. The other built-in algorithms
    reject hyperparameters that they don't know, such as `sagemaker_program`, so every training job
    fails (https://docs.aws.amazon.com/sagemaker/latest/dg/algos.html).

    Bad (kmeans):
        training_job:
          source: {directory: src/dynamic, entry_point: train.py}

    Good:
        training_job:
          source: {directory: src/train, entry_point: train.py}
    """
    for path, code in context.codes.items():
        algorithm = built_in(_definition(path, context))
        if algorithm is not None and algorithm.name not in _RUN_SCRIPTS:
            yield rule.finding(
                f"{algorithm.title} is a built-in algorithm, which does not run a script",
                code.at,
                label="never run",
                is_removable=True,
                help="remove it, or use `framework` with the container that the script needs",
                on_key=True,
            )


@warning("HPT366")
def model_dir_without_a_value(rule: Rule, context: Context) -> Iterator[Finding]:
    """A TensorFlow script reads `--model_dir`, and the spec gives it no value.

    In a tuning job, AWS's TensorFlow container passes the script `--model_dir` with the path
    `None/<training job>/model`, unless the hyperparameter `model_dir` has a value. What the script
    saves there is lost with the instance
    (https://github.com/aws/sagemaker-tensorflow-training-toolkit/blob/v20.4.1/src/sagemaker_tensorflow_container/training.py).

    Bad:
        training_job:
          source: {directory: src/tensorflow, entry_point: train.py}
          algorithm: {training_image: null, framework: tensorflow-training, version: 2.19}

    Good:
        training_job:
          source: {directory: src/tensorflow, entry_point: train.py}
          algorithm: {training_image: null, framework: tensorflow-training, version: 2.19}
          hyperparameters: {model_dir: /opt/ml/model}
    """
    for path, facts in context.scripts.items():
        definition, code = _definition(path, context), context.codes[path]
        names = {*definition.static, *(range_.name for range_ in definition.ranges)}
        if (
            MODEL_DIR not in facts.read_arguments
            or MODEL_DIR in names
            or not adds_model_dir(definition.training_image)
        ):
            continue
        place = spec_path(definition.path, context.request) / "hyperparameters" / MODEL_DIR
        yield rule.finding(
            f"`{code.directory}/{code.entry_point}` reads `--{MODEL_DIR}`, which is "
            "`None/<training job>/model` without a hyperparameter",
            code.at / "entry_point",
            label=f"reads `--{MODEL_DIR}`",
            help=f"add `{MODEL_DIR}: /opt/ml/model` to `hyperparameters`",
            fixes=(advice(f"add `{MODEL_DIR}`", set_value(place, "/opt/ml/model")),),
        )


def _meant(name: str, options: frozenset[str]) -> str | None:
    known = sorted(option.lstrip("-") for option in options if option.startswith("--"))
    same = [option for option in known if fold(option) == fold(name)]
    return same[0] if same else nearest(name, tuple(known))


RULES = (
    source_and_written_settings,
    code_outside_of_s3,
    script_with_a_syntax_error,
    hyperparameter_without_an_argument,
    source_for_a_built_in_algorithm,
    model_dir_without_a_value,
)
