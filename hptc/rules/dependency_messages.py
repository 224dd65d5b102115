"""Messages for violated dependencies between the settings of a training job."""

from __future__ import annotations

from collections.abc import Mapping

from hptc.catalog.algorithms import Algorithm
from hptc.catalog.setting_dependencies import Clause, Dependency, Subject
from hptc.request.possible_settings import Setting
from hptc.text import code, listed, listed_code, plural, shortened

_MAX_TEXT_LENGTH = 60
_PROCESSOR = Subject("instance", "processor")  # the catalog only ever requires a GPU
_NEGATIVE = ("absent", "not_in_or_absent", "lacks_elements")
_STATED_BY_OTHERS = ("absent", "in_or_absent", "not_in_or_absent", "has_element_or_absent")
_COMPARISONS = {
    "at_least": "at least",
    "at_most": "at most",
    "greater_than": "above",
    "less_than": "below",
    "at_most_hyperparameter": "at most",
    "less_than_hyperparameter": "below",
}

Settings = Mapping[Subject, Setting]
"""The setting of each subject that is set, in one possible training job."""


def problem(
    algorithm: Algorithm, dependency: Dependency, violated: Clause, settings: Settings
) -> str:
    """The message of a finding."""
    title = algorithm.title_in_version
    causes = [
        _cause(clause, settings)
        for clause in dependency.conditions
        if clause.operator not in _STATED_BY_OTHERS
        and not _is_about(violated.subject, clause.subject)
    ]
    if violated.operator in _NEGATIVE:
        excluded = _excluded_setting(violated, settings)
        if causes:
            return f"{title} can't combine {listed(causes)} with {excluded}"
        return f"{title} fails with {excluded}"
    subject = listed(causes) if causes else title
    verb = "require" if len(causes) > 1 else "requires"
    return f"{subject} {verb} {_requirement(violated)}, but {_actual(violated, settings)}"


def _is_about(subject: Subject, other: Subject) -> bool:
    """Whether a subject is the other one, or a field of the other one's channel."""
    return subject == other or (
        subject.kind == other.kind == "channel" and subject.name.startswith(f"{other.name}.")
    )


def advice(dependency: Dependency, violated: Clause, settings: Settings) -> str:
    """The help text; empty if several fixes are equally likely."""
    if dependency.help:
        return dependency.help
    name, values = violated.subject.name, violated.values
    if violated.subject.kind == "metric":
        return "choose another objective metric"
    if violated.subject == _PROCESSOR:
        return "use a GPU instance, such as ml.g5.xlarge"
    if violated.subject.kind == "channel":
        is_listed = violated.operator in ("in", "in_or_absent")
        return f"use {code(values[0])}" if is_listed else ""
    if violated.subject.kind != "hyperparameter":
        return ""
    if violated.operator == "present" or violated.subject not in settings:
        return f"set `{name}: {values[0]}`" if violated.operator == "in" else f"set `{name}`"
    if violated.operator in ("in", "in_or_absent"):
        return f"set `{name}: {values[0]}`"
    if violated.operator in _NEGATIVE:
        return f"change or remove `{name}`"
    return f"change `{name}`"


def no_effect(name: str, algorithm: Algorithm, unmet: Clause, setting: Setting | None) -> str:
    """The message for a range that the algorithm does not use, with the setting that decides."""
    title = algorithm.title_in_version
    if setting is not None:
        return (
            f"{code(name)} is tuned, but {title} ignores it with {_named(unmet.subject, setting)}"
        )
    condition = f"{_name(unmet.subject)} is {listed_code(unmet.values, 'or')}"
    return f"{code(name)} is tuned, but {title} ignores it unless {condition}"


def effect_advice(unmet: Clause) -> str:
    """The help text for a range that the algorithm does not use."""
    name = unmet.subject.name
    is_listed = unmet.operator in ("in", "in_or_absent")
    change = f"set `{name}: {unmet.values[0]}`" if is_listed else f"change {code(name)}"
    return f"remove the range, or {change}"


def _cause(clause: Clause, settings: Settings) -> str:
    setting = settings.get(clause.subject)
    if setting is None or clause.operator == "present":
        return _name(clause.subject)
    if clause.operator == "has_element":
        return _elements(clause, setting)
    return _named(clause.subject, setting)


def _excluded_setting(clause: Clause, settings: Settings) -> str:
    """The setting that a negative requirement excludes."""
    setting = settings[clause.subject]
    if clause.operator == "lacks_elements":
        return _elements(clause, setting)
    return _named(clause.subject, setting)


def _elements(clause: Clause, setting: Setting) -> str:
    """The elements of a list that a condition is about."""
    elements = [element for element in setting.text.split(",") if element in clause.values]
    return f"{listed_code(elements)} in {_name(clause.subject)}"


def _named(subject: Subject, setting: Setting) -> str:
    text = shortened(setting.text, _MAX_TEXT_LENGTH)
    if subject.kind == "metric":
        return f"the objective metric `{text}`"
    if subject == _PROCESSOR:
        return text
    if subject.kind == "channel":
        return f"`{text}` as {_name(subject)}" if "." in subject.name else _name(subject)
    return f"`{_name(subject).strip('`')}: {text}`"


def _name(subject: Subject) -> str:
    if subject.kind == "metric":
        return "the objective metric"
    if subject.kind == "instance":
        return "`instance_count`" if subject.name == "count" else "the instance"
    if subject.kind == "channel":
        channel, _, field = subject.name.partition(".")
        of = f"the {field.replace('_', ' ')} of " if field else ""
        return f"{of}the channel `{channel}`"
    return code(subject.name)


def _requirement(clause: Clause) -> str:
    name, values = _name(clause.subject), clause.values
    if clause.operator == "present":
        return name
    if clause.subject == _PROCESSOR:
        return "an instance with a GPU"
    if clause.operator in _COMPARISONS:
        other = code(values[0]) if len(clause.subjects) > 1 else values[0]
        return f"{name} to be {_COMPARISONS[clause.operator]} {other}"
    return f"{name} to {_required_state(clause)}"


def _required_state(clause: Clause) -> str:
    words = clause.values
    if clause.operator == "starts_with_any":
        return f"start with {listed_code(words, 'or')}"
    if clause.operator == "length_equals":
        return f"have {plural(int(words[0]), 'element')}"
    if clause.operator == "count_of_elements_in_at_most":
        return f"contain at most {clause.at_most} of {listed_code(words)}"
    if clause.operator == "elements_in":
        return f"contain only {listed_code(words, 'or')}"
    if clause.operator == "first_element_not_in":
        return f"start with an element other than {listed_code(words, 'or')}"
    if clause.operator in ("has_element", "has_element_or_absent"):
        return f"contain {listed_code(words, 'or')}"
    if clause.operator == "present_and_not_in":
        return f"be set to something other than {listed_code(words, 'or')}"
    return f"be {listed_code(words, 'or')}"


def _actual(clause: Clause, settings: Settings) -> str:
    setting = settings.get(clause.subject)
    if setting is None:
        is_channel = clause.subject.kind == "channel" and "." not in clause.subject.name
        return "there is none" if is_channel else "it is not set"
    text = shortened(setting.text, _MAX_TEXT_LENGTH)
    if clause.subject == _PROCESSOR:
        return f"{text} has none"
    if len(clause.subjects) > 1 and clause.subjects[1] in settings:
        other = settings[clause.subjects[1]].text
        return f"they are {text} and {shortened(other, _MAX_TEXT_LENGTH)}"
    return f"it is {code(text) if clause.operator not in _COMPARISONS else text}"
