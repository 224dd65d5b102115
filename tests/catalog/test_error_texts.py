"""Errors of AWS, as people paste them, lead to their entry."""

from __future__ import annotations

import json
import re
import time

import pytest

from hptc.catalog.error_texts import KnownError, known_errors, similar_error
from hptc.reference.error_pages import error_pages
from hptc.reference.rule_pages import is_code
from tests.support.paths import ROOT

CREATE = "An error occurred ({}) when calling the CreateHyperParameterTuningJob operation: {}"
ROLE = "arn:aws:iam::111122223333:role/tuning"
TEXTS = {
    "You don't have enough combinations of hyperparameter ranges. The total number of "
    "hyperparameter combinations for the provided ranges [3.0] must be equal or greater than the "
    "value of MaxNumberOfJobs, [10]. Provide additional ranges.": "HPT231",
    "MaxResource parameter is not provided and could not be inferred from provided static "
    "hyperparameters of TrainingJobDefinition.": "HPT243",
    "A metric is required for this hyperparameter tuning job objective. Provide a metric in the "
    "metric definitions.": "HPT321",
    "You can't override the metric definitions for Amazon SageMaker algorithms. Please retry the "
    "request without specifying metric definitions.": "HPT322",
    "You can't override the metric definitions for AWS Marketplace algorithms.": "HPT324",
    "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to "
    "true": "HPT431",
    "The set of tunable plus static HyperParameter names is not the same across current and parent "
    "tuning jobs.": "HPT703",
    "Only the following fields in TrainingJobDefinition are allowed to change: [x].": "HPT710",
    "A hyperparameter tuning job with the name, churn, already exists. Choose a different "
    "name.": "HPT901",
    "The account-level service limit 'ml.m4.xlarge for training job usage' is 0 Instances, with "
    "current utilization of 0 Instances and a request delta of 2 Instances.": "HPT911",
    'No S3 objects found under S3 URL "s3://example/train/" given in input data source.': "HPT922",
    "1 validation error detected: Value 'x' at 'hyperParameterTuningJobConfig.strategy' failed to "
    "satisfy constraint: Member must satisfy enum value set: [Bayesian]": "HPT104",
    "1 validation error detected: Value 'a_b' at 'hyperParameterTuningJobName' failed to satisfy "
    "constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9]": "HPT106",
    "1 validation error detected: Value '' at 'roleArn' failed to satisfy constraint: Member must "
    "have length greater than or equal to 20": "HPT105",
    "Invalid compression type for channel training: File mode only supports NONE, got Gzip "
    "instead": "HPT453",
    "Some channels have assigned instance groups: [test] while others not: [code]": "HPT465",
    "InstanceType or InstanceCount cannot be specified with InstanceGroups": "HPT411",
    "EnableNetworkIsolation must be true for jobs using SageMaker Marketplace": "HPT511",
    "Invalid training image. Please provide a valid Amazon Elastic Container Registry path of the "
    "Docker image to run.": "HPT302",
    f"Cannot find repository: churn in registry ID: 111122223333 Please check if your ECR "
    f"repository exists and role {ROLE} has proper pull permissions for SageMaker": "HPT931",
    "System prefix 'aws:' reserved for AWS usage in tag key: aws:x": "HPT602",
    f"Could not assume role {ROLE}. Please ensure that the role exists and allows principal "
    "'sagemaker.amazonaws.com' to assume the role.": "HPT942",
    f"ClientError: SageMaker was unable to assume the role '{ROLE}'": "HPT942",
    "ClientError: Hyperparameter num_round: -1 is not in [1, +inf)": "HPT307",
    "ClientError: Hyperparameter num_round: could not parse value": "HPT308",
    "ClientError: Missing required hyperparameter: num_round": "HPT309",
    "ClientError: Extraneous hyperparameter found: epochs": "HPT310",
    "ClientError: No value(s) were specified for 'mini_batch_size' which are required "
    "hyperparameter(s)": "HPT309",
    "ClientError: Artifact upload failed:Please ensure that the subnet's route table has a route "
    "to an S3 VPC endpoint or a NAT device": "HPT530",
    "ClientError: Got empty batch from pipe.": "HPT457",
    'Unknown parameter in TrainingJobDefinition: "Enviroment", must be one of: RoleArn': "HPT101",
}
WITHOUT_RULES = {
    "AlgorithmError: ExecuteUserScriptError: ExitCode 1 Command python3 train.py": "ExecuteUser",
    "CapacityError: Unable to provision requested ML compute capacity. Please retry using a "
    "different ML instance type.": "CapacityError",
    "The requested resource training-job/ml.t3.medium is not available in this region": "requested",
    "ThrottlingException: Rate exceeded": "Rate exceeded",
    "InternalServerError: We encountered an internal error. Please try again.": "InternalServer",
    "User: arn:aws:iam::111122223333:user/a is not authorized to perform: iam:PassRole": "PassRole",
    "ClientError: Data download failed:Insufficient disk space": "disk space",
    "No training job succeeded after 5 attempts. Please take a look at the training job failures "
    "to get more details.": "No training job succeeded",
    "ResourceLimitExceeded": "ResourceLimitExceeded",
    "AlgorithmError: something else": "AlgorithmError",
}


def first(text: str) -> KnownError:
    return known_errors(text)[0]


@pytest.mark.parametrize(("text", "code"), TEXTS.items())
def test_text_leads_to_its_rule(text: str, code: str) -> None:
    assert code in first(text).rules
    wrapped = CREATE.format("ValidationException", text).replace(" ", "\n  ")
    assert code in first(wrapped).rules
    page = error_pages(text)
    assert page is not None
    assert f"- {code}: " in page


@pytest.mark.parametrize(("text", "title"), WITHOUT_RULES.items())
def test_text_leads_to_advice(text: str, title: str) -> None:
    assert title in first(text).title
    assert first(text).advice


def test_a_specific_error_comes_without_the_general_one() -> None:
    quota = next(text for text in TEXTS if "service limit" in text)
    titles = [error.title for error in known_errors(f"ResourceLimitExceeded: {quota}")]
    assert len(titles) == 1
    assert "training job usage" in titles[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the hyperparameter tuning job of this image is not in the list",
        "everything went well",
        "Completed - Training job completed",
    ],
)
def test_text_without_a_known_error(text: str) -> None:
    assert known_errors(text) == ()
    assert error_pages(text) is None


def test_codes_of_hptc_in_a_text() -> None:
    page = error_pages("error[HPT203]: the range of `rate` includes 0, and HPT999")
    assert page is not None
    assert "- HPT203: A range with a logarithmic scale" in page
    assert "HPT999" not in page


def test_similar_error() -> None:
    similar = similar_error("the role could not be assumd")
    assert similar is not None
    assert similar.title == "Could not assume role"
    assert similar_error("x") is None


def test_long_text_takes_little_time() -> None:
    start = time.process_time()
    known_errors("kms hyperparameter a: b please ensure that the role " * 20_000)
    similar_error("abc" * 100_000)
    assert time.process_time() - start < 3


def test_every_code_exists_and_every_pattern_is_lower_case() -> None:
    table = json.loads((ROOT / "hptc/catalog/data/error_texts.json").read_text(encoding="utf-8"))
    for entry in table["errors"]:
        assert all(map(is_code, entry["rules"])), entry
        assert entry["texts"]
        assert entry["source"]
        for text in entry["texts"]:
            assert re.sub(r"\\[A-Za-z]", "", text) == re.sub(r"\\[A-Za-z]", "", text).lower()
