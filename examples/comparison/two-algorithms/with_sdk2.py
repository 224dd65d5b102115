"""XGBoost and Linear Learner in one tuning job, with version 2 of the SageMaker SDK."""

import sagemaker
from sagemaker.estimator import Estimator
from sagemaker.inputs import TrainingInput
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner

session = sagemaker.Session()
region = session.boto_region_name
shared = {
    "role": "arn:aws:iam::111122223333:role/tuning",
    "instance_type": "ml.m5.xlarge",
    "instance_count": 1,
    "volume_size": 30,
    "max_run": 3600,
    "output_path": "s3://my-bucket/output/",
    "sagemaker_session": session,
}
trees = Estimator(
    image_uri=sagemaker.image_uris.retrieve("xgboost", region, "1.7-1"),
    hyperparameters={"objective": "binary:logistic", "eval_metric": "auc", "num_round": 100},
    **shared,
)
linear = Estimator(
    image_uri=sagemaker.image_uris.retrieve("linear-learner", region, "1"),
    hyperparameters={"predictor_type": "binary_classifier"},
    **shared,
)
tuner = HyperparameterTuner.create(
    estimator_dict={"trees": trees, "linear": linear},
    objective_metric_name_dict={
        "trees": "validation:auc",
        "linear": "validation:roc_auc_score",
    },
    objective_type="Maximize",
    hyperparameter_ranges_dict={
        "trees": {"eta": ContinuousParameter(0.01, 0.3, scaling_type="Logarithmic")},
        "linear": {"learning_rate": ContinuousParameter(0.0001, 0.5, scaling_type="Logarithmic")},
    },
    strategy="Bayesian",
    max_jobs=20,
    max_parallel_jobs=2,
    base_tuning_job_name="churn-two",
)
data = {
    "train": TrainingInput("s3://my-bucket/churn/train/", content_type="text/csv"),
    "validation": TrainingInput("s3://my-bucket/churn/validation/", content_type="text/csv"),
}
tuner.fit({"trees": data, "linear": data}, include_cls_metadata={})
