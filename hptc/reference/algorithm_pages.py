"""Built-in algorithms as pages of Markdown: `hptc explain kmeans`, and docs/algorithms.md."""

from __future__ import annotations

from dataclasses import replace

from hptc.catalog import algorithms, images
from hptc.catalog.accepted_values import Hyperparameter
from hptc.catalog.algorithms import Algorithm, Bounds, Metric, Requirement, Tunable
from hptc.catalog.channels import Channel
from hptc.catalog.setting_dependencies import Clause, Dependency, Usage
from hptc.reference.markdown_table import markdown_table
from hptc.text import code, listed, listed_code

_HEAD = """# Built-in algorithms

What hptc knows about AWS's built-in algorithms: their input channels, hardware, objective metrics
and hyperparameters, in the newest version. `hptc check` reports what contradicts these pages, and
`hptc explain NAME` prints one of them. Recommended ranges are AWS's advice for tuning; other ranges
are fine too. [data.md](data.md) names the sources.
"""
_PHRASES = {
    "present": "{name} is set",
    "absent": "{name} is not set",
    "in": "{name} is {values}",
    "in_or_absent": "{name} is {values} or not set",
    "not_in_or_absent": "{name} is not {values}",
    "present_and_not_in": "{name} is set, and not to {values}",
    "starts_with_any": "{name} starts with {values}",
    "has_element": "{name} contains {values}",
    "has_element_or_absent": "{name} contains {values} or is not set",
    "elements_in": "{name} contains only {values}",
    "lacks_elements": "{name} does not contain {values}",
    "first_element_not_in": "{name} does not start with {values}",
    "length_equals": "the number of elements of {name} is {values}",
    "less_than_hyperparameter": "{name} is below {values}",
    "at_most_hyperparameter": "{name} is at most {values}",
    "less_than": "{name} is below {values}",
    "at_most": "{name} is at most {values}",
    "at_least": "{name} is at least {values}",
    "greater_than": "{name} is above {values}",
}


_DOCS = "https://github.com/hptc/hptc/blob/main/docs/"
"""Where the documentation is for a reader of a terminal; docs/algorithms.md has relative links."""


def algorithm_page(name: str, *, docs: str = _DOCS) -> str | None:
    """The page of an algorithm in its newest version; None if the name is not known.

    Its links to the documentation start with `docs`.
    """
    algorithm = algorithms.algorithm(name)
    return None if algorithm is None else _page(algorithm, docs)


def algorithm_pages() -> str:
    """Every page in the order of the names."""
    pages = (algorithm_page(name, docs="") or "" for name in algorithms.algorithm_names())
    return "\n".join([_HEAD, *pages])


def _page(algorithm: Algorithm, docs: str) -> str:
    parts = [
        f"## {algorithm.title}\n",
        _selection(algorithm, docs),
        _training(algorithm),
        markdown_table(
            ("channel", "required", "content types"), map(_channel_row, algorithm.channels)
        ),
    ]
    if algorithm.metrics:
        has_regex = any(metric.regex for metric in algorithm.metrics)
        heads = ("objective metric", "direction", *(("regular expression",) if has_regex else ()))
        rows = (_metric_row(metric, has_regex=has_regex) for metric in algorithm.metrics)
        required = {hyperparameter.name for hyperparameter in algorithm.required_hyperparameters}
        conditions = [_metric_condition(metric, required) for metric in algorithm.metrics]
        if any(conditions):
            heads = (*heads, "only if")
            rows = ((*row, text) for row, text in zip(rows, conditions, strict=True))
        parts.append(markdown_table(heads, rows))
    else:
        parts.append("AWS documents no objective metric, so it can't be tuned.\n")
    rows = (
        _hyperparameter_row(algorithm, hyperparameter)
        for hyperparameter in algorithm.hyperparameters
    )
    parts.append(markdown_table(("hyperparameter", "values", "required", "tuning"), rows))
    rules = [
        _dependency(dependency)
        for dependency in algorithm.dependencies
        if not dependency.is_about_metric
    ]
    rules += map(_usage, algorithm.usages)
    if rules:
        parts.append("\n".join(f"- {text}" for text in rules) + "\n")
    return "\n".join(parts)


def _selection(algorithm: Algorithm, docs: str) -> str:
    if algorithm.kind == "jumpstart":
        return (
            "A JumpStart script in a framework image: set `training_image`, `sagemaker_program`,\n"
            "`sagemaker_submit_directory` and the metric definition of the objective\n"
            f"([example]({docs}specs.md#jumpstart-algorithms)).\n"
        )
    versions = listed_code(images.versions(algorithm.name))
    return f"`built_in: {algorithm.name}`, version {versions}.\n"


def _training(algorithm: Algorithm) -> str:
    modes = f"{listed(algorithm.input_modes, 'or')} mode"
    processors = listed([processor.upper() for processor in algorithm.processors], "or")
    families = f" ({', '.join(algorithm.gpu_families)})" if algorithm.gpu_families else ""
    instances = "one instance" if algorithm.is_single_instance else "one or several instances"
    condition = algorithm.multi_instance_when
    if condition is not None:
        values = listed_code(condition.values, "or")
        instances += f", or several if {code(condition.hyperparameter)} is {values}"
    spot = "; resumes an interrupted Spot training job" if algorithm.checkpoints else ""
    return f"{modes}; {processors}{families}; {instances}{spot}.\n"


def _channel_row(channel: Channel) -> tuple[str, ...]:
    required = "yes" if channel.is_required else "with image files" * channel.with_image_files
    if channel.without_manifest:
        required = "without an augmented manifest"
    types = ", ".join(map(code, channel.content_types or ())) or "any"
    if channel.pipe_content_types != channel.content_types:
        pipe = ", ".join(map(code, channel.pipe_content_types or ())) or "none"
        types += f"; in Pipe mode {pipe}"
    if channel.label_size is not None:
        types += f"; CSV with `;label_size={channel.label_size}`"
    if channel.distribution is not None:
        case = {"Pipe": " in Pipe mode", "several_instances": " on several instances"}
        types += f"; {channel.distribution}{case.get(channel.distribution_for, '')}"
    return listed_code(channel.names, "or"), required, types


def _metric_row(metric: Metric, *, has_regex: bool) -> tuple[str, ...]:
    regex = (code(metric.regex.replace("|", "\\|")) if metric.regex else "",)
    return code(metric.name), metric.direction, *(regex if has_regex else ())


def _metric_condition(metric: Metric, required: set[str]) -> str:
    """When a training job reports a metric; a required hyperparameter is always set."""
    clauses = (
        replace(clause, operator="in")
        if clause.operator == "in_or_absent" and clause.subject.name in required
        else clause
        for clause in metric.when
    )
    return listed(map(_clause, clauses)) if metric.when else ""


def _hyperparameter_row(algorithm: Algorithm, hyperparameter: Hyperparameter) -> tuple[str, ...]:
    requirement = next(
        (
            required
            for required in algorithm.required_hyperparameters
            if required.name == hyperparameter.name
        ),
        None,
    )
    tunable = algorithm.tunable(hyperparameter.name)
    names = (hyperparameter.name, *hyperparameter.aliases)
    return (
        listed_code(names, "or"),
        _values(hyperparameter),
        _required(requirement),
        _tuning(tunable) if tunable is not None else "",
    )


def _values(hyperparameter: Hyperparameter) -> str:
    """What a value must be, with all words; a message may show only some of them."""
    if hyperparameter.kind != "choice":
        special = (value.text for value in hyperparameter.special)
        return "; ".join((hyperparameter.expected, *special))
    return listed_code((*hyperparameter.scalar.values, *hyperparameter.also), "or")


def _required(requirement: Requirement | None) -> str:
    if requirement is None:
        return ""
    condition = requirement.when
    if condition is None:
        return "yes"
    return f"if {code(condition.hyperparameter)} is {listed_code(condition.values, 'or')}"


def _tuning(tunable: Tunable) -> str:
    advice = ""
    if tunable.recommended is not None:
        advice = f", recommended {_bounds(tunable.recommended)}"
    return f"{' or '.join(tunable.kinds)}{advice}"


def _bounds(bounds: Bounds) -> str:
    if bounds.maximum is None:
        return f"from {bounds.minimum:.15g}"
    return f"{bounds.minimum:.15g} to {bounds.maximum:.15g}"


def _dependency(dependency: Dependency) -> str:
    required = {clause.subject for clause in dependency.requirements}
    conditions = listed(
        _clause(clause)
        for clause in dependency.conditions
        if clause.operator != "present" or clause.subject not in required
    )
    requirements = listed(map(_clause, dependency.requirements))
    return f"{f'if {conditions}, ' if conditions else ''}{requirements}"


def _usage(usage: Usage) -> str:
    names = listed_code(usage.hyperparameters)
    verb = "has" if len(usage.hyperparameters) == 1 else "have"
    return f"{names} {verb} an effect only if {listed(map(_clause, usage.conditions))}"


def _clause(clause: Clause) -> str:
    """A condition in a sentence."""
    values = listed_code((value or '""' for value in clause.values), "or")
    name = code(clause.subject.name or clause.subject.kind)
    if clause.subject.kind == "instance":
        name = "`instance_count`" if clause.subject.name == "count" else "the instance's processor"
    if clause.subject.kind == "channel":
        channel, _, field = clause.subject.name.partition(".")
        of_field = f"the {field.replace('_', ' ')} of " if field else ""
        name = f"{of_field}the channel `{channel}`"
    return _PHRASES.get(clause.operator, f"{{name}} has {clause.operator} {{values}}").format(
        name=name, values=values
    )
