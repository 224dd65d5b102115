"""`@frozen`, the one kind of record in hptc: an immutable dataclass with keyword-only arguments.

It means `@dataclass(frozen=True, slots=True, kw_only=True)`, and `fields`, `replace` and `asdict`
work on its classes. The standard decorator compiles six methods for each class, which took a fifth
of the time of `hptc check one.yaml`. This one compiles `__init__`; all classes share the others.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

Record = TypeVar("Record")

_UNSET = object()


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[Record]) -> type[Record]:
    """Make a class a record of its annotated fields."""
    record: Any = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)(cls)
    members = fields(record)
    compared = [each.name for each in members if each.compare]
    record._compared = attrgetter(*(compared or ["__class__"]))
    record.__init__ = _init(members, record)
    for method in (_repr, _eq, _hash, _setattr, _delattr):
        setattr(record, f"_{method.__name__}__", method)
    return record  # type: ignore[no-any-return]


def _init(members: tuple[Field[Any], ...], of: type) -> Any:
    """The function that `def __init__(self, *, first, second=…)` would be.

    It sets slots directly: object.__setattr__, which looks each up by name, takes twice the time.
    """
    names: dict[str, Any] = {"_UNSET": _UNSET}
    parameters, body = ["self", "*"] if members else ["self"], ["pass"]
    for name, member in ((each.name, each) for each in members):
        names[f"_set_{name}"] = getattr(of, name).__set__
        if member.default_factory is not MISSING:
            names[f"_new_{name}"] = member.default_factory
            parameters.append(f"{name}=_UNSET")
            body.append(f"_set_{name}(self, _new_{name}() if {name} is _UNSET else {name})")
            continue
        names[f"_default_{name}"] = member.default
        parameters.append(name if member.default is MISSING else f"{name}=_default_{name}")
        body.append(f"_set_{name}(self, {name})")
    source = f"def __init__({', '.join(parameters)}):\n " + "\n ".join(body)
    exec(source, names)  # noqa: S102 - as dataclasses does, from the names of fields only
    names["__init__"].__qualname__ = f"{of.__qualname__}.__init__"
    return names["__init__"]


def _repr(self: Any) -> str:
    shown = (f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self._compared(self) == self._compared(other)


def _hash(self: Any) -> int:
    return hash(self._compared(self))


def _setattr(_self: Any, name: str, _value: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(_self: Any, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
