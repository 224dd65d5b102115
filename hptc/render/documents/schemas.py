"""The JSON Schemas of what `--format json` prints, generated from the members of the documents.

Draft 2020-12. No object has members that its schema does not list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from hptc.jobs.plan_file import plan_schema
from hptc.render.documents import (
    costs,
    files,
    findings,
    results,
    reviews,
    stacks,
    tuning_jobs,
)
from hptc.render.documents.envelope import VERSION

DOCUMENTS: Mapping[str, tuple[Any, ...]] = {
    "init": (files.WrittenFilesData,),
    "check": (findings.CheckData,),
    "diff": (reviews.ReviewData,),
    "cost": (costs.CostsData,),
    "preview": (costs.PreviewsData,),
    "metrics": (findings.MetricsData,),
    "explain": (findings.ExplanationData,),
    "deploy": (stacks.DeploymentData,),
    "destroy": (stacks.RemovedStacksData,),
    "submit": (
        tuning_jobs.SubmittedData,
        tuning_jobs.UnchangedData,
        tuning_jobs.DryRunData,
        tuning_jobs.SubmissionsData,
        tuning_jobs.AppliedPlanData,
    ),
    "status": (tuning_jobs.StatusData,),
    "watch": (tuning_jobs.WatchData,),
    "logs": (tuning_jobs.LogsData,),
    "list": (tuning_jobs.JobsData,),
    "stop": (tuning_jobs.StopRequestedData, tuning_jobs.AlreadyOverData),
    "results": (results.ResultsData,),
    "report": (files.WrittenFileData,),
    "next": (files.SpecTextData,),
    "import": (files.SpecTextData,),
    "capture": (files.CaptureData,),
    "sandbox": (files.SandboxData,),
    "prices refresh": (files.WrittenFileData,),
    "local run": (tuning_jobs.LocalStatusData,),
    "local list": (tuning_jobs.LocalJobsData,),
    "local status": (tuning_jobs.LocalStatusData,),
    "local logs": (tuning_jobs.LogsData,),
    "local stop": (tuning_jobs.StopRequestedData, tuning_jobs.AlreadyOverData),
    "local results": (results.LocalResultsData,),
    "local report": (files.WrittenFileData,),
    "local next": (files.SpecTextData,),
}
"""The members of each command's document, or of each of its alternatives. `hptc plan` is not here:
its members are those of a plan file."""

COMMANDS = (*DOCUMENTS, "plan")
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def document_schema(command: str) -> dict[str, Any]:
    """The schema of a command's document. Raises KeyError for a command without a document."""
    is_plan = command == "plan"
    body = _tidied(plan_schema()) if is_plan else _schema_of(command, DOCUMENTS[command])
    return {"$schema": _DIALECT, "title": f"hptc {command} --format json", **body}


def _schema_of(command: str, bodies: tuple[Any, ...]) -> dict[str, Any]:
    mode: JsonSchemaMode = "serialization"
    adapters = [(number, mode, TypeAdapter(body)) for number, body in enumerate(bodies)]
    schemas, shared = TypeAdapter.json_schemas(adapters)
    definitions: dict[str, Any] = shared.get("$defs", {})
    wholes = []
    for number, *_ in adapters:
        name = str(schemas[number, mode].get("$ref", "")).removeprefix("#/$defs/")
        wholes.append(_in_envelope(command, definitions.get(name) or schemas[number, mode]))
    whole = wholes[0] if len(wholes) == 1 else {"anyOf": wholes}
    used = _used(whole, definitions)
    return _tidied({**whole, "$defs": used} if used else whole)


def _in_envelope(command: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """A document's schema: its envelope, then its members."""
    return {
        **body,
        "properties": {
            "version": {"const": VERSION, "type": "integer"},
            "command": {"const": command, "type": "string"},
            **body["properties"],
        },
        "required": ["version", "command", *body["required"]],
    }


def _used(schema: Any, definitions: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions that a schema refers to, in the order of their names."""
    used: set[str] = set()
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            name = str(node.get("$ref", "")).removeprefix("#/$defs/")
            if name in definitions and name not in used:
                used.add(name)
                waiting.append(definitions[name])
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node
    return {name: definitions[name] for name in sorted(used)}


def _tidied(schema: dict[str, Any]) -> dict[str, Any]:
    tidied: dict[str, Any] = _tidy(schema)
    return tidied


def _tidy(schema: Any) -> Any:
    """A schema without titles, and with descriptions on one line."""
    if isinstance(schema, list):
        return [_tidy(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    tidied = {}
    for key, value in schema.items():
        if key == "title" and isinstance(value, str):
            continue
        is_text = key == "description" and isinstance(value, str)
        tidied[key] = " ".join(value.split()) if is_text else _tidy(value)
    return tidied
