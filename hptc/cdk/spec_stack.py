"""The role stack of a spec: the execution role of its training jobs."""

from __future__ import annotations

from functools import cache

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from hptc.cdk.foundation_stack import add_output, read
from hptc.cdk.nag import acknowledge_wildcards
from hptc.infrastructure.foundation import Foundation
from hptc.infrastructure.spec_stacks import SpecStack
from hptc.infrastructure.stack_digest import DIGEST, stack_digest
from hptc.infrastructure.stack_outputs import Output, output_key
from hptc.infrastructure.statements import document
from hptc.project.references import substitute


class RoleStack(cdk.Stack):
    """The role, its policy, and the role's ARN as an output."""

    def __init__(
        self, scope: Construct, spec: SpecStack, foundation: Foundation, env: cdk.Environment
    ) -> None:
        super().__init__(
            scope, spec.stack, env=env, description=f"hptc: the tuning spec {spec.spec}"
        )

        parameters = {each.provides: each for each in foundation.parameters}

        @cache
        def imported(name: str) -> str:
            if name in parameters:
                return read(self, parameters[name])
            return cdk.Fn.import_value(exported(name))

        def exported(name: str) -> str:
            return Output(stack=foundation.stack, key=output_key(name)).export

        trust = document([spec.trust])["Statement"][0]
        role = iam.Role(
            self,
            "ExecutionRole",
            assumed_by=iam.ServicePrincipal(
                trust["Principal"]["Service"], conditions=trust["Condition"]
            ),
            description=f"The training jobs of the tuning spec {spec.spec}",
            path=spec.role_path,
            permissions_boundary=self._boundary(substitute(spec.permissions_boundary, imported)),
            role_name=spec.role_name,
        )
        # A separate resource, so that every tool shows a change of it as an update.
        policy = iam.Policy(
            self,
            "Permissions",
            document=iam.PolicyDocument.from_json(substitute(document(spec.permissions), imported)),
            roles=[role],
        )
        acknowledge_wildcards(
            policy,
            spec.permissions,
            lambda name: f"<{output_key(name)}Parameter>" if name in parameters else exported(name),
        )
        # Always exported, for the schedule's stack: an export in use can't be removed.
        output = Output(stack=spec.stack, key=output_key("execution_role_arn"))
        add_output(self, "execution_role_arn", role.role_arn, output.export)
        add_output(self, DIGEST, stack_digest(spec, foundation.parameters))

    def _boundary(self, arn: str | None) -> iam.IManagedPolicy | None:
        if arn is None:
            return None
        return iam.ManagedPolicy.from_managed_policy_arn(self, "Boundary", arn)
