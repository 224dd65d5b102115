"""What both programs find in the account: a bucket with data, and a role."""

import json

import boto3

STATEMENT = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "sagemaker.amazonaws.com"},
}
TRUST = {"Version": "2012-10-17", "Statement": [STATEMENT]}
METRICS = [{"Name": "loss", "Regex": "loss=([0-9.]+);"}]

s3 = boto3.client("s3")
s3.create_bucket(Bucket="sdk")
s3.put_object(Bucket="sdk", Key="train/best.txt", Body=b"0.3")
role = boto3.client("iam").create_role(
    RoleName="tuning", AssumeRolePolicyDocument=json.dumps(TRUST)
)
ROLE = role["Role"]["Arn"]
