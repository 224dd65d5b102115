"""The command line: argv to one call, its result to stdout, its talk to stderr, an exit code.

The only module that prints. Everything heavy is imported by the command that needs it, so that
`hptc check` starts fast.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hptc import __version__
from hptc.errors import EXIT_BUG, EXIT_FINDINGS, EXIT_INTERRUPTED, EXIT_USAGE, HptcError, UsageError
from hptc.render.diagnostics import Format

if TYPE_CHECKING:
    from hptc.compiler import Compiled, Workspace

STDIN = "-"


def main() -> None:
    """Run `hptc`, and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    try:
        result = cli.main(list(arguments), prog_name="hptc", standalone_mode=False)
        return result if isinstance(result, int) else 0
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
        # The reader of our output went away, as `| head` does. Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception:
        import traceback

        traceback.print_exc()
        say_error(
            "this is a bug in hptc, not in your files",
            "please report it, with the lines above",
        )
        return EXIT_BUG


def say(text: str) -> None:
    """Talk: to stderr."""
    click.echo(text, err=True)


def say_error(message: str, help: str = "") -> None:
    """Say why nothing more happens."""
    say(click.style("error", fg="red", bold=True) + f": {message}")
    if help:
        say(f"help: {help}")


def show(text: str) -> None:
    """Give out a result: to stdout, as it is."""
    if text:
        click.echo(text, nl=not text.endswith("\n"))


def in_color(stream: Any) -> bool:
    """Whether a stream shows colours: a terminal, and NO_COLOR (https://no-color.org) is not set."""
    return stream.isatty() and "NO_COLOR" not in os.environ


PATHS = click.argument("paths", nargs=-1, type=click.Path())
ENV = click.option(
    "--env", metavar="NAME", envvar="HPTC_ENV", help="The environment of hptc.yaml to compile in."
)
SELECT = click.option(
    "--select", metavar="CODES", help="Run only rules whose codes begin so: HPT2,HPT301."
)
IGNORE = click.option("--ignore", metavar="CODES", help="Leave out rules whose codes begin so.")


def spec_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command that compiles specs."""
    return ENV(SELECT(IGNORE(function)))


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="hptc")
def cli() -> None:
    """Infrastructure as code for Amazon SageMaker Automatic Model Tuning.

    Specs are YAML files; a request in the API's own form (JSON or YAML) is read too, and `-` reads
    stdin. Exit codes: 0 fine, 1 findings, 2 usage or unreadable input, 3 AWS refused or an
    operation failed, 70 a bug in hptc, 130 interrupted.
    """


@cli.command()
@PATHS
@spec_options
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in Format]),
    default="text",
    show_default=True,
    help="How findings are shown.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default="error",
    show_default=True,
    help="The least severity that makes the exit code 1.",
)
def check(paths: tuple[str, ...], form: str, fail_on: str, **options: Any) -> int:
    """Find what AWS would refuse, before it does. Quiet when there is nothing to say."""
    from hptc.render.diagnostics import render, tally

    compiled = compile_all(paths, **options)
    diagnostics = all_diagnostics(compiled)
    show(render(diagnostics, Format(form), color=in_color(sys.stdout)))
    files = f"{len(compiled)} file{'s' if len(compiled) != 1 else ''}"
    suppressed = sum(len(one.suppressed) for one in compiled)
    more = f", {suppressed} suppressed" if suppressed else ""
    say(f"checked {files}: {tally(diagnostics)}{more}")
    failing = diagnostics if fail_on == "warning" else [d for d in diagnostics if d.is_error]
    return EXIT_FINDINGS if failing else 0


@cli.command("compile")
@PATHS
@spec_options
@click.option("-o", "--output", metavar="DIR", help="Write one file a spec into this folder.")
@click.option(
    "--format", "form", type=click.Choice(["json", "yaml"]), default="json", show_default=True
)
@click.option("--resolve", is_flag=True, help="Fill in what the deployed stacks provide.")
@click.option("--skeleton", is_flag=True, help="Print a commented spec with every key instead.")
def compile_command(
    paths: tuple[str, ...],
    output: str | None,
    form: str,
    resolve: bool,
    skeleton: bool,
    **options: Any,
) -> int:
    """Compile specs into CreateHyperParameterTuningJob requests.

    One spec goes to stdout, ready for `aws sagemaker create-hyper-parameter-tuning-job
    --cli-input-json file://…`; several go into a folder. What only a deployment can tell stands as
    ${hptc:name} until --resolve.
    """
    if skeleton:
        from hptc.skeleton import skeleton as skeleton_text

        show(skeleton_text())
        return 0
    from hptc.files import write_all
    from hptc.render.requests import render_request

    compiled = compile_all(paths, **options)
    if report(compiled):
        return EXIT_FINDINGS
    if len(compiled) > 1 and output is None:
        raise UsageError(
            f"{len(compiled)} specs don't fit into one request", help="say -o DIR: one file each"
        )
    requests = {one.name: one.request or {} for one in compiled}
    if resolve:
        requests = {one.name: resolved(one) for one in compiled}
    texts = {name: render_request(request, form) for name, request in requests.items()}
    if output is None:
        show("".join(texts.values()))
        return 0
    write_all({Path(output, f"{name}.{form}"): text for name, text in texts.items()})
    say(f"wrote {len(texts)} request{'s' if len(texts) != 1 else ''} to {output}")
    return 0


@cli.command("import")
@click.argument("file", required=False)
@click.option("--job", metavar="NAME", help="Import a tuning job of AWS by its name.")
@click.option("--region", help="The Region of that job.")
@click.option("--name", metavar="NAME", help="The spec's name; made from the job's when absent.")
@click.option("-o", "--output", metavar="FILE", help="Write the spec to a file.")
def import_command(
    file: str | None, job: str | None, region: str | None, name: str | None, output: str | None
) -> int:
    """Turn a request, a Describe response or a job in AWS into a spec whose compile equals it."""
    from hptc.importing import read_request, write_spec

    if (file is None) == (job is None):
        raise UsageError("say what to import: a FILE, `-` for stdin, or --job NAME")
    if job is not None:
        request, origin = described(job, region), f"the tuning job {job}"
    else:
        text, origin = read_input(file or STDIN)
        request = read_request(text, origin)
    spec = write_spec(request, name=name, origin=Path(origin).name)
    if output is None:
        show(spec)
        return 0
    from hptc.files import write_whole

    if Path(output).exists():
        raise UsageError(f"{output}: is there already", help="remove it, or choose another name")
    write_whole(Path(output), spec)
    say(f"wrote {output}")
    return 0


@cli.command()
@click.option("--project", is_flag=True, help="The schema of hptc.yaml instead.")
def schema(project: bool) -> None:
    """Write the JSON Schema of specs, for editors and other tools."""
    import json

    from hptc.schema import project_schema, spec_schema

    show(json.dumps(project_schema() if project else spec_schema(), indent=2, ensure_ascii=False))


@cli.command()
@click.argument("code", required=False)
@click.option("--all", "everything", is_flag=True, help="Every rule.")
def explain(code: str | None, everything: bool) -> None:
    """Explain a rule: what it finds, why it matters, and an example of each."""
    from hptc.rules.pages import page, pages

    if everything == (code is not None):
        raise UsageError("say a code such as HPT203, or --all")
    show(pages() if everything else page(code or ""))


@cli.command()
@ENV
@click.option("--yes", is_flag=True, help="Don't ask before changes that broaden permissions.")
@click.argument("specs", nargs=-1)
def deploy(env: str | None, yes: bool, specs: tuple[str, ...]) -> int:
    """Deploy the stacks of one environment with the AWS CDK: the foundation, and one a spec.

    SPECS limits it to the foundation and these specs' stacks.
    """
    from hptc.deployment import deploy as deploy_stacks

    return deploy_stacks(Path.cwd(), env, specs, ask=not yes, say=say)


@cli.command()
@PATHS
@spec_options
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@click.option(
    "--rerun", type=click.IntRange(1, 999), metavar="N", help="Repeat the same content as run N."
)
def submit(paths: tuple[str, ...], dry_run: bool, rerun: int | None, **options: Any) -> int:
    """Create the tuning jobs of specs. The same content is never sent twice."""
    from hptc.aws.session import clients
    from hptc.render.submissions import render_submission
    from hptc.submission import submit as submit_one

    compiled = compile_all(paths, **options)
    if report(compiled):
        return EXIT_FINDINGS
    for one in compiled:
        tuning, stacks = clients(one.environment, writes=not dry_run)
        outcome = submit_one(
            one,
            tuning,
            stacks,
            rerun=rerun,
            dry_run=dry_run,
            provenance=provenance(one),
            progress=say,
        )
        show(render_submission(outcome))
    return 0


@cli.command()
@click.argument("name")
@ENV
@click.option("--region", help="The Region, when it is not an environment's.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(name: str, env: str | None, region: str | None, as_json: bool) -> None:
    """Show how a tuning job is doing. NAME is a job's, or a spec's file."""
    from hptc.aws.client import tuning_client
    from hptc.aws.jobs import job_status
    from hptc.render.jobs import render_status, status_json

    tuning = tuning_client(region_of(env, region))
    found = job_status(tuning, job_name_of(name, env))
    show(status_json(found) if as_json else render_status(found, color=in_color(sys.stdout)))


@cli.command("list")
@ENV
@click.option("--region", help="The Region, when it is not an environment's.")
@click.option("--contains", metavar="TEXT", default="", help="Only names that hold this.")
@click.option("--status", "state", default="", help="Only this status, as AWS writes it.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_command(
    env: str | None, region: str | None, contains: str, state: str, limit: int, as_json: bool
) -> None:
    """List tuning jobs, the newest first."""
    from hptc.aws.client import tuning_client
    from hptc.render.jobs import jobs_json, render_jobs

    tuning = tuning_client(region_of(env, region))
    jobs = list(tuning.list_jobs(name_contains=contains, status=state, limit=limit))
    show(jobs_json(jobs) if as_json else render_jobs(jobs, color=in_color(sys.stdout)))


@cli.command()
@click.argument("name")
@ENV
@click.option("--region", help="The Region, when it is not an environment's.")
def stop(name: str, env: str | None, region: str | None) -> None:
    """Stop one tuning job, the one that NAME names. Nothing is deleted."""
    from hptc.aws.client import tuning_client
    from hptc.submission import stop as stop_one

    show(stop_one(tuning_client(region_of(env, region)), name))


@cli.command()
@click.argument("folder", type=click.Path())
@click.option("--name", help="The project's name; the folder's when absent.")
def init(folder: str, name: str | None) -> None:
    """Write a project to start from: hptc.yaml, a spec, a CDK app, a CI workflow, editor settings."""
    from hptc.scaffold import write_project

    for path in write_project(Path(folder), name=name):
        show(str(path))
    say(f"next: cd {folder} && hptc check")


@cli.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--account", default="123456789012", show_default=True)
@click.option("--region", default="us-east-1", show_default=True)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def sandbox(port: int, account: str, region: str, command: tuple[str, ...]) -> int:
    """Start the local AWS endpoint, or run one command against it: hptc sandbox -- CMD…

    It is moto behind one loopback port. cdk, the AWS CLI and boto3 work against it; it trains
    nothing, and says so.
    """
    require("moto", "sandbox")
    from hptc.sandbox.run import run as run_command
    from hptc.sandbox.run import serve
    from hptc.sandbox.server import Sandbox

    with Sandbox(port=port, account=account, region=region) as endpoint:
        say(endpoint.describe())
        if command:
            return run_command(list(command), endpoint)
        for key, value in endpoint.environment().items():
            show(f"export {key}={_shell_quoted(value)}")
        sys.stdout.flush()
        say("listening; press Ctrl-C to stop")
        serve(endpoint)
    return 0


def _shell_quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)


def compile_all(
    paths: tuple[str, ...], env: str | None, select: str | None, ignore: str | None
) -> list[Compiled]:
    """Compile what the arguments name: files, folders, `-`, or the project that we stand in."""
    from hptc import project
    from hptc.compiler import Workspace, compile_paths
    from hptc.rules.check import selected

    workspace = Workspace(environment=env, rules=selected(select, ignore))
    if STDIN in paths:
        if len(paths) > 1:
            raise UsageError("`-` stands alone: stdin is one file")
        return [compile_stdin(workspace)]
    if not paths:
        root = project.find(Path.cwd())
        if root is None:
            raise UsageError("say which files or folders: there is no hptc.yaml here or above")
        paths = (str(root.parent),)
    return compile_paths(list(paths), workspace)


def compile_stdin(workspace: Workspace) -> Compiled:
    """Compile stdin as a file of the folder that we stand in."""
    from hptc.compiler import compile_text

    text, name = read_input(STDIN)
    found, faults = workspace.project_of(Path.cwd())
    if faults:
        raise UsageError(f"hptc.yaml: {faults[0].message}", help="hptc check shows the place")
    return compile_text(text, name, workspace, found)


def read_input(file: str) -> tuple[str, str]:
    """The text and the name of a file, or of stdin."""
    from hptc import source

    if file == STDIN:
        return source.decode(sys.stdin.buffer.read(source.MAX_BYTES + 1), "stdin"), "stdin"
    return source.read(file), file


def all_diagnostics(compiled: list[Compiled]) -> list[Any]:
    """Every diagnostic once: one of hptc.yaml belongs to each of its specs."""
    return list(dict.fromkeys(d for one in compiled for d in one.diagnostics))


def report(compiled: list[Compiled]) -> bool:
    """Say what was found, to stderr; whether it stops the command."""
    from hptc.render.diagnostics import render, tally

    diagnostics = all_diagnostics(compiled)
    if diagnostics:
        say(render(diagnostics, Format.TEXT, color=in_color(sys.stderr)))
    if any(one.has_errors for one in compiled):
        say(f"{tally(diagnostics)}: nothing was written or sent")
        return True
    return False


def resolved(one: Compiled) -> dict[str, Any]:
    """A request with what its environment's stacks provide."""
    from hptc.aws.session import clients
    from hptc.submission import resolve_references

    _, stacks = clients(one.environment, writes=False)
    return resolve_references(one, stacks)


def described(job: str, region: str | None) -> Any:
    """AWS's description of a tuning job, with its tags as it was asked for."""
    from hptc.aws.client import tuning_client
    from hptc.aws.jobs import described_request

    return described_request(tuning_client(region), job)


def region_of(env: str | None, region: str | None) -> str | None:
    """The Region that was named, else that of the environment, else boto's own choice."""
    if region is not None:
        return region
    from hptc.compiler import Workspace

    found, _ = Workspace().project_of(Path.cwd())
    environment = found.environment(env) if found else None
    return environment.region if environment else None


def job_name_of(name: str, env: str | None) -> str:
    """A job's name as it is; a spec's file stands for the job that it compiles to."""
    if not Path(name).is_file():
        return name
    (one,) = compile_all((name,), env=env, select=None, ignore=None)
    if one.job is None:
        report([one])
        raise UsageError(f"{name}: does not compile, so it has no job")
    return one.job.name


def provenance(one: Compiled) -> Any:
    """Where a spec comes from: its path in its repository, and the commit."""
    from hptc.provenance import provenance_of

    return provenance_of(Path(one.file))


def require(module: str, extra: str) -> None:
    """Raise UsageError when an optional dependency is not installed."""
    from importlib.util import find_spec

    if find_spec(module) is None:
        raise UsageError(
            f"this needs {module}, which is not installed", help=f"pip install 'hptc[{extra}]'"
        )
