"""The commands that remove what a stack has left in the account."""

from __future__ import annotations

from hptc.service.interface import StackEvent

_COMMANDS = {
    "AWS::EC2::VPC": "aws ec2 delete-vpc --region {region} --vpc-id {id}",
    "AWS::IAM::ManagedPolicy": "aws iam delete-policy --policy-arn {id}",
    "AWS::IAM::Role": "aws iam delete-role --role-name {id}",
    "AWS::KMS::Alias": "aws kms delete-alias --region {region} --alias-name {id}",
    "AWS::KMS::Key": "aws kms schedule-key-deletion --region {region} --key-id {id}",
    "AWS::Logs::LogGroup": "aws logs delete-log-group --region {region} --log-group-name {id}",
    # A bucket with objects is kept: `--force` is for the user to add.
    "AWS::S3::Bucket": "aws s3 rb --region {region} s3://{id}",
}


def leftover(event: StackEvent, region: str) -> str:
    """A resource that is left, and the command that removes it, if it has one."""
    name = f"{event.type} {event.physical_id or event.logical_id}"
    command = _COMMANDS.get(event.type)
    if command is None or not event.physical_id:
        return name
    return f"{name}: `{command.format(region=region, id=event.physical_id)}` removes it"
