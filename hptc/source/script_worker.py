"""Reads training scripts in a separate process: their syntax, and the arguments of one of them.

Scripts can be untrusted, and the parser of Python can be made to crash or to take very long, but a
process can be killed. Nothing is run or imported. The file is run in an isolated interpreter and
imports the standard library only. It reads one JSON object from stdin: the files, each as its name
and its bytes in Latin-1. It writes a JSON line for each file as soon as it is parsed.
"""

import ast
import json
import sys
import warnings
from collections.abc import Iterator

MAX_MEMORY = 1 << 30  # bytes; the tree of the largest file needs a fifth of it
_DYNAMIC = frozenset({"parse_known_args", "parse_known_intermixed_args", "add_subparsers", "argv"})
"""Names that show that a script may take arguments which it does not declare."""


def declared_options(tree: ast.AST) -> list[str] | None:
    """The options that a script declares with argparse; None if there can be others."""
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    added = [call for call in calls if _called(call) == "add_argument"]
    parsers = [call for call in calls if _called(call) == "ArgumentParser"]
    parsed = [call for call in calls if _called(call) == "parse_args"]
    attributes = [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    names = {node.id for node in nodes if isinstance(node, ast.Name)} | {*attributes}
    if (
        not parsers
        or not parsed
        or any(call.args or call.keywords for call in parsed)
        or any(parser.args and isinstance(parser.args[-1], ast.Starred) for parser in parsers)
        or any(
            keyword.arg in (None, "parents", "prefix_chars", "fromfile_prefix_chars")
            for parser in parsers
            for keyword in parser.keywords
        )
        or not _DYNAMIC.isdisjoint(names)
        or any(name.endswith("ArgumentParser") and name != "ArgumentParser" for name in names)
        or attributes.count("add_argument") != len(added)
        or _is_passed_on(nodes, calls, parsers)
    ):
        return None
    options: list[str] = []
    for call in added:
        for argument in call.args:
            if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                return None
            if argument.value.startswith("-"):
                options.append(argument.value)
    return options


def read_arguments(tree: ast.AST) -> list[str]:
    """The names of declared options, such as `model_dir`, that the script reads as attributes."""
    nodes = list(ast.walk(tree))
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    declared = {
        argument.value.lstrip("-").replace("-", "_")
        for call in nodes
        if isinstance(call, ast.Call) and _called(call) == "add_argument"
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        if argument.value.startswith("--")
        if not any(keyword.arg in (None, "dest") for keyword in call.keywords)
    }
    return sorted(declared & read)


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _is_passed_on(nodes: list[ast.AST], calls: list[ast.Call], parsers: list[ast.Call]) -> bool:
    """Whether a parser is passed to a function outside the script, which can add arguments."""
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    parser_names = {*_bound_to(nodes, parsers)}
    for call in calls:
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        gets_parser = any(
            value in parsers or (isinstance(value, ast.Name) and value.id in parser_names)
            for value in values
        )
        if gets_parser and not (isinstance(call.func, ast.Name) and call.func.id in own):
            return True
    return False


def _bound_to(nodes: list[ast.AST], parsers: list[ast.Call]) -> Iterator[str]:
    """The names of the variables that contain a parser."""
    for node in nodes:
        match node:
            case ast.Assign(targets=targets, value=value) if value in parsers:
                yield from (target.id for target in targets if isinstance(target, ast.Name))
            case ast.AnnAssign(target=ast.Name(id=name), value=value) if value in parsers:
                yield name


def read(content: bytes, *, wants_options: bool) -> dict[str, object]:
    """What is known about one file."""
    try:
        tree = ast.parse(content)
        if not wants_options:
            return {"options": None}
        return {"options": declared_options(tree), "read": read_arguments(tree)}
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
