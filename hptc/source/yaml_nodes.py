"""Parses YAML or JSON text to libyaml's nodes with their marks.

Tags are kept but never resolved, so nothing in a file can run code.
"""

from __future__ import annotations

from yaml._yaml import CParser
from yaml.nodes import Node, ScalarNode

MAX_DEPTH = 64
"""libyaml's composer recurses in C and crashes the interpreter on deep nesting."""

MAX_VALUES = 20_000
"""The maximum in a file after aliases are expanded, which stops alias bombs.

A request has a few thousand.
"""
_MAX_NODES = 2 * MAX_VALUES + 2
"""A key and a value are two nodes. A file with more has more than MAX_VALUES values."""

PLAIN = "plain"
"""The tag of an unquoted scalar."""
QUOTED = "quoted"
"""The tag of a quoted or block scalar, and of a collection without a tag."""


class TooDeepError(Exception):
    """Raised from libyaml's composer when collections are nested too deeply."""


class TooManyNodesError(Exception):
    """Raised from libyaml's composer when a file has far too many nodes."""


class _Loader(CParser):
    """libyaml's parser and composer without PyYAML's tag resolution."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._nodes = 0

    def resolve(self, kind: type[Node], _value: object, implicit: tuple[bool, bool]) -> str:
        return PLAIN if kind is ScalarNode and implicit[0] else QUOTED

    def descend_resolver(self, _parent: Node | None, _index: object) -> None:
        self._depth += 1
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise TooManyNodesError
        if self._depth > MAX_DEPTH:
            raise TooDeepError

    def ascend_resolver(self) -> None:
        self._depth -= 1


def compose_nodes(text: str) -> Node | None:
    """The root node. Raises TooDeepError, TooManyNodesError and yaml.YAMLError."""
    return _Loader(text).get_single_node()
