"""The execution role of a spec's training jobs as a construct."""

from __future__ import annotations

from functools import cache

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from hptc.cdk.nag import acknowledge_wildcards
from hptc.cdk.tuning_foundation import TuningFoundation, add_output, read
from hptc.cdk.tuning_project import TuningProject
from hptc.infrastructure.stack_digest import DIGEST, stack_digest
from hptc.infrastructure.stack_outputs import Output, output_key
from hptc.infrastructure.statements import document
from hptc.project.references import substitute


class TuningRole(Construct):
    """The execution role of a spec, with the permissions that its request needs.

    The role uses the resources of `foundation`, a construct in the same app; without one, those
    that the stack `TuningProject.foundation_stack` exports. In the stack that hptc looks for
    (`TuningProject.role_stack`), the construct also adds the outputs that `hptc submit` reads.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        project: TuningProject,
        spec: str,
        *,
        foundation: TuningFoundation | None = None,
    ) -> None:
        super().__init__(scope, id)
        data = project.role_of(spec)
        parameters = {parameter.provides: parameter for parameter in project.foundation.parameters}

        @cache
        def provided(name: str) -> str:
            if name in parameters:
                return read(self, parameters[name])
            if foundation is not None:
                return foundation.values[name]
            return cdk.Fn.import_value(project.export_of(name))

        trust = document([data.trust])["Statement"][0]
        role = iam.Role(
            self,
            "ExecutionRole",
            assumed_by=iam.ServicePrincipal(
                trust["Principal"]["Service"], conditions=trust["Condition"]
            ),
            description=f"The training jobs of the tuning spec {spec}",
            path=data.role_path,
            permissions_boundary=self._boundary(substitute(data.permissions_boundary, provided)),
            role_name=data.role_name,
        )
        # A separate resource, so that every tool shows a change of it as an update.
        policy = iam.Policy(
            self,
            "Permissions",
            document=iam.PolicyDocument.from_json(substitute(document(data.permissions), provided)),
            roles=[role],
        )
        acknowledge_wildcards(
            policy,
            data.permissions,
            lambda name: (
                f"<{output_key(name)}Parameter>" if name in parameters else project.export_of(name)
            ),
        )
        self.role: iam.IRole = role
        if project.tag(self, data.stack):
            # Always exported, for the schedule's stack: an export in use can't be removed.
            output = Output(stack=data.stack, key=output_key("execution_role_arn"))
            add_output(self, "execution_role_arn", role.role_arn, output.export)
            add_output(self, DIGEST, stack_digest(data, project.foundation.parameters))

    def _boundary(self, arn: str | None) -> iam.IManagedPolicy | None:
        if arn is None:
            return None
        return iam.ManagedPolicy.from_managed_policy_arn(self, "Boundary", arn)
