"""The JSON Schemas accept and reject what the models and AWS do."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from hptc.compiler.pipeline import compile_text
from hptc.compiler.workspace import Workspace
from hptc.reference.language import every_key
from hptc.reference.schema import portable_pattern, project_schema, spec_schema
from hptc.reference.schema_hints import EXCLUSIVE
from hptc.request.emission import unwrapped
from hptc.request.names import Hyperparameters
from hptc.request.shapes import Shape, input_shape
from hptc.source.construction import construct_data
from hptc.source.document import parse_document
from hptc.spec.tuning_spec import parse_spec
from tests.support.paths import ROOT

SPEC = spec_schema()
PROJECT = project_schema()
SCHEMAS = {"spec": SPEC, "project": PROJECT}


def data_of(text: str) -> Any:
    document, faults = parse_document(text, "test.yaml")
    assert faults == []
    data, faults = construct_data(document)
    assert faults == []
    return unwrapped(data)


def error_of(data: Any, schema: dict[str, Any] = SPEC) -> tuple[str, str] | None:
    """The path and message of the best matching error, with those of its alternatives."""
    error = best_match(Draft202012Validator(schema).iter_errors(data))
    if error is None:
        return None
    messages = [part.message for part in (*(error.parent.context if error.parent else ()), error)]
    messages += [part.message for part in error.context]
    return ".".join(str(part) for part in error.absolute_path), "; ".join(messages)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_is_a_valid_schema(schema: dict[str, Any]) -> None:
    meta_schema = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    assert list(meta_schema.iter_errors(schema)) == []


def test_is_deterministic() -> None:
    assert json.dumps(spec_schema()) == json.dumps(SPEC)
    assert json.dumps(project_schema()) == json.dumps(PROJECT)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "specs").rglob("*.yaml")), ids=lambda path: str(path.name)
)
def test_accepts_the_specs_of_this_repository(path: Path) -> None:
    assert error_of(data_of(path.read_text(encoding="utf-8"))) is None


def test_accepts_the_project_of_this_repository() -> None:
    assert error_of(data_of((ROOT / "hptc.yaml").read_text(encoding="utf-8")), PROJECT) is None


GOOD = {
    "a name alone": "name: churn",
    "templates everywhere": """
        name: churn
        strategy: "{{ strategy }}"
        limits: {max_parallel_training_jobs: "{{ parallel }}", max_runtime: "{{ hours }}h"}
        training_job:
          enable_network_isolation: "{{ isolated }}"
          resources: "{{ machine }}"
          vpc: {subnets: "{{ subnet_ids }}", security_group_ids: ["{{ group }}"]}
          hyperparameters: {eta: "{{ eta }}", alpha: {type: Integer, min: "{{ low }}", max: 3}}
    """,
    "shorthands": """
        name: churn
        limits: {max_runtime: 90m}
        warm_start: {parents: churn-2025}
        training_job:
          inputs: {train: {s3: "s3://bucket/train/"}}
          stopping: {max_runtime: 3600}
          algorithm:
            version: 1.7
            metric_definitions: {loss: "loss=(.*)", auc: ["a=(.*)", "b=(.*)"]}
    """,
    "long forms": """
        name: churn
        training_job:
          inputs: {train: {s3: {s3_uri: "s3://bucket/train/", s3_data_type: S3Prefix}}}
          hyperparameters: {layers: {value: {a: [1, 2]}}}
    """,
    "static values of every kind": """
        name: churn
        training_job: {hyperparameters: {a: 1, b: 0.5, c: true, d: text, e: [1, 2]}}
    """,
    "ranges of every kind": """
        name: churn
        training_job:
          hyperparameters:
            a: {type: Integer, min: 1, max: "9"}
            b: {type: Continuous, min: 1e-3, max: 0.5, scaling: Logarithmic}
            c: {type: Categorical, values: [1, two, true]}
            d: {type: Auto, value_hint: 4}
    """,
    "null removes a default": "{name: churn, early_stopping: null, training_job: {spot: null}}",
    "null removes what would be excluded": """
        name: churn
        training_job: null
        training_jobs:
          one: {algorithm: {built_in: null, training_image: "{{ image }}"}, resources: null}
    """,
    "a tag in another script": "{name: churn, tags: {équipe: 成長}}",
    "a reference": '{name: churn, training_job: {role_arn: "${hptc:execution_role_arn}"}}',
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_accepts(text: str) -> None:
    assert error_of(data_of(text)) is None


def in_map(hyperparameter: str) -> str:
    return f"{{name: a, training_job: {{hyperparameters: {{eta: {hyperparameter}}}}}}}"


def in_project(environment: str) -> str:
    required = "account: '111122223333', region: us-east-1"
    return f"{{project: a, environments: {{dev: {{{required}, {environment}}}}}}}"


BAD = {
    "no name": ("strategy: Bayesian", "", "'name' is a required property"),
    "a template as name": ('name: "{{ project }}-churn"', "name", "does not match"),
    "unknown key": ("{name: a, strategi: Bayesian}", "", "strategi"),
    "unknown key below": ("{name: a, limits: {max_jobs: 3}}", "limits", "max_jobs"),
    "enum": ("{name: a, strategy: Bayes}", "strategy", "'Bayes' is not one of"),
    "number as text": (
        '{name: a, limits: {max_parallel_training_jobs: "3"}}',
        "limits.max_parallel_training_jobs",
        "'3' is not of type 'integer'",
    ),
    "too small": (
        "{name: a, limits: {max_parallel_training_jobs: 0}}",
        "limits.max_parallel_training_jobs",
        "0 is less than the minimum of 1",
    ),
    "too large": (
        "{name: a, training_job: {retry: {maximum_retry_attempts: 31}}}",
        "training_job.retry.maximum_retry_attempts",
        "31 is greater than the maximum of 30",
    ),
    "seconds below the bound": (
        "{name: a, limits: {max_runtime: 60}}",
        "limits.max_runtime",
        "60 is less than the minimum of 120",
    ),
    "not a duration": (
        "{name: a, limits: {max_runtime: 12 hours}}",
        "limits.max_runtime",
        "'12 hours' does not match",
    ),
    "too long": (f"{{name: a, job_name: {'a' * 33}}}", "job_name", "is too long"),
    "pattern": (
        "{name: a, training_job: {role_arn: not-the-arn-of-a-role}}",
        "training_job.role_arn",
        "does not match",
    ),
    "pattern in a list": (
        "{name: a, training_job: {vpc: {subnets: [subnet_1]}}}",
        "training_job.vpc.subnets.0",
        "does not match",
    ),
    "too many": (
        f"{{name: a, training_job: {{vpc: {{security_group_ids: {['sg-1'] * 6}}}}}}}",
        "training_job.vpc.security_group_ids",
        "is too long",
    ),
    "a name of a map": (
        "{name: a, training_job: {inputs: {my train: {s3: 's3://b/p'}}}}",
        "training_job.inputs",
        "'my train' does not match",
    ),
    "not a boolean": (
        "{name: a, training_job: {enable_network_isolation: yes}}",
        "training_job.enable_network_isolation",
        "'yes' is not of type 'boolean'",
    ),
    "range without an end": (
        in_map("{type: Continuous, min: 0}"),
        "training_job.hyperparameters.eta",
        "'max' is a required property",
    ),
    "values in a range of numbers": (
        in_map("{type: Integer, min: 0, max: 1, values: [1]}"),
        "training_job.hyperparameters.eta",
        "values",
    ),
    "no such kind": (
        in_map("{type: Float, min: 0, max: 1}"),
        "training_job.hyperparameters.eta.type",
        "'Float' is not one of",
    ),
    "no such scale": (
        in_map("{type: Integer, min: 0, max: 1, scaling: Log}"),
        "training_job.hyperparameters.eta.scaling",
        "'Log' is not one of",
    ),
    "range without a type": (
        in_map("{min: 0, max: 1}"),
        "training_job.hyperparameters.eta",
        "'type' is a required property",
    ),
    "long form of s3": (
        "{name: a, training_job: {inputs: {train: {s3: {uri: 's3://b/p'}}}}}",
        "training_job.inputs.train.s3",
        "uri",
    ),
    "in one of several": (
        "{name: a, training_jobs: {one: {resources: {instance_type: ml.m5.huge}}}}",
        "training_jobs.one.resources.instance_type",
        "'ml.m5.huge' is not one of",
    ),
    "built-in": (
        "{name: a, training_job: {algorithm: {built_in: xgbost}}}",
        "training_job.algorithm.built_in",
        "'xgbost' is not one of",
    ),
    "both kinds of definitions": (
        "{name: a, training_job: {}, training_jobs: {one: {}}}",
        "training_jobs",
        "is not of type 'null'",
    ),
    "a fixed name on a schedule": (
        "{name: a, schedule: cron(0 6 ? * MON *), job_name: b}",
        "job_name",
        "is not of type 'null'",
    ),
    "an algorithm and an image": (
        "{name: a, training_job: {algorithm: {training_image: b, built_in: xgboost}}}",
        "training_job.algorithm.training_image",
        "is not of type 'null'",
    ),
    "a tag's value": ("{name: a, tags: {team: 'a!'}}", "tags.team", "does not match"),
}


@pytest.mark.parametrize(("text", "path", "message"), BAD.values(), ids=BAD)
def test_rejects(text: str, path: str, message: str) -> None:
    error = error_of(data_of(text))
    assert error is not None
    assert error[0] == path
    assert message in error[1]


BAD_PROJECTS = {
    "no project": ("{environments: {}}", "", "'project' is a required property"),
    "account": (
        "{project: a, environments: {dev: {account: '12', region: us-east-1}}}",
        "environments.dev.account",
        "does not match",
    ),
    "region": (
        "{project: a, environments: {dev: {account: '111122223333', region: Virginia}}}",
        "environments.dev.region",
        "does not match",
    ),
    "defaults": ("{project: a, defaults: {strategy: Bayes}}", "defaults.strategy", "Bayes"),
    "overrides": (
        in_project("overrides: {limits: {max_parallel_training_jobs: 0}}"),
        "environments.dev.overrides.limits.max_parallel_training_jobs",
        "minimum",
    ),
    "unknown key": ("{project: a, environment: {}}", "", "environment"),
    "removal": (
        in_project("infrastructure: {removal: keep}"),
        "environments.dev.infrastructure.removal",
        "'keep' is not one of",
    ),
}


@pytest.mark.parametrize(("text", "path", "message"), BAD_PROJECTS.values(), ids=BAD_PROJECTS)
def test_rejects_a_project(text: str, path: str, message: str) -> None:
    error = error_of(data_of(text), PROJECT)
    assert error is not None
    assert error[0] == path
    assert message in error[1]


def test_accepts_partial_specs_in_a_project() -> None:
    text = """
        project: churn
        defaults: {training_job: {output: {}, hyperparameters: {eta: {type: Continuous, min: 0}}}}
        environments:
          dev:
            account: 123456789012
            region: us-east-1
            variables: {machine: {instance_type: ml.m5.large}, bucket: mine}
            infrastructure: {network: {subnet_ids: [subnet-1], security_group_ids: [sg-1]}}
            overrides: {training_job: {hyperparameters: {eta: {max: 0.1}}, spot: {}}}
    """
    assert error_of(data_of(text), PROJECT) is None


# What it says about each key.


def properties(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of a schema with its definition."""
    for name, definition in {"": schema, **schema["$defs"]}.items():
        for key, value in definition.get("properties", {}).items():
            yield f"{name}.{key}", value


def is_leaf(value: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Whether a property has no keys of its own."""
    parts = [value, *value.get("anyOf", ())]
    parts += [p for part in parts for p in (part.get("items"), part.get("additionalProperties"))]
    parts = [part for part in parts if isinstance(part, dict)]
    parts += [p for part in parts for p in part.get("anyOf", ())]
    names = [part["$ref"].removeprefix("#/$defs/") for part in parts if "$ref" in part]
    return not any("properties" in schema["$defs"][name] for name in names)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_describes_every_property(schema: dict[str, Any]) -> None:
    assert [name for name, value in properties(schema) if not value.get("description")] == []


def suggested(value: dict[str, Any]) -> list[Any]:
    """The values that editors suggest."""
    return [
        *value.get("examples", ()),
        *(snippet["body"] for snippet in value.get("defaultSnippets", ())),
    ]


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_gives_every_leaf_an_example(schema: dict[str, Any]) -> None:
    without = [
        name
        for name, value in properties(schema)
        if is_leaf(value, schema) and not suggested(value)
    ]
    assert without == []


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_accepts_its_own_examples(schema: dict[str, Any]) -> None:
    refused = [
        (name, example)
        for name, value in properties(schema)
        for example in suggested(value)
        if error_of(example, {**value, "$defs": schema["$defs"]}) is not None
    ]
    assert refused == []


def every_schema(schema: Any) -> Iterator[dict[str, Any]]:
    """A schema and every schema in it."""
    if isinstance(schema, dict):
        yield schema
    parts = schema.values() if isinstance(schema, dict) else schema
    for part in parts if isinstance(schema, dict | list) else ():
        yield from every_schema(part)


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_editors_show_and_insert_text(schema: dict[str, Any]) -> None:
    """The label of an example is its text; in a snippet, `$` and `}` would be placeholders."""
    parts = list(every_schema(schema))
    examples = [example for part in parts for example in part.get("examples", ())]
    assert examples
    assert [example for example in examples if isinstance(example, dict | list)] == []
    snippets = [snippet for part in parts for snippet in part.get("defaultSnippets", ())]
    assert snippets
    for snippet in snippets:
        assert set(snippet) == {"label", "body"}
        assert isinstance(snippet["label"], str)
        strings = re.findall(r'"((?:[^"\\]|\\.)*)"', json.dumps(snippet["body"]))
        assert [text for text in strings if re.search(r"[$}\\]|^\^", text)] == []


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_suggests_ranges_of_each_type(schema: dict[str, Any]) -> None:
    hyperparameter = schema["$defs"]["Hyperparameter"]
    bodies = [snippet["body"] for snippet in hyperparameter["defaultSnippets"]]
    assert [body["type"] for body in bodies] == hyperparameter["properties"]["type"]["enum"]
    for body in bodies:
        assert error_of(body, {**hyperparameter, "$defs": schema["$defs"]}) is None
        properties = schema["$defs"][f"{body['type']}Range"]["properties"]
        for key, value in body.items():
            assert value in suggested(properties[key])
    integers = schema["$defs"]["IntegerRange"]["properties"]
    assert all(
        isinstance(value, int) for key in ("min", "max") for value in suggested(integers[key])
    )


@pytest.mark.parametrize("region", ["eu-central-1", "us-gov-west-1", "xx-nowhere-9"])
def test_suggests_regions_and_accepts_new_ones(region: str) -> None:
    project = (
        f"{{project: a, environments: {{dev: {{account: '111122223333', region: {region}}}}}}}"
    )
    assert error_of(data_of(project), PROJECT) is None
    first, _ = PROJECT["$defs"]["EnvironmentFile"]["properties"]["region"]["anyOf"]
    assert (region in first["enum"]) == (region != "xx-nowhere-9")


@pytest.mark.parametrize("name", EXCLUSIVE)
def test_keys_that_exclude_others_do_not_compile_together(name: str) -> None:
    """Every pair has an error of its own, which neither key has alone."""
    for keys in EXCLUSIVE[name]:
        for first, second in itertools.combinations(keys, 2):
            both = {key: VALUES[key] for key in (first, second)}
            error = error_of(within(name, both))
            assert error is not None
            assert error[0].endswith(second)
            assert error_of(within(name, both | {first: None})) is None
            alone = [errors_in(within(name, {key: VALUES[key]})) for key in (first, second)]
            assert errors_in(within(name, both)) - (alone[0] | alone[1]) != set()


def errors_in(data: dict[str, Any]) -> set[str]:
    compiled = compile_text(json.dumps(data), "test.yaml", Workspace())
    return {diagnostic.message for diagnostic in compiled.diagnostics if diagnostic.is_error}


INSTANCES = {"instance_type": "ml.m5.xlarge", "instance_count": 1}
VALUES: dict[str, Any] = {
    "training_job": {},
    "training_jobs": {"one": {}},
    "schedule": "cron(0 6 ? * MON *)",
    "job_name": "fixed",
    "resources": {**INSTANCES, "volume_size_in_gb": 30},
    "tuning_resources": {**INSTANCES, "volume_size_in_gb": 30},
    "spot": {},
    "enable_managed_spot_training": True,
    "built_in": "xgboost",
    "framework": "pytorch-training",
    "training_image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/churn:1",
    "algorithm_name": "my-algorithm",
    "s3": "s3://bucket/train/",
    "file_system": {
        "file_system_id": "fs-0123456789abcdef0",
        "file_system_type": "EFS",
        "file_system_access_mode": "ro",
        "directory_path": "/train",
    },
    "dataset": {
        "dataset_arn": "arn:aws:sagemaker:us-east-1:111122223333:hub-content/h/DataSet/d/1.0.0"
    },
    "instance_type": "ml.m5.xlarge",
    "instance_groups": {"one": INSTANCES},
    "instance_preferences": [INSTANCES],
    "instance_configs": [INSTANCES],
}
PLACES = {
    "TrainingJob": (),
    "Algorithm": ("algorithm",),
    "Input": ("inputs", "train"),
    "Resources": ("resources",),
    "TuningResources": ("tuning_resources",),
}


def within(model: str, keys: dict[str, Any]) -> dict[str, Any]:
    """A spec with these keys in the mapping of a model."""
    if model == "Spec":
        return {"name": "both", **keys}
    for part in reversed(PLACES[model]):
        keys = {part: keys}
    base = {
        "objective": {"metric_name": "loss", "type": "Minimize"},
        "hyperparameters": {"depth": {"type": "Integer", "min": 1, "max": 9}},
        "algorithm": {
            "training_image": VALUES["training_image"],
            "metric_definitions": {"loss": "loss=(.*)"},
        },
        "role_arn": "arn:aws:iam::111122223333:role/tuning",
        "output": {"s3_output_path": "s3://bucket/models/"},
        "stopping": {"max_runtime": 3600},
    }
    if model in ("Algorithm", "Input"):
        base["resources"] = VALUES["resources"]
    limits = {"max_number_of_training_jobs": 2, "max_parallel_training_jobs": 1}
    return {
        "name": "both",
        "strategy": "Random",
        "limits": limits,
        "training_job": base | keys,
    }


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=SCHEMAS)
def test_rejects_unknown_keys_everywhere(schema: dict[str, Any]) -> None:
    open_mappings = [
        name
        for name, definition in {"": schema, **schema["$defs"]}.items()
        if "properties" in definition
        and definition.get("additionalProperties") is not False
        and name != "Hyperparameter"  # its alternatives refuse them
    ]
    assert open_mappings == []


def resolved(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The alternatives of a schema, with references resolved."""
    if "$ref" in value:
        return resolved(SPEC["$defs"][value["$ref"].removeprefix("#/$defs/")])
    if "anyOf" in value:
        return [part for alternative in value["anyOf"] for part in resolved(alternative)]
    return [value]


def at(path: str) -> list[dict[str, Any]]:
    """The alternatives of the value at a spec path."""
    schemas = [SPEC]
    for part in path.replace("[]", ".[]").split("."):
        step: list[dict[str, Any]] = []
        for value in schemas:
            inner = {"<name>": value.get("additionalProperties"), "[]": value.get("items")}.get(
                part, value.get("properties", {}).get(part)
            )
            if isinstance(inner, dict):
                step += resolved(inner)
        schemas = step
    return schemas


def demands(shape: Shape) -> dict[str, Any]:
    if shape.enum:
        return {"enum": list(shape.enum)}
    what = {"string": "Length", "list": "Items", "map": "Properties"}.get(shape.type)
    names = (f"min{what}", f"max{what}") if what else ("minimum", "maximum")
    constraints: dict[str, Any] = dict(zip(names, (shape.minimum, shape.maximum), strict=True))
    if what in ("Length", "Items") and shape.minimum == 0:
        constraints.pop(names[0])
    if what == "Properties":
        constraints.pop(names[0])
    if shape.type == "string":
        constraints["pattern"] = portable_pattern(shape.pattern) or None
    return {name: value for name, value in constraints.items() if value is not None}


KEYS = {key.path: key for key in every_key() if key.shape is not None}


@pytest.mark.parametrize("path", KEYS)
def test_has_the_constraints_of_aws(path: str) -> None:
    key = KEYS[path]
    assert key.shape is not None
    if isinstance(key.node, Hyperparameters) or key.shape.type == "structure":
        assert at(path) != []
        return
    wanted = demands(key.shape)
    assert any(wanted.items() <= alternative.items() for alternative in at(path)), wanted


# Patterns.


def every_shape(shape: Shape) -> Iterator[Shape]:
    yield shape
    for inner in (*shape.members.values(), shape.item, shape.key):
        if inner is not None:
            yield from every_shape(inner)


PATTERNS = sorted({shape.pattern for shape in every_shape(input_shape())} - {""})


@pytest.mark.parametrize("pattern", PATTERNS)
def test_translates_patterns(pattern: str) -> None:
    result = portable_pattern(pattern)
    assert r"\p{" not in result
    re.compile(result)


def test_a_unicode_class_rejects_the_same_ascii() -> None:
    result = re.compile(portable_pattern(r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"))
    taken = {chr(code) for code in range(128) if result.fullmatch(chr(code))}
    letters = {chr(code) for code in range(128) if chr(code).isalnum()}
    assert taken == letters | set(" _.:/=+-@")
    assert result.fullmatch("équipe 成長")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_patterns_are_valid_in_ecma_262() -> None:
    used = set(re.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', json.dumps([SPEC, PROJECT])))
    script = f"for (const p of [{','.join(sorted(used))}]) new RegExp(p, 'u')"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# Specs that the models accept.

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
TEXTS = st.sampled_from(["a", "value", "1e-4", "no"])
NUMBERS = st.integers(-5, 50) | st.floats(-5, 5, allow_nan=False)
STATICS = TEXTS | NUMBERS | st.booleans() | st.lists(NUMBERS, max_size=2)
SCALES = st.sampled_from(["Auto", "Linear", "Logarithmic"])
DURATIONS = st.integers(1800, 20_000) | st.sampled_from(["90m", "12h", "1d", "7200s"])
RANGES = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["Integer", "Continuous"]), "min": NUMBERS, "max": NUMBERS},
        optional={"scaling": SCALES},
    ),
    st.fixed_dictionaries(
        {"type": st.just("Categorical"), "values": st.lists(STATICS, min_size=1, max_size=3)}
    ),
    st.fixed_dictionaries({"type": st.just("Auto"), "value_hint": NUMBERS}),
    st.fixed_dictionaries({"value": STATICS | st.dictionaries(NAMES, NUMBERS, max_size=2)}),
)
URIS = st.sampled_from(["s3://bucket/a/", "s3://bucket/{{ env }}/"])
CHANNELS = st.fixed_dictionaries(
    {"s3": URIS | st.fixed_dictionaries({"s3_uri": URIS})},
    optional={"content_type": st.just("text/csv"), "input_mode": st.sampled_from(["File", "Pipe"])},
)
TRAINING_JOBS = st.fixed_dictionaries(
    {
        "objective": st.just({"metric_name": "validation:auc", "type": "Maximize"}),
        "hyperparameters": st.dictionaries(NAMES, STATICS | RANGES, min_size=1, max_size=4),
        "algorithm": st.just({"training_image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/i"}),
        "role_arn": st.just("arn:aws:iam::111122223333:role/tuning"),
        "output": st.just({"s3_output_path": "s3://bucket/models/"}),
        "resources": st.fixed_dictionaries(
            {
                "instance_type": st.sampled_from(["ml.m5.xlarge", "ml.c5.xlarge"]),
                "instance_count": st.integers(1, 4),
                "volume_size_in_gb": st.integers(1, 100),
            },
            optional={"keep_alive_period": DURATIONS},
        ),
        "stopping": st.fixed_dictionaries({"max_runtime": DURATIONS}),
    },
    optional={
        "inputs": st.dictionaries(NAMES, CHANNELS, min_size=1, max_size=2),
        "spot": st.fixed_dictionaries({}, optional={"max_wait_time": DURATIONS}),
        "enable_network_isolation": st.booleans(),
        "environment": st.dictionaries(NAMES, TEXTS | NUMBERS, max_size=2),
    },
)
SPECS = st.fixed_dictionaries(
    {
        "name": NAMES,
        "strategy": st.sampled_from(["Bayesian", "Random", "Grid"]),
        "limits": st.fixed_dictionaries(
            {"max_parallel_training_jobs": st.integers(1, 9)},
            optional={"max_number_of_training_jobs": st.integers(1, 99), "max_runtime": DURATIONS},
        ),
    },
    optional={
        "training_job": TRAINING_JOBS,
        "early_stopping": st.sampled_from(["Off", "Auto", None]),
        "warm_start": st.fixed_dictionaries(
            {
                "type": st.just("TransferLearning"),
                "parents": NAMES | st.lists(NAMES, min_size=1, max_size=3),
            }
        ),
        "tags": st.dictionaries(NAMES, TEXTS | NUMBERS, max_size=2),
    },
)


@given(SPECS)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_accepts_what_the_models_accept(spec: dict[str, Any]) -> None:
    parsed, findings = parse_spec(spec)
    assert parsed is not None, findings
    assert error_of(spec) is None


@pytest.mark.parametrize("text", [bad[0] for bad in BAD.values()], ids=BAD)
def test_what_it_rejects_does_not_compile(text: str) -> None:
    compiled = compile_text(text, "bad.yaml", Workspace())
    assert compiled.has_errors
