"""One hyperparameter: a static value or a range to tune."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from hptc.spec.spec_model import StrictModel, Text, optional_key
from hptc.text import listed_code


class Hyperparameter(StrictModel):
    """A static value or a range to tune."""

    type: Literal["Integer", "Continuous", "Categorical", "Auto"] | None = optional_key(
        "The type of the range: Integer, Continuous, Categorical, or Auto, which Autotune derives.",
        "Continuous",
    )
    min: Text | None = optional_key("The minimum value, inclusive.", 0.001)
    max: Text | None = optional_key("The maximum value, inclusive.", 0.5)
    scaling: str | None = optional_key("The scale on which the range is searched.", "Logarithmic")
    values: list[Any] | None = optional_key("The values to choose from.", ["gbtree", "dart"])
    value_hint: Text | None = optional_key(
        "An example value from which Autotune derives the range.", 4
    )
    value: Any = optional_key("The static value. The short form is the value itself.", 200)

    @model_validator(mode="after")
    def _has_keys_of_its_type(self) -> "Hyperparameter":
        required, optional = _RANGE_KEYS[self.type]
        keys = self.model_fields_set - {"type"}
        for key in required:
            if getattr(self, key) is None:
                subject = f"a range of type {self.type}" if self.type else "a static hyperparameter"
                raise PydanticCustomError("missing_key", f"{subject} requires `{key}`")
        for key in sorted(keys - set(required) - set(optional)):
            if getattr(self, key) is not None:
                known = listed_code(required + optional)
                raise PydanticCustomError(
                    "extra_key",
                    f"`{key}` is not valid in a range of type {self.type}, which takes {known}"
                    if self.type
                    else f"`{key}` is only valid in a range: add `type`",
                )
        return self


_RANGE_KEYS: dict[str | None, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Integer": (("min", "max"), ("scaling",)),
    "Continuous": (("min", "max"), ("scaling",)),
    "Categorical": (("values",), ()),
    "Auto": (("value_hint",), ()),
    None: (("value",), ()),
}


def _to_static(value: object) -> object:
    if value is None:
        raise PydanticCustomError("empty", 'is empty: write a value, or "" for an empty string')
    if isinstance(value, dict):
        if "type" not in value and "value" not in value:
            raise PydanticCustomError(
                "hyperparameter",
                "a mapping is a range and requires `type`: Integer, Continuous, Categorical or "
                "Auto; put a static JSON object under `value:`",
            )
        return value
    return {"value": value}


HyperparameterOrValue = Annotated[
    Hyperparameter,
    BeforeValidator(
        _to_static,
        json_schema_input_type=Hyperparameter | str | int | float | bool | list[Any],
    ),
]
