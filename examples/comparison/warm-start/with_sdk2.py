"""AWS's XGBoost, with the results of an earlier tuning job, with version 2 of the SageMaker SDK."""

import sagemaker
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.tuner import (
    ContinuousParameter,
    HyperparameterTuner,
    IntegerParameter,
    WarmStartConfig,
    WarmStartTypes,
)

session = sagemaker.Session()
estimator = Estimator(
    image_uri=sagemaker.image_uris.retrieve("xgboost", session.boto_region_name, "1.7-1"),
    role="arn:aws:iam::111122223333:role/tuning",
    instance_type="ml.m5.xlarge",
    instance_count=1,
    volume_size=30,
    max_run=3600,
    output_path="s3://my-bucket/output/",
    hyperparameters={"objective": "binary:logistic", "eval_metric": "auc", "num_round": 100},
    sagemaker_session=session,
)
tuner = HyperparameterTuner(
    estimator,
    objective_metric_name="validation:auc",
    objective_type="Maximize",
    hyperparameter_ranges={
        "eta": ContinuousParameter(0.01, 0.3, scaling_type="Logarithmic"),
        "max_depth": IntegerParameter(2, 10),
    },
    strategy="Bayesian",
    max_jobs=20,
    max_parallel_jobs=2,
    early_stopping_type="Auto",
    base_tuning_job_name="churn-again",
    warm_start_config=WarmStartConfig(WarmStartTypes.TRANSFER_LEARNING, parents={"churn-2026-10"}),
)
tuner.fit(
    {
        "train": TrainingInput("s3://my-bucket/churn/train/", content_type="text/csv"),
        "validation": TrainingInput("s3://my-bucket/churn/validation/", content_type="text/csv"),
    }
)
