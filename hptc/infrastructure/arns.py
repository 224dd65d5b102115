"""The ARNs of the resources in a request: S3 locations, KMS keys, and others.

An ARN may contain references (hptc/project/references.py) to resources that are not deployed yet.
"""

from __future__ import annotations

import re
from hashlib import sha256

from hptc.catalog.arn import ARN
from hptc.catalog.images import partition, url_suffix
from hptc.frozen import frozen
from hptc.infrastructure.statements import Condition
from hptc.project.kms_keys import key_arn
from hptc.project.project_file import Environment
from hptc.project.references import PATTERN

_S3_HTTPS = re.compile(
    r"https://(?:(?P<virtual>.+?)\.)?s3[.-][a-z0-9.-]*amazonaws\.com(?:\.cn)?/(?P<rest>.*)", re.S
)


@frozen
class S3Location:
    """A location in S3: a bucket or an access point, and a key prefix."""

    bucket: str
    arn: str
    key: str
    is_directory_bucket: bool = False

    @property
    def objects(self) -> str:
        """Every object whose key starts with `key`: what SageMaker reads from an S3Prefix."""
        return f"{self._keys}/{escaped(self.key)}*"

    @property
    def object(self) -> str:
        """The one object `key`."""
        return f"{self._keys}/{escaped(self.key)}"

    @property
    def below(self) -> str:
        """Every object in the folder `key`: what SageMaker writes."""
        folder = self.key.rstrip("/")
        return f"{self._keys}/{escaped(folder)}/*" if folder else self.all_objects

    @property
    def all_objects(self) -> str:
        """Every object in the bucket."""
        return f"{self._keys}/*"

    @property
    def _keys(self) -> str:
        return f"{self.arn}/object" if self.is_access_point else self.arn

    @property
    def is_access_point(self) -> bool:
        """Whether it is an access point, which only its ARN identifies."""
        return ":accesspoint/" in self.arn

    @property
    def sid(self) -> str:
        """The bucket's part of a statement's sid: unique, and the same in every run."""
        reference = PATTERN.fullmatch(self.bucket)
        text = reference[1] if reference else self.bucket
        name = "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", text))
        return name if reference else name[:32] + sha256(self.bucket.encode()).hexdigest()[:6]


def s3_location(uri: str, environment: Environment) -> S3Location | None:
    """The location of an S3 URI; None for any other text."""
    if (match := _S3_HTTPS.fullmatch(uri)) is not None:
        rest = match["rest"] if match["virtual"] is None else f"{match['virtual']}/{match['rest']}"
    elif uri.startswith("s3://"):
        rest = uri.removeprefix("s3://")
    else:
        return None
    if rest.startswith("arn:"):
        kind, _, rest = rest.partition("/")
        name, _, key = rest.partition("/")
        return S3Location(bucket=name, arn=f"{kind}/{name}", key=key)
    bucket, _, key = rest.partition("/")
    if not bucket:
        return None
    if bucket.endswith("--x-s3"):
        directory = arn(environment, "s3express", f"bucket/{bucket}")
        return S3Location(bucket=bucket, arn=directory, key=key, is_directory_bucket=True)
    return S3Location(bucket=bucket, arn=bucket_arn(environment, bucket), key=key)


def bucket_arn(environment: Environment, bucket: str) -> str:
    """The ARN of a bucket, which has neither a Region nor an account."""
    return f"arn:{partition(environment.region)}:s3:::{bucket}"


def escaped(text: str) -> str:
    """Text as a policy matches it literally: `*`, `?` and `$` are special there.

    Of two brackets in a row, the first one is `?`, which matches it: in a stack's template,
    CloudFormation would replace `{{resolve:…}}` with a secret
    (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html,
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html).
    """
    parts, end = [], 0
    for reference in PATTERN.finditer(text):
        parts += [_escape(text[end : reference.start()]), reference[0]]
        end = reference.end()
    return "".join([*parts, _escape(text[end:])])


def _escape(text: str) -> str:
    return re.sub(r"[*?$]", lambda match: f"${{{match[0]}}}", text).replace("{{", "?{")


def arn(
    environment: Environment,
    service: str,
    resource: str,
    *,
    account: str = "",
    region: str = "",
    is_global: bool = False,
) -> str:
    """An ARN, by default in the environment's account and Region; a global one has no Region."""
    region = region or environment.region
    result = ARN(
        partition=partition(region),
        service=service,
        region="" if is_global else region,
        account=account or environment.account,
        resource=resource,
    )
    return str(result)


def account_root(environment: Environment) -> str:
    """The principal that stands for an environment's account."""
    root = ARN(
        partition=partition(environment.region),
        service="iam",
        account=environment.account,
        resource="root",
    )
    return str(root)


def service_host(environment: Environment, service: str) -> str:
    """A service's host name, as the condition key kms:ViaService expects it."""
    return f"{service}.{environment.region}.{url_suffix(environment.region)}"


@frozen
class KeyGrant:
    """How a policy identifies a KMS key.

    `suffix` is part of the sid. It separates keys identified by an alias from the others, and
    aliases of different accounts, whose statements must not be merged.
    """

    resource: str
    conditions: tuple[Condition, ...] = ()
    suffix: str = ""
    note: str = ""


def key_grant(key: str, environment: Environment) -> KeyGrant:
    """Identify a KMS key in a policy by its ARN or, if only an alias is known, by a condition.

    A policy on the ARN of an alias has no effect on its key:
    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    owner, _, name = key.rpartition(":")
    if name.startswith("alias/"):
        own = arn(environment, "kms", "key/*")
        keys = f"{owner}:key/*" if owner else own
        return KeyGrant(
            resource=keys,
            conditions=(
                Condition(
                    operator="ForAnyValue:StringEquals", key="kms:ResourceAliases", values=(name,)
                ),
            ),
            suffix="ByAlias" if keys == own else f"ByAliasOf{owner.rpartition(':')[2]}",
            note="; only the condition shows which key the alias refers to",
        )
    return KeyGrant(resource=key_arn(key, environment))
