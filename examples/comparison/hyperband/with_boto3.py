"""Hyperband over the epochs of a script, with boto3."""

import tarfile

import boto3

with tarfile.open("sourcedir.tar.gz", "w:gz") as archive:
    archive.add("src", arcname=".")
boto3.client("s3").upload_file("sourcedir.tar.gz", "my-bucket", "code/sourcedir.tar.gz")

boto3.client("sagemaker").create_hyper_parameter_tuning_job(
    HyperParameterTuningJobName="digits-hyperband-2026-11",
    HyperParameterTuningJobConfig={
        "Strategy": "Hyperband",
        "StrategyConfig": {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 27}},
        "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "accuracy"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {
            "ContinuousParameterRanges": [
                {
                    "Name": "learning-rate",
                    "MinValue": "0.001",
                    "MaxValue": "1",
                    "ScalingType": "Logarithmic",
                }
            ],
            "CategoricalParameterRanges": [{"Name": "penalty", "Values": ['"l1"', '"l2"']}],
        },
    },
    TrainingJobDefinition={
        "StaticHyperParameters": {
            "epochs": "27",
            "sagemaker_program": '"train.py"',
            "sagemaker_submit_directory": '"s3://my-bucket/code/sourcedir.tar.gz"',
        },
        "AlgorithmSpecification": {
            "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",  # noqa: E501
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "accuracy", "Regex": "accuracy=([0-9.]+)"}],
        },
        "RoleArn": "arn:aws:iam::111122223333:role/tuning",
        "OutputDataConfig": {"S3OutputPath": "s3://my-bucket/output/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    },
)
