"""The hyperparameter tuning compiler: tuning specs in, SageMaker requests and CDK stacks out."""
