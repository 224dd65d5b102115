"""How moto is extended."""

from typing import Any


def extend(owner: Any, **members: Any) -> None:
    """Give a class, a module or an object of moto's these members, in place of its own."""
    for name, member in members.items():
        setattr(owner, name, member)
