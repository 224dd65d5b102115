"""One hyperparameter: a static value, or a range to search."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, model_validator
from pydantic_core import PydanticCustomError

from hptc.spec.spec_model import SpecModel, Text, optional_key
from hptc.text import listed_code


class Hyperparameter(SpecModel):
    """A static value, or a range to search."""

    type: Literal["Integer", "Continuous", "Categorical", "Auto"] | None = optional_key(
        "What kind of range: Integer, Continuous, Categorical, or Auto (Autotune derives it).",
        "Continuous",
    )
    min: Text | None = optional_key("The lowest value, included.", 0.001)
    max: Text | None = optional_key("The highest value, included.", 0.5)
    scaling: str | None = optional_key("How the range is searched.", "Logarithmic")
    values: list[Any] | None = optional_key("The categories.", ["gbtree", "dart"])
    value_hint: Text | None = optional_key(
        "An example value, from which Autotune derives a range.", 4
    )
    value: Any = optional_key("A static value; the short form is the value itself.", 200)

    @model_validator(mode="after")
    def _belongs_together(self) -> "Hyperparameter":
        required, optional = _RANGE_KEYS[self.type]
        given = self.model_fields_set - {"type"}
        for key in required:
            if getattr(self, key) is None:
                what = f"a range of type {self.type}" if self.type else "a static hyperparameter"
                raise PydanticCustomError("missing_key", f"{what} needs `{key}`")
        for key in sorted(given - set(required) - set(optional)):
            if getattr(self, key) is not None:
                known = listed_code(required + optional)
                raise PydanticCustomError(
                    "extra_key",
                    f"a range of type {self.type} takes {known}, not `{key}`"
                    if self.type
                    else f"`{key}` goes with a range: say which with `type`",
                )
        return self


_RANGE_KEYS: dict[str | None, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Integer": (("min", "max"), ("scaling",)),
    "Continuous": (("min", "max"), ("scaling",)),
    "Categorical": (("values",), ()),
    "Auto": (("value_hint",), ()),
    None: (("value",), ()),
}


def _to_static(value: Any) -> Any:
    if value is None:
        raise PydanticCustomError("hyperparameter", 'is empty: write a value, or "" for no text')
    if isinstance(value, dict):
        if "type" not in value and "value" not in value:
            raise PydanticCustomError(
                "hyperparameter",
                "a mapping here is a range and needs `type`: Integer, Continuous, Categorical or "
                "Auto; a static JSON object goes under `value:`",
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
