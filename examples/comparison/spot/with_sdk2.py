"""A script on spot instances, with checkpoints, with version 2 of the SageMaker SDK."""

import sagemaker
from sagemaker.sklearn import SKLearn
from sagemaker.tuner import CategoricalParameter, ContinuousParameter, HyperparameterTuner

estimator = SKLearn(
    source_dir="src",
    entry_point="train.py",
    framework_version="1.2-1",
    role="arn:aws:iam::111122223333:role/tuning",
    instance_type="ml.m5.large",
    instance_count=1,
    volume_size=30,
    max_run=3600,
    use_spot_instances=True,
    max_wait=7200,
    checkpoint_s3_uri="s3://my-bucket/checkpoints/",
    output_path="s3://my-bucket/output/",
    code_location="s3://my-bucket/code",
    hyperparameters={"epochs": 27},
    sagemaker_session=sagemaker.Session(),
)
tuner = HyperparameterTuner(
    estimator,
    objective_metric_name="accuracy",
    objective_type="Maximize",
    metric_definitions=[{"Name": "accuracy", "Regex": "accuracy=([0-9.]+)"}],
    hyperparameter_ranges={
        "learning-rate": ContinuousParameter(0.001, 1, scaling_type="Logarithmic"),
        "penalty": CategoricalParameter(["l1", "l2"]),
    },
    strategy="Bayesian",
    max_jobs=20,
    max_parallel_jobs=2,
    base_tuning_job_name="digits-spot",
)
tuner.fit()
