"""What several environments have in common is shown once, even if their accounts differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptc.diff.changes import Change
from hptc.diff.sides import review_refs
from hptc.render.diff import Format, render_diff
from tests.support.repositories import Repository
from tests.support.trees import SPEC as SEARCH

SPEC = SEARCH.replace("{type: Categorical, values: [gbtree, dart]}", "gbtree")
DEV, STAGE, PROD = "111111111111", "222222222222", "333333333333"
EVERYWHERE: tuple[str, ...] = ()

Entry = tuple[tuple[str, ...], str, str]


def project(**places: tuple[str, str]) -> str:
    lines = (
        f"  {name}: {{account: '{account}', region: {region}}}\n"
        for name, (account, region) in places.items()
    )
    return f"project: churn\nenvironments:\n{''.join(lines)}"


ONE_REGION = project(dev=(DEV, "us-east-1"), stage=(STAGE, "us-east-1"), prod=(PROD, "us-east-1"))
TWO_REGIONS = project(dev=(DEV, "us-east-1"), stage=(STAGE, "us-east-1"), prod=(PROD, "eu-west-1"))


def with_key(key: str) -> str:
    """The spec with a key for its volumes, which its role needs a permission for."""
    return SPEC.replace(
        "volume_size_in_gb: 30", f'volume_size_in_gb: 30, volume_kms_key_id: "{key}"'
    )


def reviewed(folder: Path, environments: str, old: str, new: str) -> tuple[list[Change], str]:
    """The changes to the spec, and the text of the review."""
    repository = Repository.create(folder / "repository")
    repository.commit("old", {"hptc.yaml": environments, "specs/trees.yaml": old})
    repository.commit("new", {"specs/trees.yaml": new})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(repository.root)
        review = review_refs([], against="HEAD~1")
    return [change for spec in review.specs for change in spec.changes], render_diff(
        review, Format.TEXT
    )


def entries(changes: list[Change], subject: str) -> list[Entry]:
    return [
        (change.environments, change.subject, change.new)
        for change in changes
        if change.subject.startswith(subject)
    ]


KEY = "arn:aws:kms:{{ region }}:{{ account }}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def grant(region: str, account: str) -> str:
    return KEY.replace("{{ region }}", region).replace("{{ account }}", account)


@pytest.mark.parametrize(
    ("environments", "key", "expected"),
    [
        pytest.param(
            ONE_REGION, KEY, [(EVERYWHERE, grant("us-east-1", "{{ account }}"))], id="account"
        ),
        pytest.param(
            TWO_REGIONS,
            KEY,
            [(EVERYWHERE, grant("{{ region }}", "{{ account }}"))],
            id="account-and-region",
        ),
        pytest.param(
            project(dev=(DEV, "us-east-1"), prod=(DEV, "eu-west-1")),
            KEY,
            [(EVERYWHERE, grant("{{ region }}", DEV))],
            id="region",
        ),
        pytest.param(
            ONE_REGION,
            KEY.replace("{{ account }}", STAGE),
            [(EVERYWHERE, grant("us-east-1", STAGE))],
            id="a-shared-account",
        ),
        pytest.param(
            ONE_REGION,
            KEY.replace("{{ account }}", f"{{{{ account if env == 'dev' else '{DEV}' }}}}"),
            [(EVERYWHERE, grant("us-east-1", DEV))],
            id="the-account-of-one-of-them",
        ),
        pytest.param(
            ONE_REGION,
            KEY.replace("{{ account }}", f"{{{{ '{DEV}' if env == 'prod' else account }}}}"),
            [
                (("dev", "prod"), grant("us-east-1", DEV)),
                (("stage",), grant("us-east-1", STAGE)),
            ],
            id="prod-uses-the-account-of-dev",
        ),
        pytest.param(
            ONE_REGION,
            KEY.replace("1234abcd", "{{ 'aaaaaaaa' if env == 'prod' else '1234abcd' }}"),
            [
                (("dev", "stage"), grant("us-east-1", "{{ account }}")),
                (("prod",), grant("us-east-1", PROD).replace("1234abcd", "aaaaaaaa")),
            ],
            id="another-resource",
        ),
    ],
)
def test_a_permission_in_each_account(
    environments: str, key: str, expected: list[tuple[tuple[str, ...], str]], tmp_path: Path
) -> None:
    changes, _ = reviewed(tmp_path, environments, SPEC, with_key(key))
    changed = entries(changes, "GrantVolumeKey")
    assert [
        (where, new.partition(" on ")[2].partition(" where ")[0]) for where, _, new in changed
    ] == expected


def test_a_bucket_with_the_account_in_its_name(tmp_path: Path) -> None:
    """The sid of a statement contains the bucket's name, and a digest of it."""
    new = SPEC.replace("s3://{{ data_bucket }}/churn/validation/", "s3://lake-{{ account }}/x/")
    changes, text = reviewed(tmp_path, ONE_REGION, SPEC, new)
    bucket = "arn:aws:s3:::lake-{{ account }}"
    assert entries(changes, "ListInputLake") == [
        (EVERYWHERE, "ListInputLake", f"s3:ListBucket on {bucket} where s3:prefix x/*")
    ]
    assert f"s3:GetObject on {bucket}/x/*" in text
    assert DEV not in text


def test_permissions_that_only_one_environment_gets(tmp_path: Path) -> None:
    """Another kind of permission in one environment is not a part of what the others get."""
    key = "{{ '" + grant("us-east-1", STAGE) + "' if env == 'stage' else kms_key_arn }}"
    changes, _ = reviewed(tmp_path, ONE_REGION, SPEC, with_key(key))
    assert {where for where, *_ in entries(changes, "GrantVolumeKey")} == {("stage",)}
