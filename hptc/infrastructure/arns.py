"""The ARNs of what a request names: S3 URIs, KMS keys, algorithms, hubs. Partition-aware.

ARNs are text that may hold references (hptc/project/references.py), so they can name what is not
made yet.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from hptc.catalog.images import partition, url_suffix
from hptc.infrastructure.statements import Condition
from hptc.project.kms_keys import key_arn
from hptc.project.project_file import Environment
from hptc.project.references import PATTERN

_S3_HTTPS = re.compile(
    r"https://(?:(?P<virtual>.+?)\.)?s3[.-][a-z0-9.-]*amazonaws\.com(?:\.cn)?/(?P<rest>.*)", re.S
)


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Location:
    """A place in S3: a bucket or an access point, and the beginning of the keys."""

    bucket: str
    arn: str
    key: str
    is_directory_bucket: bool = False

    @property
    def objects(self) -> str:
        """Every object whose key begins with `key`: what the service reads of an S3Prefix."""
        return f"{self._keys}/{escaped(self.key)}*"

    @property
    def object(self) -> str:
        """The one object `key`."""
        return f"{self._keys}/{escaped(self.key)}"

    @property
    def below(self) -> str:
        """Every object below `key`, read as a folder: what the service writes."""
        folder = self.key.rstrip("/")
        return f"{self._keys}/{escaped(folder)}/*" if folder else self.all_objects

    @property
    def all_objects(self) -> str:
        """Every object of the bucket."""
        return f"{self._keys}/*"

    @property
    def _keys(self) -> str:
        return f"{self.arn}/object" if ":accesspoint/" in self.arn else self.arn

    @property
    def word(self) -> str:
        """The bucket as a word for a sid: unique, and the same on every run."""
        reference = PATTERN.fullmatch(self.bucket)
        text = reference[1] if reference else self.bucket
        word = "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", text))
        return word if reference else word[:32] + sha256(self.bucket.encode()).hexdigest()[:6]


def s3_location(uri: str, environment: Environment) -> S3Location | None:
    """Take an S3 URI apart; None for text that names no place in S3."""
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
        made = arn(environment, "s3express", f"bucket/{bucket}")
        return S3Location(bucket=bucket, arn=made, key=key, is_directory_bucket=True)
    return S3Location(
        bucket=bucket, arn=f"arn:{partition(environment.region)}:s3:::{bucket}", key=key
    )


def escaped(text: str) -> str:
    """Text that stands for itself in a policy: `*`, `?` and `$` mean something there.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    parts, end = [], 0
    for reference in PATTERN.finditer(text):
        parts += [_escape(text[end : reference.start()]), reference[0]]
        end = reference.end()
    return "".join([*parts, _escape(text[end:])])


def _escape(text: str) -> str:
    return re.sub(r"[*?$]", lambda match: f"${{{match[0]}}}", text)


def arn(
    environment: Environment,
    service: str,
    resource: str,
    *,
    account: str = "",
    region: str = "",
    is_global: bool = False,
) -> str:
    """An ARN in an environment's account and Region, unless others are said; IAM's have none."""
    account, region = account or environment.account, region or environment.region
    where = "" if is_global else region
    return f"arn:{partition(region)}:{service}:{where}:{account}:{resource}"


def service_host(environment: Environment, service: str) -> str:
    """A service's name as kms:ViaService has it."""
    return f"{service}.{environment.region}.{url_suffix(environment.region)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGrant:
    """How a policy names a KMS key.

    `suffix` keeps the sids of the two ways apart, and those of aliases by their owners: an alias of
    one account must not be joined with the keys of another.
    """

    resource: str
    conditions: tuple[Condition, ...] = ()
    suffix: str = ""
    note: str = ""


def key_grant(key: str, environment: Environment) -> KeyGrant:
    """Name a KMS key in a policy: by its ARN, or, known by an alias only, by the alias it has.

    A policy on an alias's ARN says nothing about its key, hence the condition:
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
            note="; only the condition tells which key an alias means",
        )
    return KeyGrant(resource=key_arn(key, environment))
