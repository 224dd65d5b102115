"""What a training job on this machine gets for values that only a deployment knows.

A request has references such as `${hptc:data_bucket}` in hyperparameters and environment variables.
A local run asks no account for them: the location of the code becomes the folder that has it, and
any other reference its name, as for the folders of `--s3-root`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from hptc.project.references import has_reference, names_in, substitute
from hptc.request.job_facts import SUBMIT_DIRECTORY
from hptc.request.tuning_job import Definition
from hptc.text import code, listed_code


def local_text(text: str) -> str:
    """A text with the name of each reference in its place: `s3://data_bucket/train`."""
    replaced: str = substitute(text, lambda name: name)
    return replaced


def local_values(values: Mapping[str, str], code_folder: PurePath | None) -> dict[str, str]:
    """Hyperparameters or environment variables without references.

    `code_folder` is where the training job finds its code; None if hptc didn't put it there.
    """
    replaced = {name: local_text(text) for name, text in values.items()}
    for name in (SUBMIT_DIRECTORY, SUBMIT_DIRECTORY.upper()):
        text = values.get(name, "")
        if code_folder is not None and has_reference(text):
            folder = str(code_folder)
            replaced[name] = json.dumps(folder) if text.startswith('"') else folder
    return replaced


def unknown_values(definition: Definition) -> Iterator[str]:
    """What training jobs get instead, as sentences without a full stop."""
    for noun, values in (
        ("hyperparameter", definition.static),
        ("environment variable", definition.environment),
    ):
        for name, text in values.items():
            if name.lower() != SUBMIT_DIRECTORY and has_reference(text):
                names = listed_code(sorted(names_in(text)))
                yield (
                    f"the {noun} {code(name)} has the text {names} where AWS has a value that only "
                    "a deployment knows"
                )
