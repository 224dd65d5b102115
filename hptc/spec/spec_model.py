"""The base class of the models of specs and hptc.yaml, and the types of their scalars."""

import re
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from hptc.source.scalars import Scalar

DURATION = re.compile(r"(\d{1,9})([smhd])\Z")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class StrictModel(BaseModel):
    """The base of specs and hptc.yaml: unknown keys are errors, and no value is converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


def optional_key(description: str, *examples: Any, default: object = None) -> Any:
    """An optional key with the description and examples that editors show."""
    return Field(default=default, description=description, examples=list(examples))


def to_seconds(value: object) -> object:
    """A duration such as `90m` as seconds; any other value as it is."""
    if isinstance(value, str):
        match = DURATION.match(value)
        if match is None:
            raise PydanticCustomError(
                "duration", "must be a duration such as 90m, 12h or 1d, or a number of seconds"
            )
        return int(match[1]) * _SECONDS[match[2]]
    return value


def _to_text(value: object) -> object:
    if isinstance(value, Scalar):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


def _to_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Duration = Annotated[
    int,
    BeforeValidator(
        to_seconds, json_schema_input_type=int | Annotated[str, Field(pattern=r"^\d{1,9}[smhd]$")]
    ),
]
Text = Annotated[str, BeforeValidator(_to_text, json_schema_input_type=str | int | float | bool)]
Texts = Annotated[list[str], BeforeValidator(_to_list, json_schema_input_type=str | list[str])]
Version = Annotated[str, BeforeValidator(_to_text, json_schema_input_type=str | int | float)]
