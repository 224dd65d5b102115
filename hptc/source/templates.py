"""Evaluates scalars with `{{ expressions }}`: Jinja2's grammar without its statements.

A spec may come from an untrusted fork, so only expressions run: names, constants, comparisons,
arithmetic on numbers, `~`, conditions and a few filters. Calls, loops, imports and attributes of
Python objects are rejected, and sizes are limited so that no template hangs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeGuard

from hptc.diagnostics import nearest
from hptc.frozen import frozen
from hptc.source.scalars import Scalar
from hptc.text import shortened

if TYPE_CHECKING:
    from jinja2 import Template, nodes
    from jinja2.environment import TemplateExpression
    from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEMPLATE = 16_384
MAX_RESULT = 65_536
MAX_NUMBER = 1e300
MAX_DEPTH = 64
_MAX_LISTED = 200  # variables in a message

_SPECIAL = r"\{(?=[{%#\r])|\r"
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


class TemplateError(ValueError):
    """A template that has no value: the message, the help and the code of the finding."""

    def __init__(self, message: str, help: str = "", *, code: str = "HPT007") -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.code = code


def escape(text: str) -> str:
    """A template that renders to `text`."""
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        return text
    # Jinja reads \r\n as \n, so a carriage return needs an expression as well.
    return re.sub(_SPECIAL, lambda match: "{{ " + json.dumps(match[0]) + " }}", text)


def render(text: str, variables: Mapping[str, Any]) -> Any:
    """The value of a scalar that contains `{{`. Raises TemplateError.

    A single expression keeps the type of its value; text around it makes the result a string.
    """
    if len(text) > MAX_TEMPLATE:
        raise TemplateError(
            f"the template has {len(text):,} characters, but at most {MAX_TEMPLATE:,} are allowed"
        )
    if "{%" not in text and "{#" not in text:
        pieces = _NAME.split(text)
        # Every second piece is a name. Most templates are only names and text, which need no Jinja.
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
    return _checked_text("".join(parts))


def _text(value: object, template: str) -> str:
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
    kind = "list" if isinstance(value, list) else "mapping"
    raise TemplateError(
        f"`{shortened(template, 60)}` inserts a {kind} into text",
        f"write the expression alone, so that the value is the {kind} itself",
    )


def _checked_text(text: str) -> str:
    if len(text) > MAX_RESULT:
        raise TemplateError(
            f"the result has {len(text):,} characters, but at most {MAX_RESULT:,} are allowed"
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise TemplateError(
            "the result contains half of a surrogate pair, which is not a character",
            "write the character itself",
        ) from None
    return text


def _checked_number(value: object) -> Any:
    if isinstance(value, (int, float)) and abs(value) >= MAX_NUMBER:
        raise TemplateError(f"numbers must be smaller than {MAX_NUMBER:g}")
    if value != value:
        raise TemplateError("the result is not a number", "check the arithmetic")
    return value


def _lookup(name: str, variables: Mapping[str, Any]) -> Any:
    if name in variables:
        return variables[name]
    raise _undefined(name, variables)


def _undefined(name: str, variables: Mapping[str, Any]) -> TemplateError:
    code = "HPT006"
    if not variables:
        message = f"`{name}` is undefined: no hptc.yaml with an environment was found"
        return TemplateError(message, "add an environment to hptc.yaml", code=code)
    if len(variables) > _MAX_LISTED:
        message, advice = f"`{name}` is undefined", "define it under `variables` in hptc.yaml"
        return TemplateError(message, advice, code=code)
    meant = nearest(name, tuple(variables))
    question = f"did you mean `{meant}`? " if meant else ""
    return TemplateError(
        f"`{name}` is undefined",
        f"{question}defined here: {', '.join(sorted(variables))}; "
        "define others under the environment's `variables` in hptc.yaml",
        code=code,
    )


def _render_with_jinja(text: str, variables: Mapping[str, Any]) -> Any:
    from jinja2 import TemplateError as JinjaError
    from jinja2 import UndefinedError

    template = _compiled(text)
    for name in template.names:
        if name not in variables:
            raise _undefined(name, variables)
    plain = {name: _plain(value) for name, value in variables.items()}
    try:
        if template.expression is None:
            return _checked_text(template.template.render(plain))
        return _checked_value(template.expression(**plain), text)
    except UndefinedError:
        raise _no_value(text) from None
    except TemplateError:
        raise
    except (JinjaError, ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise TemplateError(f"`{shortened(text, 60)}` can't be evaluated: {error}") from None


@frozen
class _Compiled:
    """A template that passed all checks. `expression` is None if there is text around it."""

    names: tuple[str, ...]  # that must be defined, in the order of the text
    template: Template
    expression: TemplateExpression | None


@lru_cache(maxsize=2_000)
def _compiled(text: str) -> _Compiled:
    """Compile a template, once for all environments of a project. Raises TemplateError."""
    from jinja2 import TemplateError as JinjaError
    from jinja2 import TemplateSyntaxError, nodes
    from jinja2.environment import TemplateExpression

    environment = _environment()
    try:
        tree = environment.parse(text)
        template_nodes = _nodes_of(tree)
        for node in template_nodes:
            _reject_statements(node)
        guarded = {id(node.node) for node in template_nodes if _is_guard(node)}
        expression: TemplateExpression | None = None
        names = [
            node.name
            for node in template_nodes
            if isinstance(node, nodes.Name) and id(node) not in guarded
        ]
        match tree.body:
            case [nodes.Output(nodes=[single])] if not isinstance(single, nodes.TemplateData):
                store = nodes.Assign(nodes.Name("result", "store", lineno=1), single, lineno=1)
                template = environment.from_string(nodes.Template([store], lineno=1))
                expression = TemplateExpression(template, undefined_to_none=False)
            case _:
                template = environment.from_string(text)
    except TemplateError:
        raise
    except TemplateSyntaxError as error:
        raise TemplateError(
            f"`{shortened(text, 60)}` is not a valid template: {error.message}",
            "write {{ name }} or {{ expression }}",
        ) from None
    except (JinjaError, ArithmeticError, TypeError, ValueError, RecursionError) as error:
        raise TemplateError(f"`{shortened(text, 60)}` can't be evaluated: {error}") from None
    return _Compiled(names=tuple(dict.fromkeys(names)), template=template, expression=expression)


def _checked_value(value: object, text: str) -> Any:
    if isinstance(value, str):
        return _checked_text(value)
    if value is None or isinstance(value, (bool, int, float, list, dict)):
        return _checked_number(value)
    raise _no_value(text)


def _no_value(text: str) -> TemplateError:
    return TemplateError(
        f"`{shortened(text, 60)}` has no value: it uses a key, index or attribute that does not "
        "exist",
        "check the names in it",
        code="HPT006",
    )


def _plain(value: object) -> Any:
    return value.value if isinstance(value, Scalar) else value


def _nodes_of(tree: nodes.Template) -> list[nodes.Node]:
    """Every node of a template. Jinja's own walk is quadratic in the depth, as is its compiler."""
    collected: list[nodes.Node] = []
    level: list[nodes.Node] = [tree]
    for _ in range(MAX_DEPTH):
        if not level:
            return collected
        collected += level
        level = [child for node in level for child in node.iter_child_nodes()]
    raise TemplateError(
        f"the expression has more than {MAX_DEPTH} nested operations",
        "compute the value elsewhere and define it under `variables` in hptc.yaml",
    )


def _is_guard(node: nodes.Node) -> TypeGuard[nodes.Filter | nodes.Test]:
    """Whether the name inside may be undefined: `x | default(…)`, `x is defined`."""
    from jinja2 import nodes

    match node:
        case nodes.Filter(name="default") | nodes.Test(name="defined" | "undefined"):
            return True
        case _:
            return False


def _reject_statements(node: nodes.Node) -> None:
    from jinja2 import nodes

    match node:
        case nodes.Call():
            raise _call_error(node)
        case nodes.Const():
            _checked_number(node.value)
        case nodes.Filter() if node.name not in _FILTERS:
            raise _unknown("filter", node.name, _FILTERS)
        case nodes.Test() if node.name not in _TESTS:
            raise _unknown("test", node.name, _TESTS)
        case nodes.Getattr() if node.attr.startswith("_"):
            raise TemplateError(
                f"templates can't access `{node.attr}`", "use a key of the variable's mapping"
            )
    kind = type(node).__name__
    if kind not in _ALLOWED:
        raise TemplateError(
            f"templates can only contain expressions, not {_NAMES.get(kind, kind.lower())}",
            "compute the value elsewhere and define it under `variables` in hptc.yaml",
        )


def _unknown(kind: str, name: str, known: tuple[str, ...]) -> TemplateError:
    meant = nearest(name, known)
    question = f"did you mean `{meant}`? " if meant else ""
    return TemplateError(
        f"templates have no {kind} `{name}`", f"{question}available {kind}s: {', '.join(known)}"
    )


def _call_error(call: nodes.Call) -> TemplateError:
    from jinja2 import nodes

    match call.node:
        case nodes.Name(name=name) | nodes.Getattr(attr=name):
            message = f"`{name}()` is a function call, and templates have no functions"
        case _:
            name = ""
            message = "templates have no functions"
    advice = f"write `| {name}`; " if name in _FILTERS else ""
    return TemplateError(
        message,
        f"{advice}available filters: {', '.join(_FILTERS)}; available tests: {', '.join(_TESTS)}; "
        "define other values under `variables` in hptc.yaml",
    )


_NAMES = {
    "For": "a loop", "If": "a statement", "Assign": "an assignment", "Include": "an include",
    "Import": "an import", "FromImport": "an import", "Macro": "a macro", "Pow": "`**`",
    "Extends": "an extends", "Block": "a block", "List": "a list", "Tuple": "a tuple",
    "Dict": "a mapping", "Slice": "a slice",
}  # fmt: skip


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.exceptions import SecurityError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Expressions(ImmutableSandboxedEnvironment):
        """Lookups are limited to mappings and lists, and arithmetic to numbers."""

        intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            if operator == "+" and isinstance(left, str) and isinstance(right, str):
                return left + right
            if not all(isinstance(side, (int, float)) for side in (left, right)):
                raise SecurityError(f"`{operator}` works on numbers only")
            return _checked_number(super().call_binop(context, operator, left, right))

        def getattr(self, obj: object, attribute: str) -> Any:
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
        keep_trailing_newline=True,
        optimized=False,  # the optimizer writes constants as Python source, where `inf` is a name
    )
    builtin = environment.filters
    environment.filters = {name: builtin[name] for name in _FILTERS} | {"replace": _replace}
    environment.globals = {}
    return environment


def _replace(text: object, old: str, new: str) -> str:
    text, old, new = str(text), str(old), str(new)
    if not old:
        raise TemplateError("`replace` needs a non-empty text to replace")
    if len(text) + text.count(old) * len(new) > MAX_RESULT:
        raise TemplateError(f"the result of `replace` has more than {MAX_RESULT:,} characters")
    replaced: str = text.replace(old, new)
    return replaced
