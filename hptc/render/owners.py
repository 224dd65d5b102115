"""Policy statements that the owners of existing resources must add, ready to paste."""

from __future__ import annotations

from collections.abc import Sequence

from hptc.infrastructure.owner_grants import OwnerGrant
from hptc.infrastructure.statements import document
from hptc.project.project_file import Environment
from hptc.text import json_text, printable


def render_owner_grants(grants: Sequence[OwnerGrant], environment: Environment) -> str:
    """For each resource, whether its owner must act, and the statements for its policy."""
    if not grants:
        return f"{environment.name} only uses resources that hptc creates\n"
    return "\n".join(_grant(grant, environment) for grant in grants)


def owner_grants_json(grants: Sequence[OwnerGrant]) -> str:
    """A list of resources, each with a policy document of everything to add."""
    data = [
        {
            "kind": grant.kind,
            "name": grant.name,
            "account": grant.account,
            "policy": document(grant.statements),
        }
        for grant in grants
    ]
    return json_text(data)


def _grant(grant: OwnerGrant, environment: Environment) -> str:
    statements = json_text(document(grant.statements)["Statement"])
    return (
        f"{grant.kind} {printable(grant.name)}: {_when(grant, environment)}\n"
        f"add these statements to the {grant.kind}'s policy:\n{statements}"
    )


def _when(grant: OwnerGrant, environment: Environment) -> str:
    if grant.account is None:
        return f"needed unless it is in account {environment.account}"
    if grant.account != environment.account:
        return f"needed because it is in account {grant.account}"
    if grant.kind == "key":
        return "needed unless the key policy enables IAM policies, as the default key policy does"
    return "needed only if its policy denies what it does not list"
