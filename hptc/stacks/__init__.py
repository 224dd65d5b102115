"""Deploys, removes and compares CloudFormation stacks."""
