"""The arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from hptc.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

STDIN = "-"
JSON = "json"


def completed(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """A function that returns the completions of a value; completion.py has the kinds."""

    def complete(
        _context: click.Context, _parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from hptc.cli import completion  # only the shell asks

        return completion.complete(kind, incomplete)

    return complete


PATHS = click.argument("paths", nargs=-1, type=click.Path(), shell_complete=completed("specs"))
JOB = click.argument("name", shell_complete=completed("specs"))
LOCAL_JOB = click.argument("name", shell_complete=completed("local jobs"))
ENV = click.option(
    "--env",
    metavar="NAME",
    envvar="HPTC_ENV",
    help="Environment from hptc.yaml to use.",
    shell_complete=completed("environments"),
)
REGION = click.option("--region", help="AWS Region; overrides --env and hptc.yaml.")
YES = click.option("--yes", is_flag=True, help="Don't ask for confirmation.")
SPEC_OUTPUT = click.option("-o", "--output", metavar="FILE", help="Write the spec to FILE.")
IMAGES = click.option(
    "--image",
    "images",
    metavar="PATTERN=COMMAND",
    multiple=True,
    help="Command to run instead of images that match PATTERN.",
)
PYTHON = click.option(
    "--python", metavar="PATH", default="", help="Python that runs training scripts."
)
_SELECT = click.option(
    "--select",
    metavar="CODES",
    help="Only run rules with these code prefixes: HPT2,HPT301.",
    shell_complete=completed("codes"),
)
_IGNORE = click.option(
    "--ignore",
    metavar="CODES",
    help="Skip rules with these code prefixes.",
    shell_complete=completed("codes"),
)


def output_format(*forms: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add `--format`, whose default is the first of `forms`, and `--json`, its alias for JSON.

    The command gets the format as `form`.
    """

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def command(*arguments: Any, form: str, as_json: bool, **options: Any) -> Any:
            if as_json and form != JSON:
                source = click.get_current_context().get_parameter_source("form")
                if source is not ParameterSource.DEFAULT:
                    raise UsageError(
                        f"--json can't be combined with --format {form}",
                        help="use one of the two: --json means --format json",
                    )
            return function(*arguments, form=JSON if as_json else form, **options)

        option = click.option(
            "--format",
            "form",
            type=click.Choice(forms),
            default=forms[0],
            show_default=True,
            help="Output format.",
        )
        return option(_AS_JSON(command))

    return add


_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
TEXT_OR_JSON = output_format("text", JSON)


def spec_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of commands that compile specs."""
    return ENV(_SELECT(_IGNORE(function)))


def ignoring(codes: str, *, ignore: str | None, **options: Any) -> dict[str, Any]:
    """The options of `spec_options` with more rules to skip."""
    return {**options, "ignore": ",".join(part for part in (ignore, codes) if part)}


def name_and_value(
    option: str, expected: str, example: Callable[[str], str]
) -> Callable[[str], tuple[str, str]]:
    """A reader of an option's two parts around an equals sign.

    `expected` says what they are, and `example` completes what the user has written. The reader
    raises UsageError.
    """

    def split(text: str) -> tuple[str, str]:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise UsageError(
                f"{option} {text}: expected {expected}", help=f"for example: {example(text)}"
            )
        return name, value

    return split


image_and_command = name_and_value(
    "--image",
    "PATTERN=COMMAND, the images and the command to run instead of them",
    lambda _: "--image '*xgboost*=python train.py'",
)
"""Read a value of `--image`. Raises UsageError."""
