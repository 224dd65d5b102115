"""The commands that the documentation shows, compared with the program."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator, Sequence
from enum import Enum
from functools import cache
from pathlib import Path

import click

from hptc.cli.program import cli
from tests.support.doc_blocks import Block
from tests.support.paths import ROOT

_HEREDOC = re.compile(r"<<'(\w+)'\n.*?^\1$", re.DOTALL | re.MULTILINE)
_SEPARATORS = ("|", "||", "&&", ";", "&")
_FENCED = re.compile(r"^( *)(`{3,}).*?^\1\2`*$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"(?<!`)`(hptc [^`]+)`(?!`)", re.DOTALL)
_RUNS_ANOTHER = ("sandbox", "capture")
_CHECKED_TYPES = (click.Choice, click.IntRange, click.FloatRange)


def simple_commands(block: Block) -> list[list[str]]:
    """The commands of a shell block, without variables and redirections."""
    text = _HEREDOC.sub("", block.text)
    if block.language == "console":
        text = "\n".join(line[2:] for line in text.splitlines() if line.startswith("$ "))
    text = text.replace("\\\n", " ")
    quoted = re.sub(r"'[^']*'", lambda match: match[0].replace("\n", " "), text)
    return [words for line in quoted.splitlines() for words in parts(line)]


def parts(line: str) -> Iterator[list[str]]:
    """The commands of a line, each as its words."""
    if line.startswith("group=$("):
        line = line[len("group=$(") :].rstrip(")")
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in [*lexer, ";"]:
        if word not in _SEPARATORS:
            words.append(word)
            continue
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            del words[0]
        if words:
            yield _without_redirections(words)
        words = []


def _without_redirections(words: Sequence[str]) -> list[str]:
    kept: list[str] = []
    after = False
    for word in words:
        if not after and word not in (">", "<", ">>"):
            kept.append(word)
        after = word in (">", "<", ">>")
    return kept


def inline_commands(page: Path) -> list[str]:
    """The commands in the text of a page."""
    text = _FENCED.sub("", page.read_text(encoding="utf-8"))
    return [" ".join(command.split()) for command in _INLINE.findall(text)]


def command_problem(words: Sequence[str], *, is_whole: bool = True) -> str | None:
    """What is wrong with a command of hptc, make or pip; None if nothing is.

    Without `is_whole`, arguments may be missing, as in a sentence about the command.
    """
    match words:
        case ["hptc", *arguments]:
            return _hptc_problem(arguments, is_whole=is_whole)
        case ["make", target, *_] if target not in _targets():
            return f"no target `{target}` in the Makefile"
        case ["pip", "install", *packages]:
            extras = {
                extra
                for package in packages
                for named in re.findall(r"^hptc\[(.*)\]$", package)
                for extra in named.split(",")
            }
            unknown = sorted(extras - _extras())
            return f"no extra {unknown}" if unknown else None
    return None


@cache
def _targets() -> frozenset[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^([a-z]+):", text, re.MULTILINE))


@cache
def _extras() -> frozenset[str]:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return frozenset(data["project"]["optional-dependencies"])


def _hptc_problem(arguments: list[str], *, is_whole: bool) -> str | None:
    command: click.Command = cli
    # A command keeps the first help option that it makes, so its names must be the real ones.
    context = click.Context(cli, info_name="hptc", **cli.context_settings)
    rest = [argument for argument in arguments if argument != "…"]
    while isinstance(command, click.Group):
        if not rest:
            return None if not is_whole else f"`{context.info_name}` is not a command"
        if rest[0].startswith("-") or rest[0].isupper():
            return None  # `hptc --help`, `hptc COMMAND -h`
        subcommand = command.get_command(context, rest[0])
        if subcommand is None:
            return f"no command `{rest[0]}`"
        command, context = subcommand, click.Context(subcommand, info_name=rest[0], parent=context)
        rest = rest[1:]
    another: list[str] = []
    if context.info_name in _RUNS_ANOTHER and "--" in rest:
        index = rest.index("--")
        rest, another = rest[: index + 1], rest[index + 1 :]
    try:
        _parse(command, context, [*rest, *another[:1]], is_whole=is_whole)
    except click.ClickException as error:
        return error.format_message()
    return command_problem(another, is_whole=is_whole)


def _parse(
    command: click.Command, context: click.Context, arguments: list[str], *, is_whole: bool
) -> None:
    if arguments in (["-h"], ["--help"]):
        return
    # An option at the end of a sentence has no value: `hptc plan --out`.
    ends_with_option = bool(arguments) and arguments[-1].startswith("--")
    if not is_whole and ends_with_option:
        arguments = [*arguments[:-1], *_with_value(command, arguments[-1])]
    values, _, _ = command.make_parser(context).parse_args(list(arguments))
    for parameter in command.params:
        value = values.get(parameter.name or "")
        if isinstance(value, Enum):  # click's mark for what is not given
            value = None
        if is_whole and parameter.required and not value:
            raise click.UsageError(f"missing {parameter.human_readable_name}")
        is_placeholder = isinstance(value, str) and value.isupper()  # such as N
        if isinstance(parameter.type, _CHECKED_TYPES) and value and not is_placeholder:
            parameter.type.convert(value, parameter, context)


def _with_value(command: click.Command, option: str) -> list[str]:
    for parameter in command.params:
        if option in parameter.opts and isinstance(parameter, click.Option):
            return [option] if parameter.is_flag or parameter.count else [option, "VALUE"]
    return [option]
