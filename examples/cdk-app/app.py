"""A team's own CDK app, with the infrastructure of its tuning specs.

`cdk deploy --all` deploys it; `-c env=NAME` selects an environment of hptc.yaml. The stacks have
the names in which hptc looks for outputs, so that `hptc plan` and `hptc submit` work as usual.
"""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from hptc.cdk import TuningFoundation, TuningProject, TuningRole, TuningSchedule

app = cdk.App()
project = TuningProject.load(Path(__file__).parent, app.node.try_get_context("env"))

shared = cdk.Stack(app, project.foundation_stack, env=project.env)
foundation = TuningFoundation(shared, "Tuning", project)

# The team's own resources beside hptc's: a Glue job's role, which writes the training data.
ingest = iam.Role(shared, "Ingest", assumed_by=iam.ServicePrincipal("glue.amazonaws.com"))
if foundation.data_bucket is not None:
    foundation.data_bucket.grant_put(ingest)

roles = {}
for spec in project.specs:
    stack = cdk.Stack(app, project.role_stack(spec), env=project.env)
    roles[spec] = TuningRole(stack, "Tuning", project, spec, foundation=foundation)

for spec in project.scheduled_specs:
    stack = cdk.Stack(app, project.schedule_stack(spec), env=project.env)
    TuningSchedule(stack, "Tuning", project, spec, foundation=foundation, role=roles.get(spec))

app.synth()
