"""`{{ expressions }}` in a scalar; the value out. Jinja2's grammar, without its statements.

A spec may come from a stranger's fork, so only expressions run: names, constants, comparisons,
arithmetic on numbers, `~`, conditions and a few filters. No calls, loops, imports, attributes of
Python objects. Everything is bounded, so nothing hangs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from hptc.diagnostics import nearest
from hptc.source.scalars import Scalar

if TYPE_CHECKING:
    from jinja2 import nodes
    from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEMPLATE = 16_384
MAX_RESULT = 65_536
MAX_NUMBER = 1e300

_SPECIAL = re.compile(r"\{(?=[{%#\r])|\r")
_NAME = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
_FILTERS = ("default", "float", "int", "lower", "replace", "string", "trim", "upper")
_ALLOWED = frozenset(
    {
        "Template", "Output", "TemplateData", "Name", "Const", "Filter", "Test", "CondExpr",
        "Compare", "Operand", "And", "Or", "Not", "Concat", "Add", "Sub", "Mul", "Div", "FloorDiv",
        "Mod", "Neg", "Getitem", "Getattr",
    }
)  # fmt: skip
_TESTS = ("defined", "undefined", "none")


def escape(text: str) -> str:
    """A text that renders to `text`, whatever it holds."""
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        return text
    # Jinja reads \\r\\n as \\n, so a carriage return needs an expression as well.
    return _SPECIAL.sub(lambda match: "{{ " + json.dumps(match[0]) + " }}", text)


def render(text: str, variables: Mapping[str, Any]) -> Any:
    """The value of a scalar that holds `{{`.

    One expression alone keeps its value's type; text around it makes a string. Raises ValueError
    with what is wrong and, after a line break, what to do.
    """
    if len(text) > MAX_TEMPLATE:
        raise ValueError(f"a template of {len(text)} characters; {MAX_TEMPLATE} is the most")
    if "{%" not in text and "{#" not in text:
        pieces = _NAME.split(text)
        # Odd pieces are the names. Most templates are names and text only: they need no Jinja.
        if not any("{{" in piece or "}}" in piece for piece in pieces[::2]):
            values = [_lookup(name, variables) for name in pieces[1::2]]
            if len(values) == 1 and text.startswith("{{") and text.endswith("}}"):
                return values[0]
            return _joined(pieces[::2], values, text)
    return _render_with_jinja(text, variables)


def _joined(texts: list[str], values: list[Any], template: str) -> str:
    parts = [texts[0]]
    for value, following in zip(values, texts[1:], strict=True):
        parts += (_text(value, template), following)
    return _bounded("".join(parts))


def _text(value: Any, template: str) -> str:
    match value:
        case str():
            return value
        case Scalar(text=text):
            return text
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case None:
            return ""
    raise ValueError(
        f"`{template}` puts a {type(value).__name__} into text\n"
        "a list or mapping can stand alone in its scalar only"
    )


def _bounded(text: str) -> str:
    if len(text) > MAX_RESULT:
        raise ValueError(f"renders to {len(text)} characters; {MAX_RESULT} is the most")
    return text


def _bounded_number(value: Any) -> Any:
    if isinstance(value, (int, float)) and abs(value) >= MAX_NUMBER:
        raise ValueError(f"a number beyond {MAX_NUMBER:g}\nwrite a smaller one")
    if value != value:
        raise ValueError("a result that is not a number\ncheck the arithmetic")
    return value


def _lookup(name: str, variables: Mapping[str, Any]) -> Any:
    if name in variables:
        return variables[name]
    raise ValueError(_undefined(name, variables))


def _undefined(name: str, variables: Mapping[str, Any]) -> str:
    meant = nearest(name, tuple(variables))
    advice = f"did you mean `{meant}`? " if meant else ""
    known = ", ".join(sorted(variables)) or "nothing: there is no hptc.yaml with an environment"
    return (
        f"`{name}` is undefined\n{advice}defined here: {known}; "
        "more can be put under the environment's `variables` in hptc.yaml"
    )


def _render_with_jinja(text: str, variables: Mapping[str, Any]) -> Any:
    from jinja2 import TemplateError, TemplateSyntaxError, UndefinedError, nodes

    environment = _environment()
    plain = {name: _plain(value) for name, value in variables.items()}
    try:
        tree = environment.parse(text)
        _refuse_all_but_expressions(tree)
        for name in tree.find_all(nodes.Name):
            if name.name not in variables and not _is_guarded(tree, name):
                raise ValueError(_undefined(name.name, variables))
        match tree.body:
            case [nodes.Output(nodes=[expression])] if not isinstance(
                expression, nodes.TemplateData
            ):
                return _value_of(expression, text, plain)
        return _bounded(environment.from_string(text).render(plain))
    except TemplateSyntaxError as error:
        raise ValueError(
            f"`{_short(text)}` is not a template: {error.message}\nwrite {{{{ name }}}}"
        ) from None
    except UndefinedError as error:
        raise ValueError(f"undefined: {error.message}\ncheck the name") from None
    except (TemplateError, ArithmeticError, TypeError, RecursionError) as error:
        raise ValueError(f"`{_short(text)}` can't be evaluated: {error}") from None


def _value_of(expression: nodes.Expr, text: str, plain: dict[str, Any]) -> Any:
    from jinja2 import nodes
    from jinja2.environment import TemplateExpression

    store = nodes.Assign(nodes.Name("result", "store", lineno=1), expression, lineno=1)
    template = _environment().from_string(nodes.Template([store], lineno=1))
    value = TemplateExpression(template, undefined_to_none=False)(**plain)
    if isinstance(value, str):
        return _bounded(value)
    if value is None or isinstance(value, (bool, int, float, list, dict)):
        return _bounded_number(value)
    raise ValueError(f"`{_short(text)}` has no value")


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Scalar) else value


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _is_guarded(tree: nodes.Template, name: nodes.Name) -> bool:
    """Whether the name may be undefined: `x | default(...)`, `x is defined`."""
    from jinja2 import nodes

    for test in tree.find_all((nodes.Filter, nodes.Test)):
        if isinstance(test, nodes.Filter) and test.name == "default" and test.node is name:
            return True
        if (
            isinstance(test, nodes.Test)
            and test.name in ("defined", "undefined")
            and test.node is name
        ):
            return True
    return False


def _refuse_all_but_expressions(tree: nodes.Template) -> None:
    from jinja2 import nodes

    for node in tree.find_all(nodes.Node):
        kind = type(node).__name__
        if kind not in _ALLOWED:
            raise ValueError(
                f"a template may hold expressions only, not {_WORDS.get(kind, kind.lower())}\n"
                "compute the value outside, and give it as a variable in hptc.yaml"
            )
        if isinstance(node, nodes.Const):
            _bounded_number(node.value)
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            raise ValueError(
                f"there is no filter `{node.name}` here\nthere are: {', '.join(_FILTERS)}"
            )
        if isinstance(node, nodes.Test) and node.name not in _TESTS:
            raise ValueError(f"there is no test `{node.name}` here\nthere are: {', '.join(_TESTS)}")
        if isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            raise ValueError(f"`{node.attr}` can't be reached from a template\nuse a variable")


_WORDS = {
    "Call": "a call", "For": "a loop", "If": "a statement", "Assign": "an assignment",
    "Include": "an include", "Import": "an import", "FromImport": "an import", "Macro": "a macro",
    "Pow": "`**`", "Extends": "an extends", "Block": "a block",
}  # fmt: skip


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Expressions(ImmutableSandboxedEnvironment):
        """Names reach mappings and lists only, and arithmetic reaches numbers only."""

        intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator == "+" and isinstance(left, str) and isinstance(right, str):
                return left + right
            if not all(isinstance(side, (int, float)) for side in (left, right)):
                raise SecurityError(f"`{operator}` is for numbers")
            return _bounded_number(super().call_binop(context, operator, left, right))

        def getattr(self, obj: Any, attribute: str) -> Any:
            return self.getitem(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(obj, (Mapping, list)):
                try:
                    return obj[argument]
                except (LookupError, TypeError):
                    pass
            return self.undefined(obj=obj, name=str(argument))

    environment = Expressions(
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        optimized=False,  # it writes constants as Python text: `inf` would be a name
    )
    builtin = environment.filters
    environment.filters = {name: builtin[name] for name in _FILTERS} | {"replace": _replace}
    environment.globals = {}
    return environment


def _replace(text: Any, old: str, new: str) -> str:
    text, old, new = str(text), str(old), str(new)
    if not old:
        raise ValueError("`replace` needs something to replace")
    if len(text) + text.count(old) * len(new) > MAX_RESULT:
        raise ValueError(f"`replace` would make more than {MAX_RESULT} characters")
    replaced: str = text.replace(old, new)
    return replaced
