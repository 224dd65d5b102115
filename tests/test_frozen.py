"""`@frozen` is what `@dataclass(frozen=True, slots=True, kw_only=True)` is."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from copy import deepcopy
from dataclasses import (
    FrozenInstanceError,
    asdict,
    dataclass,
    field,
    fields,
    is_dataclass,
    replace,
)
from functools import cached_property
from typing import Any

import pytest

from hptc.frozen import frozen

standard = dataclass(frozen=True, slots=True, kw_only=True)


def shape(make: Callable[[type], Any]) -> Any:
    @make
    class Shape:
        """A shape."""

        name: str
        sides: int = 4
        tags: list[str] = field(default_factory=list, compare=False)
        secret: str = field(default="s", repr=False)

        @property
        def title(self) -> str:
            return self.name.title()

    return Shape


@pytest.fixture(params=[frozen, standard], ids=["frozen", "standard"])
def shape_class(request: pytest.FixtureRequest) -> Any:
    return shape(request.param)


def test_defaults_and_methods(shape_class: Any) -> None:
    first, second = shape_class(name="square"), shape_class(name="square")
    assert (first.sides, first.secret, first.title) == (4, "s", "Square")
    assert first.tags == []
    assert first.tags is not second.tags


def test_equality_and_hash_are_of_the_compared_fields(shape_class: Any) -> None:
    square = shape_class(name="square")
    assert square == shape_class(name="square", tags=["red"])
    assert hash(square) == hash(shape_class(name="square", tags=["red"]))
    assert square != shape_class(name="square", secret="t")
    assert square != ("square", 4, "s")
    assert square != shape(frozen)(name="square")  # another class


def test_repr(shape_class: Any) -> None:
    assert repr(shape_class(name="a")) == "shape.<locals>.Shape(name='a', sides=4, tags=[])"


def test_it_cannot_change(shape_class: Any) -> None:
    square = shape_class(name="square")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        square.name = "circle"
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del square.name
    assert not hasattr(square, "__dict__")


def test_arguments_are_keywords(shape_class: Any) -> None:
    with pytest.raises(TypeError, match=r"Shape\.__init__\(\) takes 1 positional argument"):
        shape_class("square")
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'name'"):
        shape_class()


def test_the_functions_of_dataclasses(shape_class: Any) -> None:
    square = shape_class(name="square", tags=["red"])
    assert replace(square, sides=3) == shape_class(name="square", sides=3)
    assert asdict(square) == {"name": "square", "sides": 4, "tags": ["red"], "secret": "s"}


def test_a_deep_copy_has_its_own_fields(shape_class: Any) -> None:
    square = shape_class(name="square", tags=["red"])
    copied = deepcopy(square)
    assert copied == square
    assert copied.tags == ["red"]
    assert copied.tags is not square.tags


@frozen
class Parent:
    name: str
    size: int = 1


@frozen
class Child(Parent):
    age: int


@frozen
class Nothing:
    pass


def test_a_subclass_has_the_fields_of_its_base() -> None:
    child = Child(name="a", age=2)
    assert (child.name, child.size, child.age) == ("a", 1, 2)
    assert child != Parent(name="a")
    assert child != Child(name="a", age=3)


def test_a_record_can_be_pickled() -> None:
    child = Child(name="a", age=2)
    assert pickle.loads(pickle.dumps(child)) == child


def test_a_cached_property_is_computed_once() -> None:
    @frozen
    class Square:
        side: int

        @cached_property
        def corners(self) -> list[int]:
            return [self.side] * 4

    square = Square(side=2)
    assert square.corners == [2, 2, 2, 2]
    assert square.corners is square.corners
    assert square == Square(side=2)


def test_records_without_fields_are_equal() -> None:
    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())
    assert repr(Nothing()) == "Nothing()"


def test_the_fields_of_a_class_without_a_record() -> None:
    """They are found when something asks, also by way of a subclass, and only once."""

    @frozen
    class Base:
        """A base."""

        name: str

    @frozen
    class Derived(Base):
        """With another default, and one more field."""

        name: str = "derived"
        size: int = 0

    derived = Derived(name="derived")
    assert [(field.name, field.default) for field in fields(Derived)] == [
        ("name", "derived"),
        ("size", 0),
    ]
    assert [field.name for field in fields(Base)] == ["name"]
    assert fields(Base) == fields(Base)
    assert Derived() == derived
    assert is_dataclass(derived)
    assert Derived.__qualname__.endswith("<locals>.Derived")
