"""The command line: argv to one call, its rendered result, an exit code.

Everything heavy is imported by the command that needs it, so that `hptc check` starts fast.
"""

from __future__ import annotations

import gc
import io
import os
import sys
from collections.abc import Sequence

import click

from hptc import __version__
from hptc.cli import jobs, review, specs, stacks
from hptc.cli.console import discard_stdout, say, say_error
from hptc.errors import EXIT_BUG, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, HptcError


class _InOrder(click.Group):
    """Lists its commands in the order of their use rather than of the alphabet."""

    def list_commands(self, _context: click.Context) -> list[str]:
        return list(self.commands)


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="hptc")
def cli() -> None:
    """Infrastructure as code for Amazon SageMaker Automatic Model Tuning.

    Specs are YAML files; a request in the API's own form (JSON or YAML) is read too, and `-` reads
    stdin. Exit codes: 0 fine, 1 findings, 2 usage or unreadable input, 3 AWS refused or an
    operation failed, 70 a bug in hptc, 130 interrupted.
    """


COMMANDS = (
    stacks.init,
    specs.check,
    specs.compile_command,
    review.diff,
    review.cost,
    review.preview,
    review.metrics,
    review.permissions,
    stacks.deploy,
    stacks.destroy,
    review.plan,
    jobs.submit,
    jobs.status,
    jobs.list_command,
    jobs.stop,
    specs.import_command,
    specs.schema,
    specs.explain,
    review.prices,
    stacks.sandbox,
)

for command in COMMANDS:
    cli.add_command(command)


def collect_rarely() -> None:
    """Let the garbage collector rest: what a run reads it keeps, and then the process ends.

    Looking through it again and again is a third of the time of a thousand specs.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def main() -> None:
    """Run `hptc`, and exit."""
    collect_rarely()
    # Looking for plugins of Pydantic reads the metadata of every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a character shows its code
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    try:
        result = cli.main(list(arguments), prog_name="hptc", standalone_mode=False)
        return result if isinstance(result, int) else EXIT_OK
    except HptcError as error:
        say_error(error.message, error.help)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        discard_stdout()
        return EXIT_OK
    except Exception:
        import traceback

        traceback.print_exc()
        say_error("this is a bug in hptc, not in your files", "please report the lines above")
        return EXIT_BUG
