"""HPT60x: tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hptc.diagnostics import Finding, Rename, RequestPath
from hptc.rules.rule import Context, Rule, advice, error, warning

_MAX_TAGS = 50
_HPTC_TAGS = 5  # project, environment, spec, digest and commit
_AWS_PREFIX = "aws:"
_HPTC_PREFIX = "hptc:"


@error("HPT601", "G02")
def duplicate_tag(rule: Rule, context: Context) -> Iterator[Finding]:
    """Two tags have the same key.

    A resource has one value for each tag key. Keys are case-sensitive
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html).

    Bad (request):
        Tags: [{Key: team, Value: growth}, {Key: team, Value: search}]

    Good (request):
        Tags: [{Key: team, Value: growth}, {Key: owner, Value: search}]
    """
    seen: Counter[str] = Counter()
    for index, tag in enumerate(context.request.get("Tags", ())):
        seen[tag["Key"]] += 1
        if seen[tag["Key"]] == 2:
            yield rule.finding(
                f"two tags have the key `{tag['Key']}`",
                RequestPath(("Tags", index, "Key")),
                label="duplicate",
                help="keep one of them",
            )


@error("HPT602", "G03")
def reserved_tag_key(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tag key starts with `aws:`.

    AWS reserves this prefix, in upper and lower case
    (https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html).

    Bad:
        tags: {"aws:createdBy": growth}

    Good:
        tags: {createdBy: growth}
    """
    for index, tag in enumerate(context.request.get("Tags", ())):
        if tag["Key"].lower().startswith(_AWS_PREFIX):
            free = _free_key(_AWS_PREFIX, tag["Key"], context)
            path = RequestPath(("Tags", index, "Key"))
            yield rule.finding(
                f"the tag key `{tag['Key']}` starts with `aws:`, which AWS reserves",
                path,
                on_key=not context.is_request,
                label="reserved",
                help=f"rename it, for example to `{free}`",
                fixes=(advice(f"rename it to `{free}`", Rename(path=path, name=free)),),
            )


@warning("HPT603")
def tag_overwritten_by_hptc(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tag key starts with `hptc:`.

    hptc records where a tuning job comes from in tags with this prefix when it submits the job, and
    reads them later: `hptc:project`, `hptc:environment`, `hptc:spec`, `hptc:digest` and
    `hptc:commit`. It overwrites these tags of a spec. For the format of tags, see
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html.

    Bad:
        tags: {"hptc:project": growth}

    Good:
        tags: {project: growth}
    """
    for index, tag in enumerate(context.request.get("Tags", ())):
        if tag["Key"].startswith(_HPTC_PREFIX):
            free = _free_key(_HPTC_PREFIX, tag["Key"], context)
            path = RequestPath(("Tags", index, "Key"))
            yield rule.finding(
                f"hptc sets tags such as `{tag['Key']}` when it submits the tuning job",
                path,
                on_key=not context.is_request,
                label="overwritten",
                is_removable=True,
                help=f"remove it, or rename it to `{free}`",
                fixes=(advice(f"rename it to `{free}`", Rename(path=path, name=free)),),
            )


@warning("HPT604", "G01")
def no_room_for_hptc_tags(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tuning job has too many tags for hptc to add its own.

    A tuning job can have up to 50 tags. hptc adds up to five when it submits the job, to record
    where it comes from, and does not submit the job if that exceeds the limit
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html).

    Bad:
        tags: {
          a01: "", a02: "", a03: "", a04: "", a05: "", a06: "", a07: "", a08: "", a09: "", a10: "",
          a11: "", a12: "", a13: "", a14: "", a15: "", a16: "", a17: "", a18: "", a19: "", a20: "",
          a21: "", a22: "", a23: "", a24: "", a25: "", a26: "", a27: "", a28: "", a29: "", a30: "",
          a31: "", a32: "", a33: "", a34: "", a35: "", a36: "", a37: "", a38: "", a39: "", a40: "",
          a41: "", a42: "", a43: "", a44: "", a45: "", a46: ""}

    Good:
        tags: {team: growth}
    """
    tags = context.request.get("Tags", ())
    own = [tag for tag in tags if not tag["Key"].startswith(_HPTC_PREFIX)]
    if len(own) > _MAX_TAGS - _HPTC_TAGS:
        yield rule.finding(
            f"the tuning job has {len(own)} tags and hptc adds up to {_HPTC_TAGS}, but the "
            f"maximum is {_MAX_TAGS}",
            RequestPath(("Tags",)),
            on_key=True,
            help=f"keep at most {_MAX_TAGS - _HPTC_TAGS} to submit with hptc",
        )


def _free_key(prefix: str, key: str, context: Context) -> str:
    """A tag key without a prefix, which may be repeated, that no other tag has."""
    while key.lower().startswith(prefix):
        key = key[len(prefix) :]
    key = key or "origin"
    return f"{key}-2" if key in context.job.tags else key


RULES = (duplicate_tag, reserved_tag_key, tag_overwritten_by_hptc, no_room_for_hptc_tags)
