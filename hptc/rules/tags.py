"""HPT60x: tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from hptc.diagnostics import Finding, RequestPath
from hptc.rules.rule import Context, Rule, error, warning

_MAX_TAGS = 50
_TAGS_OF_HPTC = 5  # project, environment, spec, digest and commit: submission.py
_PREFIX_OF_HPTC = "hptc:"


@error("HPT601", "G02")
def duplicate_tag(rule: Rule, context: Context) -> Iterator[Finding]:
    """Two tags of the same key.

    A key has one value on each resource; keys that differ in case are two keys
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
                label="the second of that key",
                help="keep one of the two",
            )


@error("HPT602", "G03")
def reserved_tag_key(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tag whose key begins with `aws:`.

    Such keys are AWS's own, in any mix of cases
    (https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html).

    Bad:
        tags: {"aws:createdBy": growth}

    Good:
        tags: {createdBy: growth}
    """
    for index, tag in enumerate(context.request.get("Tags", ())):
        if tag["Key"].lower().startswith("aws:"):
            yield rule.finding(
                f"the tag `{tag['Key']}` is not yours to set: keys that begin with aws: are AWS's",
                RequestPath(("Tags", index, "Key")),
                on_key=True,
                label="reserved",
                help=f"rename it, for example to `{tag['Key'][4:] or 'createdBy'}`",
            )


@warning("HPT603")
def tag_that_hptc_sets(rule: Rule, context: Context) -> Iterator[Finding]:
    """A tag whose key begins with `hptc:`.

    At submission hptc writes where the job comes from into tags of that prefix, and reads them
    later: `hptc:project`, `hptc:environment`, `hptc:spec`, `hptc:digest` and `hptc:commit`. One of
    these in a spec is overwritten (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html
    says what a tag may be).

    Bad:
        tags: {"hptc:project": growth}

    Good:
        tags: {project: growth}
    """
    for index, tag in enumerate(context.request.get("Tags", ())):
        if tag["Key"].startswith(_PREFIX_OF_HPTC):
            yield rule.finding(
                f"hptc itself sets tags such as `{tag['Key']}` at submission",
                RequestPath(("Tags", index, "Key")),
                on_key=True,
                label="overwritten",
                help=f"remove it, or rename it to `{tag['Key'][len(_PREFIX_OF_HPTC) :]}`",
            )


@warning("HPT604", "G01")
def no_room_for_tags_of_hptc(rule: Rule, context: Context) -> Iterator[Finding]:
    """So many tags that hptc's own don't fit beside them.

    A job has 50 tags at most. hptc adds up to five at submission, which tell where the job comes
    from, and refuses to submit where they don't fit
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
    own = [tag for tag in tags if not tag["Key"].startswith(_PREFIX_OF_HPTC)]
    if len(own) > _MAX_TAGS - _TAGS_OF_HPTC:
        yield rule.finding(
            f"{len(own)} tags, and hptc adds up to {_TAGS_OF_HPTC}; a job has {_MAX_TAGS} at most",
            RequestPath(("Tags",)),
            on_key=True,
            help=f"keep {_MAX_TAGS - _TAGS_OF_HPTC} of them to submit with hptc",
        )


RULES = (duplicate_tag, reserved_tag_key, tag_that_hptc_sets, no_room_for_tags_of_hptc)
