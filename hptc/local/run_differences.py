"""How a run on this machine differs from one on AWS, for users who compare the two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hptc.frozen import frozen
from hptc.local.channel_links import outside_links
from hptc.local.container_files import checkpoint_place
from hptc.local.input_data import PIPE
from hptc.local.run_options import Launch
from hptc.local.search.autotune import autotuned
from hptc.local.unknown_values import unknown_values
from hptc.request.job_facts import definition_name
from hptc.request.tuning_job import Definition, TuningJob
from hptc.text import code, listed_code, plural


def differences(job: TuningJob, launches: Sequence[Launch], *, is_dry: bool = False) -> list[str]:
    """The differences from AWS, as sentences without a period."""
    notes = ["the search is hptc's own: AWS would choose other configurations"]
    choices = autotuned(job).choices
    if choices:
        notes.append(f"Autotune's choices are hptc's own: {'; '.join(choices)}")
    if is_dry:
        return notes
    by_name = {launch.definition: launch for launch in launches}
    started = [
        _Started(definition=definition, launch=by_name[name])
        for definition in job.definitions
        if (name := definition_name(job, definition)) in by_name
    ]
    notes.append("every training job runs on this machine; instance types and sizes are ignored")
    notes += dict.fromkeys(_replaced_images(started))
    notes += _container_differences(started)
    notes += _process_differences(started)
    notes += _manifest_differences(started)
    notes += dict.fromkeys(note for run in started for note in unknown_values(run.definition))
    instances = (instance for definition in job.definitions for instance in definition.instances)
    gpu = sorted({instance.type for instance in instances if has_gpu(instance.type)})
    if gpu:
        notes.append(f"{listed_code(gpu)} {'has' if len(gpu) == 1 else 'have'} GPUs")
    if any(definition.is_spot for definition in job.definitions):
        notes.append("nothing interrupts training jobs, unlike managed spot training")
    return notes


def has_gpu(instance_type: str) -> bool:
    """Whether an instance type has NVIDIA GPUs."""
    return instance_type.startswith(("ml.p", "ml.g"))


@frozen
class _Started:
    """A definition whose training jobs run on this machine, and how they start."""

    definition: Definition
    launch: Launch


def _replaced_images(started: Sequence[_Started]) -> Iterator[str]:
    """The images that are not used, and what runs instead."""
    for run in started:
        image = run.definition.training_image or run.definition.algorithm_name or ""
        if run.launch.replacement:
            yield (
                f"{code(image.rpartition('/')[2])} is not used; {code(run.launch.replacement)} "
                "stands in for it"
            )


def _container_differences(started: Sequence[_Started]) -> Iterator[str]:
    """What differs in containers of this machine."""
    if any(run.launch.image for run in started):
        yield "containers have no AWS credentials, and use all CPUs and memory of this machine"
        yield "input channels are read-only in containers; in File mode, AWS has a copy"
    yield from dict.fromkeys(_links(started))


def _links(started: Sequence[_Started]) -> Iterator[str]:
    """The links in input channels that a container can't follow."""
    for run in started:
        piped = {channel.name for channel in run.definition.channels if channel.input_mode == PIPE}
        for name, path in run.launch.channels.items() if run.launch.image else ():
            links = outside_links(path) if name not in piped else ()
            if links:
                which = (
                    f"the link {code(links[0])} leads"
                    if len(links) == 1
                    else f"{code(links[0])} and {plural(len(links) - 1, 'other link')} lead"
                )
                yield (
                    f"in the channel {code(name)}, {which} out of its folder, so a container "
                    "finds no file there; copy what it needs into the folder"
                )


def _process_differences(started: Sequence[_Started]) -> Iterator[str]:
    """What differs without a container."""
    processes = [run.definition for run in started if not run.launch.image]
    fast_file = [
        channel.name
        for definition in processes
        for channel in definition.channels
        if channel.input_mode == "FastFile"
    ]
    if fast_file:
        names = listed_code(dict.fromkeys(fast_file))
        noun = "channel" if len(set(fast_file)) == 1 else "channels"
        yield f"the {noun} {names} can be written to, which FastFile mode prevents on AWS"
    piped = [
        channel.name
        for run in started
        if run.launch.stand_in
        for channel in run.definition.channels
        if channel.input_mode == PIPE
    ]
    if piped:
        yield f"stand-ins read {listed_code(dict.fromkeys(piped))} from files, not in Pipe mode"
    places = {
        definition.checkpoint_local_path
        for definition in processes
        if definition.checkpoint_uri is not None and checkpoint_place(definition) is None
    }
    if places:
        yield f"checkpoints in {listed_code(sorted(map(str, places)))} are not kept for a restart"
    if any(definition.is_isolated for definition in processes):
        yield "network isolation is off: training jobs can use the network"


def _manifest_differences(started: Sequence[_Started]) -> Iterator[str]:
    """Where the files of manifests are, which AWS doesn't document."""
    names = dict.fromkeys(
        channel.name
        for run in started
        if not run.launch.stand_in
        for channel in run.definition.channels
        if channel.name in run.launch.listed_channels and channel.input_mode != PIPE
    )
    if names:
        yield (
            f"the files in {listed_code(names)} are stored under the full keys of their manifest; "
            "AWS doesn't document where it puts them, so a script should look in all folders"
        )


def more_than_available(job: TuningJob, cpus: int) -> str | None:
    """A note on more parallel training jobs than this machine has CPUs."""
    if job.max_parallel_training_jobs <= cpus:
        return None
    return (
        f"{plural(job.max_parallel_training_jobs, 'training job')} run at a time on "
        f"{plural(cpus, 'CPU')}; use --parallel {cpus} if they compete"
    )
