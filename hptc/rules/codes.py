"""The codes that are not rules: about files, the language, the API model and the AWS account.

The other stages report them: source, spec, request, compiler and, for HPT9xx, account_checks. Their
pages are here, so that `hptc explain` covers every code that `hptc check` can print.
"""

from __future__ import annotations

from typing import NamedTuple


class LanguageCode(NamedTuple):
    """One code and its page."""

    code: str
    summary: str
    explanation: str


CODES = (
    LanguageCode(
        "HPT000",
        "A rule crashed",
        "This is a bug in hptc: one rule failed on this file. The other rules ran, so the rest of "
        "the result is valid. Please report it with the message.",
    ),
    LanguageCode(
        "HPT002",
        "Not valid YAML",
        "The file can't be parsed as YAML 1.2 or JSON. The cause is often on the line before the "
        "reported one: a missing quote, colon or bracket, a tab, or a value that contains `: ` "
        "and needs quotes.",
    ),
    LanguageCode(
        "HPT003",
        "Duplicate key",
        "Most YAML parsers silently keep one of the values. Remove one of them.",
    ),
    LanguageCode(
        "HPT004",
        "Excessive aliases",
        "An alias contains itself, or the file expands to tens of thousands of values. No tuning "
        "spec needs that.",
    ),
    LanguageCode(
        "HPT005",
        "Unsupported YAML value",
        "YAML tags, keys that are not strings, and numbers with hundreds of digits are not "
        "supported. Specs are plain data.",
    ),
    LanguageCode(
        "HPT006",
        "Undefined name in a template",
        "A `{{ name }}` is not a variable of the environment. Names come from hptc.yaml: "
        "`project`, `env`, `account`, `region`, `partition`, `url_suffix`, the environment's own "
        "`variables`, and what its infrastructure provides.",
    ),
    LanguageCode(
        "HPT007",
        "Invalid template",
        "Templates support names, constants, comparisons, arithmetic, `~`, conditions and a few "
        "filters. Statements, calls and attributes of Python objects are not supported, because "
        "specs can come from untrusted pull requests.",
    ),
    LanguageCode(
        "HPT008",
        "Training code that can't be packed",
        "The folder in `source` must be inside the project, and contain the entry point. hptc "
        "packs the files that git tracks or does not ignore; in CI, only those that git tracks. "
        "Links out of the folder and other repositories in it are not packed, and the size is "
        "limited (docs/script-mode.md).",
    ),
    LanguageCode(
        "HPT010",
        "Invalid or unused suppression",
        "`# hptc: ignore[HPT203] reason` needs the code of a rule and a reason, on the line of the "
        "finding or on its own line above it. Remove suppressions that no longer apply.",
    ),
    LanguageCode(
        "HPT100",
        "Not a spec",
        "The file is empty, or contains a list or a single value. A spec is a mapping with a "
        "`name:`.",
    ),
    LanguageCode(
        "HPT101",
        "Unknown key",
        "The key is not supported here. boto3 rejects unknown keys only when it sends the request, "
        "and the SageMaker SDK silently drops some.",
    ),
    LanguageCode(
        "HPT102",
        "Invalid value",
        "The value has the wrong type for its key, or keys are combined that exclude each other.",
    ),
    LanguageCode(
        "HPT103",
        "Missing required key",
        "AWS requires the key, but neither the spec, `defaults` nor the environment sets it.",
    ),
    LanguageCode(
        "HPT104",
        "Value is not one of the allowed values",
        "AWS accepts a fixed set of values here, which are case-sensitive. They come from the "
        "installed botocore; a newer version may support more.",
    ),
    LanguageCode(
        "HPT105",
        "Value out of bounds",
        "A number is too small or too large, or a string or list is too short or too long. boto3 "
        "does not check maximums, but the service does.",
    ),
    LanguageCode(
        "HPT106",
        "Value does not match AWS's pattern",
        "The service checks the whole value against the pattern; boto3 does not.",
    ),
    LanguageCode(
        "HPT107",
        "Invalid schedule",
        "A schedule is rate(…), cron(…) with six fields, or at(…), with an IANA time zone "
        "(https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html). One "
        "of the fields day-of-month and day-of-week must be `?`.",
    ),
    LanguageCode(
        "HPT108",
        "An existing resource in another Region, partition or account",
        "hptc.yaml identifies a resource by an ARN whose partition, Region or account the "
        "environment can't use. Training jobs use keys, buckets, subnets and security groups in "
        "their own Region, and roles and policies in their own account "
        "(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html). Use a resource "
        "in the environment's account and Region, or correct its `account` or `region`.",
    ),
    LanguageCode(
        "HPT109",
        "An environment that can't be deployed",
        "AWS or the CDK would reject a stack of this environment: a name, a CIDR block, a zone, "
        "an endpoint or a policy is not valid or too large; or the people who launch tuning jobs "
        "in it could pass the roles of another environment in the same account. It is an error "
        "whichever environment is chosen, since all of them are deployed from the same hptc.yaml "
        "(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html).",
    ),
    LanguageCode(
        "HPT600",
        "Two specs with the same name",
        "The names of tuning jobs and stacks contain the spec's name and are not case-sensitive, "
        "so each spec of a project needs a unique name.",
    ),
    LanguageCode(
        "HPT605",
        "Two stacks or roles with the same name",
        "A spec's stack is named hptc-PROJECT-ENVIRONMENT-SPEC, so the spec `eu` in `dev` and the "
        "environment `dev-eu` need the same name: deploying one would replace the other. So do two "
        "projects of the same name with the same environment in one account and Region. All "
        "environments of the project count, and so do schedules, whose stacks end in -schedule. "
        "With `role_name_prefix`, the names of roles are compared too; they are unique in all "
        "Regions of an account "
        "(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). Rename one "
        "of the two.",
    ),
    LanguageCode(
        "HPT700",
        "The name of a warm-start parent is similar to that of a spec",
        "If a parent is not a spec of the project, hptc assumes that it is an existing tuning job. "
        "This one is so similar to the name of a spec that it is probably a typo.",
    ),
    LanguageCode(
        "HPT701",
        "A warm-start parent does not compile",
        "The parent is a spec of this project. The name of its tuning job depends on its content, "
        "so it must compile, and it must not depend on its own child.",
    ),
    LanguageCode(
        "HPT712",
        "A warm-start parent is a scheduled spec",
        "Each run of a schedule is a new tuning job with the time in its name, so no run has the "
        "name that the spec compiles to, and the child would have a parent that does not exist. "
        "Use `latest(SPEC)`, its newest completed tuning job, or the name of a finished run, which "
        "`hptc list` prints.",
    ),
    LanguageCode(
        "HPT713",
        "`latest()` without a spec whose tuning jobs can be looked up",
        "`latest(SPEC)` as a warm-start parent is the newest completed tuning job of a spec of the "
        "project, in the same environment. Write one entry for each spec, with the `name` of the "
        "spec. A spec that sets `job_name` and has no schedule has a single tuning job: use the "
        "name of the spec, without `latest`.",
    ),
    LanguageCode(
        "HPT800",
        "Policy only partially enforced",
        "hptc.yaml has several environments with their own policy, and none is selected. A request "
        "in the API's own form compiles without an environment, so only the policy of the project "
        "applies. Select an environment with `--env NAME` or `default_environment`; `hptc submit` "
        "requires it.",
    ),
    LanguageCode(
        "HPT901",
        "The name of the tuning job is already in use",
        "The account has a tuning job with this name, which is not case-sensitive, and other "
        "content. The name of an existing tuning job can't be reused "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html)"
        ". Rename the spec, or use `--rerun` to repeat the tuning job.",
    ),
    LanguageCode(
        "HPT902",
        "A warm-start parent does not exist",
        "The account has no tuning job with the parent's name in this Region. Submit a parent that "
        "is a spec of the project first "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ParentHyperParameterTuningJob.html).",
    ),
    LanguageCode(
        "HPT903",
        "A warm-start parent has not finished",
        "Parents must be Completed, Stopped or Failed "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html). "
        "Wait for the parent, or stop it.",
    ),
    LanguageCode(
        "HPT904",
        "A warm-start parent is older than October 2018",
        "Tuning jobs created before October 1, 2018 can't be parents "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobWarmStartConfig.html).",
    ),
    LanguageCode(
        "HPT911",
        "Instance quota exceeded",
        "A tuning job needs `max_parallel_training_jobs` times `instance_count` instances at the "
        "same time, but the account's quota for this type, on-demand or Spot, is lower. SageMaker "
        "rejects the tuning job. The usage of other jobs is not counted "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).",
    ),
    LanguageCode(
        "HPT912",
        "Quota of running tuning jobs reached",
        "An account can run up to 100 tuning jobs at a time in a Region, and this one already does "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).",
    ),
    LanguageCode(
        "HPT921",
        "A bucket does not exist, or is in another Region",
        "The buckets of inputs, output and checkpoints must be in the Region of the tuning job "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html).",
    ),
    LanguageCode(
        "HPT922",
        "An input has no objects",
        "No object in the bucket has the prefix of the input. SageMaker rejects the tuning job, or "
        "its training jobs fail "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html).",
    ),
    LanguageCode(
        "HPT923",
        "Fewer objects than instances",
        "With `ShardedByS3Key` each instance gets a part of the objects. With fewer objects than "
        "instances, some instances have no data, but still cost money "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html).",
    ),
    LanguageCode(
        "HPT924",
        "A code archive does not exist",
        "`sagemaker_submit_directory` is the archive in Amazon S3 that a framework container gets "
        "its training script from. Every training job fails without it "
        "(https://github.com/aws/sagemaker-training-toolkit/blob/"
        "02b7105f05f0a2ec9a3dc65edf9d03009f4a4f65/src/sagemaker_training/params.py).",
    ),
    LanguageCode(
        "HPT925",
        "The training data is larger than the storage of an instance",
        "In File mode, SageMaker downloads the data to the volume of each instance, or to its "
        "local storage, before training starts, and a training job whose data does not fit fails "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html). Up "
        "to 10,000 objects of an input channel are counted. The modes FastFile and Pipe stream the "
        "data. What a manifest lists and clusters with several groups are not checked.",
    ),
    LanguageCode(
        "HPT931",
        "A training image does not exist",
        "Amazon ECR has no repository with this name, or no image with this tag or digest in it "
        "(https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html). "
        "Push the image first.",
    ),
    LanguageCode(
        "HPT941",
        "An execution role does not exist",
        "The account has no role with this ARN, which includes the path "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html).",
    ),
    LanguageCode(
        "HPT942",
        "SageMaker can't assume an execution role",
        "The role's trust policy must allow `sts:AssumeRole` for `sagemaker.amazonaws.com` "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html).",
    ),
    LanguageCode(
        "HPT943",
        "A permissions boundary does not exist",
        "hptc.yaml names a managed policy as `permissions_boundary`, which the account does not "
        "have. IAM creates no role without its boundary, so a deployment fails "
        "(https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html). IAM "
        "is global: a policy exists in all Regions of an account. Its name includes the path.",
    ),
    LanguageCode(
        "HPT944",
        "An execution role lacks a permission",
        "IAM's policy simulator is asked about what the tuning job requires of its role: to read "
        "the inputs and the code, to write the output and checkpoints, and to use the keys, the "
        "image and the network. No policy of the role allows one of these actions, or a Deny "
        "statement, the permissions boundary or a service control policy forbids it. SageMaker "
        "creates the tuning job, and its training jobs fail "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html). It is a warning: "
        "for a role, the simulator can't read the policies of buckets, keys and repositories "
        "(https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html). "
        "Resources of other accounts are not checked. `AmazonSageMakerFullAccess` allows access "
        "only to some buckets and objects, such as those with `sagemaker` in their names "
        "(https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSageMakerFullAccess.html).",
    ),
    LanguageCode(
        "HPT951",
        "A KMS key does not exist, or can't be used",
        "The key does not exist in the Region, is disabled, or is pending deletion "
        "(https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html).",
    ),
    LanguageCode(
        "HPT961",
        "A subnet or security group does not exist",
        "Subnets and security groups must be in the account and Region of the tuning job, and so "
        "must the VPC in which hptc creates a security group "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html).",
    ),
    LanguageCode(
        "HPT962",
        "Subnets and security groups are in several VPCs",
        "All subnets and security groups of a training job must be in one VPC "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html).",
    ),
    LanguageCode(
        "HPT963",
        "Subnets have too few free IP addresses",
        "Each instance needs two IP addresses in the subnets; without them, training jobs fail "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html).",
    ),
    LanguageCode(
        "HPT964",
        "Subnets have no route to Amazon S3",
        "Training jobs in a VPC read their data and write their artifacts through their subnets, "
        "and fail if the route table has neither an S3 endpoint nor a NAT gateway "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html). An internet gateway is "
        "not enough, because training instances have no public IP address. Add a gateway endpoint "
        "(https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html). It is a "
        "warning if other subnets of the tuning job have a route to Amazon S3. An interface "
        "endpoint and any route to another network count as one; network ACLs and endpoint "
        "policies are not checked.",
    ),
    LanguageCode(
        "HPT965",
        "Security groups block Amazon S3",
        "No outbound rule of the security groups allows TCP port 443, so training jobs can't read "
        "their data or write their artifacts, and fail "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html). The rules of all groups "
        "add up. Any destination counts; network ACLs are not checked.",
    ),
    LanguageCode(
        "HPT966",
        "Security groups keep the instances of a training job apart",
        "The instances of a distributed training job talk to each other, which needs an inbound "
        "and an outbound rule between members of their security groups. With traffic encryption, "
        "the rules must allow UDP 500 and the protocol 50, ESP "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/train-encrypt.html). Rules for addresses "
        "count as well. It is a warning, because not every algorithm uses the network.",
    ),
    LanguageCode(
        "HPT967",
        "The VPC has dedicated tenancy",
        "Training jobs run in subnets of a VPC with default tenancy only, whose instances run on "
        "shared hardware (https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html). EC2 can "
        "change the tenancy of a VPC from dedicated to default "
        "(https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/change-tenancy-vpc.html).",
    ),
    LanguageCode(
        "HPT971",
        "An SSM parameter does not exist",
        "hptc.yaml identifies a resource by an SSM parameter, which CloudFormation reads in the "
        "account and Region of the environment. If it does not exist there, a deployment fails "
        "(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html).",
    ),
    LanguageCode(
        "HPT972",
        "An SSM parameter can't be used",
        "The parameter must be a String, because CloudFormation does not read a SecureString here, "
        "and its value must identify a resource of the right kind in the environment's account and "
        "Region, in the form that requests contain: the ARN of a role or policy, the ID of a "
        "subnet "
        "(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html).",
    ),
)

ONLINE = frozenset(entry.code for entry in CODES if entry.code.startswith("HPT9"))
"""The codes of hptc/account_checks, which need an AWS account."""
