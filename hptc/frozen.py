"""`@frozen`, the one kind of record in hptc: an immutable dataclass with keyword-only arguments.

It means `@dataclass(frozen=True, slots=True, kw_only=True)`, and `fields`, `replace`, `asdict` and
`cached_property` work with its classes. The standard decorator examines each field and compiles six
methods for each class, which took a fifth of the time of `hptc check one.yaml`. This one compiles
only `__init__`, because all classes share the other methods, and only when a class makes its first
record: half of the classes make none in a run. The fields are examined when `fields` or a similar
function needs them, which is rare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from functools import cached_property
from inspect import get_annotations
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

Record = TypeVar("Record")

_UNSET = object()


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[Record]) -> type[Record]:
    """Make a class a record of its annotated fields."""
    own = {name: cls.__dict__.get(name, MISSING) for name in get_annotations(cls)}
    inherited = getattr(cls, "_defaults", {})
    members = {
        name: member
        for name, member in cls.__dict__.items()
        if name not in own and name not in ("__dict__", "__weakref__")
    }
    slots = [name for name in own if name not in inherited]
    if any(isinstance(member, cached_property) for member in members.values()):
        slots.append("__dict__")
    members["__slots__"] = tuple(slots)
    members["_defaults"] = inherited | own  # of each field: a value, a `field` or MISSING
    members["__dataclass_fields__"] = _Fields(cls)
    make: Any = type(cls)
    record: type[Record] = make(cls.__name__, cls.__bases__, members | _METHODS)
    record.__qualname__ = cls.__qualname__
    return record


class _Fields:
    """The fields of a record, which the standard decorator finds when something needs them."""

    def __init__(self, written: type) -> None:
        self._written = written

    def __get__(self, _instance: object, record: Any) -> Any:
        standard: Any = dataclass(init=False, repr=False, eq=False, kw_only=True)(self._written)
        record.__dataclass_fields__ = standard.__dataclass_fields__
        record.__dataclass_params__ = standard.__dataclass_params__
        return record.__dataclass_fields__


def _first_init(self: Any, *positional: Any, **named: Any) -> None:
    of = type(self)
    compared = [
        name
        for name, default in of._defaults.items()
        if not isinstance(default, Field) or default.compare
    ]
    of._compared = attrgetter(*(compared or ["__class__"]))
    of.__init__ = _init(of._defaults, of)
    of.__init__(self, *positional, **named)


def _init(defaults: Mapping[str, Any], of: type) -> Any:
    """The function that `def __init__(self, *, first, second=…)` would be.

    It sets slots directly: object.__setattr__, which looks each up by name, takes twice the time.
    """
    names: dict[str, Any] = {"_UNSET": _UNSET}
    parameters, body = ["self", "*"] if defaults else ["self"], ["pass"]
    for name, written in defaults.items():
        names[f"_set_{name}"] = getattr(of, name).__set__
        is_field = isinstance(written, Field)
        if is_field and written.default_factory is not MISSING:
            names[f"_new_{name}"] = written.default_factory
            parameters.append(f"{name}=_UNSET")
            body.append(f"_set_{name}(self, _new_{name}() if {name} is _UNSET else {name})")
            continue
        default = names[f"_default_{name}"] = written.default if is_field else written
        parameters.append(name if default is MISSING else f"{name}=_default_{name}")
        body.append(f"_set_{name}(self, {name})")
    source = f"def __init__({', '.join(parameters)}):\n " + "\n ".join(body)
    exec(source, names)  # noqa: S102 - as dataclasses does, from the names of fields only
    names["__init__"].__qualname__ = f"{of.__qualname__}.__init__"
    return names["__init__"]


def _repr(self: Any) -> str:
    shown = (
        f"{member.name}={getattr(self, member.name)!r}" for member in fields(self) if member.repr
    )
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self._compared(self) == self._compared(other)


def _hash(self: Any) -> int:
    return hash(self._compared(self))


def _setattr(_self: object, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(_self: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _reduce(self: Any) -> Any:
    """For copies and pickles."""
    return _record, (type(self), {name: getattr(self, name) for name in self._defaults})


def _record(of: type, values: dict[str, Any]) -> Any:
    return of(**values)


_METHODS = {
    "__init__": _first_init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__reduce__": _reduce,
}
