"""Renders a tuning job that runs on this machine: its progress, its result, and what failed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, assert_never

from hptc.frozen import frozen
from hptc.jobs.content_changes import ContentChanges
from hptc.local.run_events import Ended, Event, Noted, Opened, Started, Waiting
from hptc.local.run_facts import RunFacts
from hptc.render.documents.envelope import document
from hptc.render.jobs import render_jobs, render_status
from hptc.render.jobs_json import jobs_data, status_data
from hptc.render.results_data import results_data
from hptc.render.tables import WIDTH
from hptc.results.training_results import Results
from hptc.secrets.detector import hide_secrets
from hptc.service.tuning_jobs import FINAL_STATUSES, JobStatus, ListedJob
from hptc.text import clipped, code, duration, listed_code, plural, printable

if TYPE_CHECKING:  # not needed to render
    from hptc.render.documents.results import LocalResultsData
    from hptc.render.documents.tuning_jobs import LocalJobsData, LocalRunData, LocalStatusData

NO_MODEL = (
    "the training job saved nothing in SM_MODEL_DIR, /opt/ml/model in a container: on AWS, its "
    "model artifact would be empty"
)

_MAX_LINE_LENGTH = 300
_SHOWN_LINES = 20
_UNKNOWN_ARGUMENTS = re.compile(
    r"error: unrecognized arguments: (.+)|(?:N|n)o such option:? '?(-[^\s']+)"
)
_REQUIRED_ARGUMENTS = re.compile(r"error: the following arguments are required: (.+)")
_INVALID_ARGUMENT = re.compile(r"error: argument ([^:]+): (invalid [^:]*(?:value|choice): .+)")
_UNKNOWN_CHANNEL = re.compile(r"KeyError: '(SM_CHANNEL_[^']+)'")
_OPT_ML = re.compile(r"No such file or directory: '(/opt/ml[^']*)'")
_OTHER_CHANNEL = re.compile(r"No such file or directory: '/opt/ml/input/data/([^/']+)")
_NO_TRAIN = re.compile(
    r'exec: \\?"train\\?": executable file not found|executable file `train` not found'
)
_NOT_EXECUTABLE = re.compile(r'exec: "([^"]+)": permission denied')
_NO_PROGRAM = re.compile(
    r"^exec (\S+): (exec format error|no such file or directory)$", re.MULTILINE
)
_MISSING_MODULE = re.compile(r"ModuleNotFoundError: No module named '([^']+)'")


def render_event(event: Event, total: int | None) -> str | None:
    """A line of progress; None for an event that is not shown. `total` are all training jobs."""
    match event:
        case Opened(ended=0):
            return None
        case Opened():
            of = f" of {total}" if total else ""
            return f"continues: {event.ended}{of} training jobs have ended"
        case Started(is_again=False):
            return None
        case Started():
            position = _position(event.number, total)
            return f"{position} {event.name}  restarts, because its process is gone"
        case Ended():
            return _ended(event, total)
        case Waiting():
            return render_waiting(event, total)
        case Noted():
            return printable(event.text)
        case _:
            assert_never(event)


def render_waiting(event: Waiting, total: int | None) -> str:
    """What runs, in one line."""
    of = f" of {total}" if total else ""
    latest = f", {event.metric} = {event.latest:g} last" if event.latest is not None else ""
    return (
        f"{event.running} running, {event.ended}{of} ended, "
        f"{duration(round(event.seconds))}{printable(latest)}"
    )


def _position(number: int, total: int | None) -> str:
    width = len(str(total or number))
    return f"[{number:>{width}}{f'/{total}' if total else ''}]"


def _ended(event: Ended, total: int | None) -> str:
    metric = printable(event.metric)
    value = f"{metric} = {event.value:g}" if event.value is not None else f"no {metric}"
    best = "  best so far" if event.is_best else ""
    line = (
        f"{_position(event.number, total)} {event.name}  {event.status:<9}  {value}  "
        f"{event.seconds:.1f} s{best}"
    )
    if event.status == "Failed" and event.reason:
        line += f"\n    {clipped(hide_secrets(event.reason), _MAX_LINE_LENGTH)}"
    return line


def render_local_status(
    status: JobStatus,
    facts: RunFacts,
    changes: ContentChanges | None = None,
    *,
    spec: str = "SPEC",
    color: bool = False,
    width: int = WIDTH,
) -> str:
    """The status of a tuning job on this machine. `spec` is what its user calls the spec."""
    lines = [f"{facts.statement}\n"] if facts.statement else []
    lines.append(render_status(status, changes, folder=facts.folder, color=color, width=width))
    if not status.has_ended and not facts.is_running:
        lines.append(f"no process runs it: {_interrupted_advice(status.name, spec, changes)}")
    return "\n".join(lines)


def _interrupted_advice(name: str, spec: str, changes: ContentChanges | None) -> str:
    stops = f"`hptc local stop {name}` stops it"
    if changes is not None and changes.is_changed is not False:
        return f"{stops}; the changed spec is another tuning job"
    return f"`hptc local run {printable(spec)} --resume` continues it, {stops}"


def local_status_json(
    status: JobStatus,
    facts: RunFacts,
    changes: ContentChanges | None = None,
    *,
    command: str = "local status",
) -> str:
    """The document of `hptc local status`, or of `hptc local run` when it ends."""
    data: LocalStatusData = {**status_data(status, changes), "local": _facts_data(facts)}
    return document(command, data)


def local_results_json(results: Results, facts: RunFacts, *, top: int | None) -> str:
    """The document of `hptc local results`: that of `hptc results`, and `local`."""
    data: LocalResultsData = {**results_data(results, top=top), "local": _facts_data(facts)}
    return document("local results", data)


def _facts_data(facts: RunFacts) -> LocalRunData:
    return {
        "folder": facts.folder,
        "dry_run": facts.is_dry,
        "running": facts.is_running,
        "stand_ins": list(facts.stand_ins),
    }


def render_local_jobs(
    jobs: Sequence[ListedJob],
    facts: Mapping[str, RunFacts],
    *,
    color: bool = False,
    width: int = WIDTH,
) -> str:
    """A list of tuning jobs on this machine, as text. `facts` are by the name of the job."""
    lines = [render_jobs(jobs, color=color, width=width)]
    lines += [
        f"{title}: {', '.join(names)}"
        for title, names in (
            ("dry runs, whose values are made up", _dry(facts)),
            ("with stand-ins for AWS's algorithms", list(_stand_ins(facts))),
            ("interrupted, no process runs them", _interrupted(jobs, facts)),
        )
        if names
    ]
    return "\n".join(lines)


def local_jobs_json(jobs: Sequence[ListedJob], facts: Mapping[str, RunFacts]) -> str:
    """The document of `hptc local list`: that of `hptc list`, and what is special about some."""
    data: LocalJobsData = {
        **jobs_data(jobs),
        "dry_runs": _dry(facts),
        "stand_ins": _stand_ins(facts),
        "interrupted": _interrupted(jobs, facts),
    }
    return document("local list", data)


def _dry(facts: Mapping[str, RunFacts]) -> list[str]:
    return [name for name, run in facts.items() if run.is_dry]


def _stand_ins(facts: Mapping[str, RunFacts]) -> dict[str, list[str]]:
    return {name: list(run.stand_ins) for name, run in facts.items() if run.stand_ins}


def _interrupted(jobs: Sequence[ListedJob], facts: Mapping[str, RunFacts]) -> list[str]:
    names = [job.summary.name for job in jobs if job.summary.status not in FINAL_STATUSES]
    return [name for name in names if not facts[name].is_running]


@frozen
class ScriptInputs:
    """What a spec gives to a script, and what the script reads."""

    hyperparameters: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    channel_variables: tuple[str, ...] = ()  # such as SM_CHANNEL_TRAIN, that the script reads
    added: tuple[str, ...] = ()  # arguments that the container adds to the hyperparameters
    in_container: bool = False  # whether it runs in its image


def render_failure(event: Ended, inputs: ScriptInputs, log: str) -> str:
    """What went wrong in a training job, the end of its log, and what to do about it."""
    if event.status == "Failed":
        headline = f"{event.name} failed with exit code {event.exit_code}"
    elif event.value is None:
        headline = f"{event.name} ended, but its log has no value of {printable(event.metric)}"
    else:
        return ""
    lines = [headline]
    shown = [clipped(hide_secrets(line), _MAX_LINE_LENGTH) for line in event.last_lines]
    if shown:
        shown = shown[-_SHOWN_LINES:]
        lines.append(f"the last {plural(len(shown), 'line')} of {printable(log)}:")
        lines += [f"  | {line}" for line in shown]
    else:
        lines.append("its log is empty")
    lines += [f"help: {advice}" for advice in _advice(event, inputs)]
    return "\n".join(lines)


def _advice(event: Ended, inputs: ScriptInputs) -> Iterator[str]:
    text = "\n".join(event.last_lines)
    yield from _advice_on_arguments(text, inputs)
    yield from _advice_on_channels(text, inputs)
    missing = _MISSING_MODULE.search(text)
    if missing is not None:
        yield (
            f"add {missing[1]} to the image, or to requirements.txt if the image has the training "
            "toolkit, which installs it"
            if inputs.in_container
            else f"install {missing[1]} for the Python that runs the script, choose another with "
            "--python PATH, or use --install-requirements if requirements.txt names it"
        )
    if inputs.in_container:
        yield from _advice_on_images(text)
    if event.status != "Failed":
        yield (
            f"print a line that the expression of {printable(event.metric)} matches, or correct it"
        )


def _advice_on_images(text: str) -> Iterator[str]:
    """Why the program of an image didn't start."""
    if _NO_TRAIN.search(text):
        yield (
            "AWS runs `docker run IMAGE train`: the image needs a program `train` on its PATH, or "
            "an entry point that takes `train` as its argument"
        )
    refused = _NOT_EXECUTABLE.search(text)
    if refused is not None:
        yield f"make the file executable: `RUN chmod +x {printable(refused[1])}` in the Dockerfile"
    unknown = _NO_PROGRAM.search(text)
    if unknown is None:
        return
    if unknown[2] == "exec format error":
        yield (
            f"{code(unknown[1])} is not a program for this machine: a script needs a first line "
            "such as `#!/usr/bin/env python3`, and an image for the x86 processors of most "
            "instance types is built with `docker build --platform linux/amd64`"
        )
    else:
        yield (
            f"the program that the first line of {code(unknown[1])} names is not in the image; a "
            "line that ends with CRLF names none either"
        )


def _advice_on_arguments(text: str, inputs: ScriptInputs) -> Iterator[str]:
    unknown = _UNKNOWN_ARGUMENTS.search(text)
    options = {
        name: f"--{name}" if len(name) > 1 else f"-{name}" for name in inputs.hyperparameters
    }
    refused = [] if unknown is None else (unknown[1] or unknown[2]).split()
    added = [f"--{name}" for name in inputs.added if f"--{name}" in refused]
    if added:
        yield (
            f"AWS's container passes {listed_code(added)} to the script of every tuning job: add "
            f"{'it' if len(added) == 1 else 'them'} to the script's arguments"
        )
    names = [name for name, option in options.items() if option in refused and option not in added]
    if names:
        noun = "hyperparameter" if len(names) == 1 else "hyperparameters"
        yield (
            f"the script does not take the {noun} {listed_code(names)}: add "
            f"{listed_code(options[name] for name in names)} to its arguments, or remove "
            f"{'it' if len(names) == 1 else 'them'} from the spec"
        )
    required = _REQUIRED_ARGUMENTS.search(text)
    if required is not None:
        wanted = [name.split("/")[-1] for name in required[1].split(", ")]
        yield (
            f"the script requires {listed_code(wanted)}: add the hyperparameter to the spec, or "
            "give the argument a default"
        )
    invalid = _INVALID_ARGUMENT.search(text)
    if invalid is not None:
        yield (
            f"the script can't read {code(invalid[1].split('/')[-1])}: {printable(invalid[2])}; "
            "change the range in the spec, or the type of the argument"
        )


def _advice_on_channels(text: str, inputs: ScriptInputs) -> Iterator[str]:
    known = {f"SM_CHANNEL_{name.upper()}" for name in inputs.channels}
    named = _UNKNOWN_CHANNEL.search(text)
    read = [named[1]] if named is not None else inputs.channel_variables
    unknown = [variable for variable in read if variable not in known]
    if unknown:
        has = listed_code(inputs.channels) if inputs.channels else "none"
        names = listed_code(variable.removeprefix("SM_CHANNEL_").lower() for variable in unknown)
        yield (
            f"the script reads {listed_code(unknown)}, but the spec has no input channel {names}; "
            f"it has {has}"
        )
    if inputs.in_container:
        other = _OTHER_CHANNEL.search(text)
        if other is not None and other[1] not in inputs.channels:
            has = listed_code(inputs.channels) if inputs.channels else "none"
            yield (
                f"the script reads {code('/opt/ml/input/data/' + other[1])}, but the spec has no "
                f"input channel {code(other[1])}; it has {has}"
            )
        return
    absolute = _OPT_ML.search(text)
    if absolute is not None:
        yield (
            f"{code(absolute[1])} does not exist on this machine: read SM_MODEL_DIR, "
            "SM_CHANNEL_TRAIN and the other variables instead, or run the image with --docker"
        )
