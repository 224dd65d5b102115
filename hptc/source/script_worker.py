"""Reads training scripts in a separate process: their syntax, and the arguments of one of them.

Scripts can be untrusted, and the parser of Python can be made to crash or to take very long, but a
process can be killed. Nothing is run or imported. The file is run in an isolated interpreter and
imports the standard library only. It reads one JSON array from stdin, which has the name and the
content of each file, its bytes as Latin-1. It writes a JSON line for each file as soon as it is
parsed.
"""

import ast
import json
import sys
import warnings
from collections.abc import Iterator

MAX_MEMORY = 1 << 30  # bytes; the tree of the largest file needs a fifth of it
_UNDECLARED = frozenset(
    {"parse_known_args", "parse_known_intermixed_args", "add_subparsers", "argv"}
)
"""Names that show that a script may take arguments which it does not declare."""
_FROM_ELSEWHERE = frozenset({"parents", "prefix_chars", "fromfile_prefix_chars"})
"""Parameters of a parser that make it take arguments which the script does not declare."""


class Script:
    """What a script shows about its arguments: its names, and its calls of argparse."""

    def __init__(self, tree: ast.AST) -> None:
        nodes = list(ast.walk(tree))
        self.calls = [node for node in nodes if isinstance(node, ast.Call)]
        self.parsers = frozenset(self._calls_of("ArgumentParser"))
        self.declarations = self._calls_of("add_argument")
        self.parses = self._calls_of("parse_args")
        self.attributes = [node.attr for node in nodes if isinstance(node, ast.Attribute)]
        self.names = {node.id for node in nodes if isinstance(node, ast.Name)}
        self.functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
        self.parser_names = set(self._parser_names(nodes))

    def _calls_of(self, function: str) -> list[ast.Call]:
        return [call for call in self.calls if _function_name(call) == function]

    def _parser_names(self, nodes: list[ast.AST]) -> Iterator[str]:
        """The names of the variables that contain a parser."""
        for node in nodes:
            match node:
                case ast.Assign(targets=targets, value=value) if value in self.parsers:
                    yield from (target.id for target in targets if isinstance(target, ast.Name))
                case ast.AnnAssign(target=ast.Name(id=name), value=value) if value in self.parsers:
                    yield name

    def is_parser(self, value: ast.expr) -> bool:
        """Whether an expression is a parser or the name of one."""
        return value in self.parsers or (
            isinstance(value, ast.Name) and value.id in self.parser_names
        )


def declared_options(script: Script) -> list[str] | None:
    """The options that a script declares with argparse; None if there can be others."""
    if not script.parsers or not script.parses or _may_take_others(script):
        return None
    names = [argument for call in script.declarations for argument in call.args]
    options = []
    for name in names:
        if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
            return None
        if name.value.startswith("-"):
            options.append(name.value)
    return options


def read_arguments(script: Script) -> list[str]:
    """The names of declared options, such as `model_dir`, that the script reads as attributes."""
    declared = {
        name.value.lstrip("-").replace("-", "_")
        for call in script.declarations
        if not any(keyword.arg in (None, "dest") for keyword in call.keywords)
        for name in call.args
        if isinstance(name, ast.Constant) and isinstance(name.value, str)
        if name.value.startswith("--")
    }
    return sorted(declared.intersection(script.attributes))


def _may_take_others(script: Script) -> bool:
    """Whether a script may take options that its calls of `add_argument` don't show."""
    names = {*script.names, *script.attributes}
    return (
        not _UNDECLARED.isdisjoint(names)
        or any(call.args or call.keywords for call in script.parses)  # not those of the process
        or any(_declares_elsewhere(parser) for parser in script.parsers)
        or any(_is_other_parser(name) for name in names)
        or script.attributes.count("add_argument")
        != len(script.declarations)  # add = p.add_argument
        or any(_passes_parser_on(call, script) for call in script.calls)
    )


def _declares_elsewhere(parser: ast.Call) -> bool:
    """Whether a parser is made with options of other parsers, or with unknown parameters."""
    has_unknown = bool(parser.args) and isinstance(parser.args[-1], ast.Starred)
    return has_unknown or any(
        keyword.arg is None or keyword.arg in _FROM_ELSEWHERE for keyword in parser.keywords
    )


def _is_other_parser(name: str) -> bool:
    """Whether a name is that of a subclass, such as `HfArgumentParser`, with options of its own."""
    return name.endswith("ArgumentParser") and name != "ArgumentParser"


def _passes_parser_on(call: ast.Call, script: Script) -> bool:
    """Whether a call passes a parser to a function outside the script, which can add options."""
    if isinstance(call.func, ast.Name) and call.func.id in script.functions:
        return False
    return any(
        script.is_parser(value)
        for value in (*call.args, *(keyword.value for keyword in call.keywords))
    )


def _function_name(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def read(content: bytes, *, wants_options: bool) -> dict[str, object]:
    """What is known about one file."""
    try:
        tree = ast.parse(content)
        if not wants_options:
            return {"options": None}
        script = Script(tree)
        return {"options": declared_options(script), "read": read_arguments(script)}
    except SyntaxError as error:
        return {"line": error.lineno or 1, "fault": error.msg}
    except ValueError as error:  # a null byte
        return {"line": 1, "fault": str(error)}
    except (RecursionError, MemoryError, OverflowError):
        return {"options": None}  # nested too deeply to parse


def main() -> None:
    """Read the files given on stdin. The first one is the script to run."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    except (ImportError, OSError, ValueError):
        pass
    warnings.simplefilter("ignore")
    for index, (name, text) in enumerate(json.load(sys.stdin)):
        answer = read(text.encode("latin-1"), wants_options=index == 0)
        sys.stdout.write(json.dumps({"file": name, **answer}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
