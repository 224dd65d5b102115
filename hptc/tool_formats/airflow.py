"""The configuration of Airflow's SageMakerTuningOperator, which the SDK's `tuning_config` returns.

https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/operators/sagemaker.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from hptc.diagnostics import Path
from hptc.text import listed
from hptc.tool_formats.imported_job import ImportedJob
from hptc.tool_formats.member_names import Conversion, Open, snake_case
from hptc.tool_formats.untyped_values import as_list, as_mapping

_UPLOADS = "S3Operations"
_NAME = "HyperParameterTuningJobName"
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def is_airflow_config(data: Mapping[str, Any]) -> bool:
    """Whether a request is an operator's: it has uploads, or the job's name is a template."""
    name = data.get(_NAME)
    return _UPLOADS in data or (isinstance(name, str) and _EXPRESSION.search(name) is not None)


def read_airflow_config(data: Mapping[str, Any]) -> ImportedJob:
    """The tuning job of an operator's configuration. Airflow's templates become a spec's."""
    conversion = Conversion(open_text=_template)
    request = conversion.request({key: data[key] for key in data if key != _UPLOADS})
    notes = []
    if _UPLOADS in data:
        files = listed(_uploads(data[_UPLOADS])) or "files"
        notes.append(
            f"left out `{_UPLOADS}`: Airflow uploads {files} before it creates the job; upload "
            "your code yourself, and check the S3 URIs in the spec"
        )
    return ImportedJob(
        request=request,
        form="the configuration of an Airflow operator",
        notes=(*notes, *conversion.notes()),
        open_members=tuple(conversion.open_members),
    )


def _uploads(operations: object) -> list[str]:
    entries = [entry for action in as_mapping(operations).values() for entry in as_list(action)]
    return [
        f"{entry.get('Path')} to s3://{entry.get('Bucket')}/{entry.get('Key')}"
        for entry in entries
        if isinstance(entry, Mapping)
    ]


def _template(text: str, path: Path) -> Open | None:
    """A text with a variable in place of each of Airflow's expressions."""
    if path[-1] == "Regex" or _EXPRESSION.search(text) is None:
        return None
    return _EXPRESSION.sub(lambda match: "{{ " + _variable(match[1]) + " }}", text), text


def _variable(expression: str) -> str:
    """`var.value.bucket` is `bucket`, and `params['bucket']` is `params_bucket`."""
    words = re.findall(r"[A-Za-z_][A-Za-z0-9_]*", expression.split("|")[0])
    if words[:2] == ["var", "value"]:
        words = words[2:]
    return snake_case("_".join(words))
