"""The life of CloudFormation stacks: status, deploy, destroy."""
