"""XGBoost and Linear Learner in one tuning job, with boto3."""

import boto3

shared = {
    "RoleArn": "arn:aws:iam::111122223333:role/tuning",
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": "s3://my-bucket/churn/train/",
                }
            },
            "ContentType": "text/csv",
        },
        {
            "ChannelName": "validation",
            "DataSource": {
                "S3DataSource": {
                    "S3DataType": "S3Prefix",
                    "S3Uri": "s3://my-bucket/churn/validation/",
                }
            },
            "ContentType": "text/csv",
        },
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://my-bucket/output/"},
    "ResourceConfig": {
        "InstanceType": "ml.m5.xlarge",
        "InstanceCount": 1,
        "VolumeSizeInGB": 30,
    },
    "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
}
boto3.client("sagemaker").create_hyper_parameter_tuning_job(
    HyperParameterTuningJobName="churn-two-2026-11",
    HyperParameterTuningJobConfig={
        "Strategy": "Bayesian",
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 2},
    },
    TrainingJobDefinitions=[
        {
            "DefinitionName": "trees",
            "TuningObjective": {"Type": "Maximize", "MetricName": "validation:auc"},
            "HyperParameterRanges": {
                "ContinuousParameterRanges": [
                    {
                        "Name": "eta",
                        "MinValue": "0.01",
                        "MaxValue": "0.3",
                        "ScalingType": "Logarithmic",
                    }
                ]
            },
            "StaticHyperParameters": {
                "objective": "binary:logistic",
                "eval_metric": "auc",
                "num_round": "100",
            },
            "AlgorithmSpecification": {
                "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1",  # noqa: E501
                "TrainingInputMode": "File",
            },
            **shared,
        },
        {
            "DefinitionName": "linear",
            "TuningObjective": {"Type": "Maximize", "MetricName": "validation:roc_auc_score"},
            "HyperParameterRanges": {
                "ContinuousParameterRanges": [
                    {
                        "Name": "learning_rate",
                        "MinValue": "0.0001",
                        "MaxValue": "0.5",
                        "ScalingType": "Logarithmic",
                    }
                ]
            },
            "StaticHyperParameters": {"predictor_type": "binary_classifier"},
            "AlgorithmSpecification": {
                "TrainingImage": "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1",
                "TrainingInputMode": "File",
            },
            **shared,
        },
    ],
)
