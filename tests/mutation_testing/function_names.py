"""The functions of a module, and their qualified names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class Function(NamedTuple):
    """A function in a syntax tree, and its name after those of what contains it."""

    qualified_name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef

    @property
    def first_line(self) -> int:
        """Where it begins, with its decorators."""
        return min(
            [self.node.lineno, *(decorator.lineno for decorator in self.node.decorator_list)]
        )


def named_functions(node: ast.AST, outer: str = "") -> Iterator[Function]:
    """Every function in a syntax tree."""
    for child in ast.iter_child_nodes(node):
        name = outer
        if isinstance(child, (*FUNCTIONS, ast.ClassDef)):
            name = f"{outer}.{child.name}".lstrip(".")
        if isinstance(child, FUNCTIONS):
            yield Function(name, child)
        yield from named_functions(child, name)


def function_at(tree: ast.AST, line: int) -> Function | None:
    """The innermost function at a line."""
    enclosing = (
        function
        for function in named_functions(tree)
        if function.first_line <= line <= (function.node.end_lineno or 0)
    )
    return max(enclosing, key=lambda function: function.first_line, default=None)
