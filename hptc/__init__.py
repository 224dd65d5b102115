"""The hyperparameter tuning compiler: tuning specs in, SageMaker requests and CDK stacks out."""

__version__ = "0.1.0"
