"""What an environment and its tuning jobs need in AWS, as pure data: no aws_cdk, no calls."""
