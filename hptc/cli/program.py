"""The `hptc` program: arguments in, an exit code out."""

from __future__ import annotations

import errno
import gc
import io
import sys
from collections.abc import Sequence

import click

from hptc import __version__
from hptc.cli.console import (
    discard_stdout,
    open_closed_streams,
    print_error,
    print_needed,
    print_status,
    reset_output,
)
from hptc.cli.global_options import global_options
from hptc.cli.interrupts import is_interrupted, remember_interrupts
from hptc.cli.lazy_group import CommandEntry, LazyGroup
from hptc.cli.no_plugins import disable_plugins
from hptc.errors import EXIT_BUG, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, HptcError

SECTIONS = {
    "Write specs": (
        CommandEntry(
            "init", "hptc.cli.init:init", "Create a project with example specs, a CDK app and CI"
        ),
        CommandEntry(
            "import",
            "hptc.cli.importing:import_command",
            "Convert a request or an existing tuning job to a spec",
        ),
        CommandEntry(
            "capture",
            "hptc.cli.capture:capture",
            "Run a program and write specs of the tuning jobs it creates",
        ),
        CommandEntry(
            "check", "hptc.cli.check:check", "Check specs for everything AWS would reject"
        ),
        CommandEntry(
            "compile",
            "hptc.cli.compile:compile_command",
            "Compile specs into CreateHyperParameterTuningJob requests",
        ),
        CommandEntry(
            "preview",
            "hptc.cli.preview:preview",
            "Preview grids, brackets and the first configurations",
        ),
        CommandEntry(
            "metrics", "hptc.cli.metrics:metrics", "Test metric definitions against a training log"
        ),
    ),
    "Review changes": (
        CommandEntry("diff", "hptc.cli.diff:diff", "Compare two versions of the specs by meaning"),
        CommandEntry("cost", "hptc.cli.cost:cost", "Estimate the maximum cost of tuning jobs"),
        CommandEntry(
            "permissions",
            "hptc.cli.permissions:permissions",
            "Show what each execution role allows, and why",
        ),
        CommandEntry("plan", "hptc.cli.plan:plan", "Compare specs with the tuning jobs in AWS"),
    ),
    "Deploy infrastructure": (
        CommandEntry(
            "deploy", "hptc.cli.deploy:deploy", "Deploy an environment's stacks with the AWS CDK"
        ),
        CommandEntry(
            "destroy", "hptc.cli.destroy:destroy", "Delete stacks that no spec needs anymore"
        ),
        CommandEntry(
            "cdk-app",
            "hptc.cli.cdk_app:cdk_app",
            "Run the CDK app with the Python that hptc is installed in",
        ),
    ),
    "Run tuning jobs": (
        CommandEntry("local", "hptc.cli.local:local", "Run tuning jobs on this machine"),
        CommandEntry(
            "sandbox",
            "hptc.cli.sandbox:sandbox",
            "Run a local AWS endpoint, or a command against it",
        ),
        CommandEntry(
            "submit",
            "hptc.cli.submit:submit",
            "Create the tuning jobs of specs, or of a saved plan",
        ),
        CommandEntry("status", "hptc.cli.status:status", "Show the progress of a tuning job"),
        CommandEntry("watch", "hptc.cli.watch:watch", "Follow a tuning job until it ends"),
        CommandEntry("logs", "hptc.cli.logs:logs", "Show the logs of training jobs"),
        CommandEntry("list", "hptc.cli.list:list_command", "List tuning jobs, newest first"),
        CommandEntry("stop", "hptc.cli.stop:stop", "Stop a tuning job"),
    ),
    "Learn from results": (
        CommandEntry("results", "hptc.cli.results:results", "Show the results of a tuning job"),
        CommandEntry(
            "report", "hptc.cli.report:report", "Write the results of a tuning job as an HTML page"
        ),
        CommandEntry(
            "next", "hptc.cli.next:next_command", "Write the spec of a follow-up tuning job"
        ),
    ),
    "Look things up": (
        CommandEntry(
            "explain",
            "hptc.cli.explain:explain",
            "Explain a rule, a built-in algorithm or an AWS error",
        ),
        CommandEntry(
            "schema",
            "hptc.cli.schema:schema",
            "Print the JSON Schema of specs, hptc.yaml or JSON output",
        ),
        CommandEntry(
            "prices", "hptc.cli.prices:prices", "Manage the price table behind cost estimates"
        ),
        CommandEntry(
            "lsp", "hptc.cli.lsp:lsp", "Serve an editor: findings, documentation, completion"
        ),
    ),
}
"""Every command, by what it is for, in the order of a typical workflow."""
COMMANDS = tuple(entry for entries in SECTIONS.values() for entry in entries)


@click.group(
    cls=LazyGroup,
    sections=SECTIONS,
    params=global_options(),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="hptc")
def cli() -> None:
    """Infrastructure as code for Amazon SageMaker Automatic Model Tuning.

    Specs are YAML files. Commands that read specs also accept CreateHyperParameterTuningJob
    requests in JSON or YAML; use `-` to read from stdin.

    Exit codes: 0 success, 1 findings, 2 invalid usage or unreadable input, 3 AWS or another tool
    reported an error, 70 a bug in hptc, 130 interrupted.
    """


def collect_garbage_rarely() -> None:
    """Run the garbage collector less often: not at all in a run with a few specs.

    A run keeps nearly everything that it reads, so collecting frees nothing; it took a third of
    the time to check a thousand specs.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
    gc.enable()


def main() -> None:
    """Run `hptc` and exit."""
    remember_interrupts()
    open_closed_streams()
    collect_garbage_rarely()
    disable_plugins()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # print characters it can't encode as escapes
            stream.reconfigure(errors="backslashreplace")
    code = run(sys.argv[1:])
    gc.freeze()  # the collection that Python makes at the end of a process has nothing to examine
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    try:
        code = _run(arguments)
    finally:
        reset_output()
    return EXIT_INTERRUPTED if is_interrupted() else code


def _run(arguments: Sequence[str]) -> int:
    try:
        result = cli.main(list(arguments), prog_name="hptc", standalone_mode=False)
        return result if isinstance(result, int) else EXIT_OK
    except HptcError as error:
        print_error(error.message, error.help)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        print_status("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        discard_stdout()
        return EXIT_OK
    except OSError as error:
        if error.errno not in _STREAM_ERRORS or error.filename is not None:
            return _bug()
        discard_stdout()
        print_error(f"stdout: can't be written: {error.strerror}")
        return EXIT_USAGE
    except Exception:
        if is_interrupted():
            print_status("interrupted")
            return EXIT_INTERRUPTED
        return _bug()


_STREAM_ERRORS = (errno.ENOSPC, errno.EBADF, errno.EIO)


def _bug() -> int:
    import traceback  # only a bug needs it

    print_needed(traceback.format_exc())
    print_error("this is a bug in hptc, not in your files", "please report the traceback above")
    return EXIT_BUG
