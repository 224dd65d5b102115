"""Creates CDK stacks from the data of hptc/infrastructure, without any decisions of its own."""
