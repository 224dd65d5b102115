"""The codes that are not rules: what the file, the language, the API's shape and an account demand.

They are found by source.py, spec.py, demands.py, suppressions.py, compiler.py and, with an account
at hand (HPT9xx), by hptc/online; their pages stand here, so that `hptc explain` knows every code
that `hptc check` can print.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanguageCode:
    """One code and its page."""

    code: str
    summary: str
    explanation: str


CODES = (
    LanguageCode(
        "HPT000",
        "A rule crashed",
        "A bug in hptc: one rule failed on this file. The others ran, so the rest of the result "
        "stands. Please report it with the message.",
    ),
    LanguageCode(
        "HPT002",
        "Not valid YAML",
        "The file can't be read as YAML 1.2 or JSON. The place is where the parser lost the "
        "thread; the cause is often on the line before: a missing quote, colon or bracket, a tab, "
        "or a value with `: ` inside that needs quotes.",
    ),
    LanguageCode(
        "HPT003",
        "A key is written twice",
        "YAML readers keep one of the two silently, and rarely the one that was meant. Keep one.",
    ),
    LanguageCode(
        "HPT004",
        "Aliases that grow without end",
        "An alias contains itself, or the file grows to tens of thousands of values once its "
        "aliases are followed. No tuning spec needs that.",
    ),
    LanguageCode(
        "HPT005",
        "A value that a spec can't hold",
        "YAML tags, keys that are not words, and numbers of hundreds of digits have no meaning in "
        "a spec. Specs are plain data.",
    ),
    LanguageCode(
        "HPT006",
        "An undefined name",
        "A `{{ name }}` is not among the variables of the environment. Names come from hptc.yaml: "
        "`project`, `env`, `account`, `region`, `partition`, `url_suffix`, the environment's own "
        "`variables`, and what its infrastructure provides.",
    ),
    LanguageCode(
        "HPT007",
        "A template that can't be evaluated",
        "Templates hold expressions: names, constants, comparisons, arithmetic on numbers, `~`, "
        "conditions and a few filters. Statements, calls and attributes of Python objects are "
        "refused, because a spec may come from a stranger.",
    ),
    LanguageCode(
        "HPT010",
        "A suppression that does nothing",
        "`# hptc: ignore[HPT203] reason` needs a rule's code and a reason, and must stand on the "
        "line of the finding or alone above it. One that suppresses nothing is a leftover.",
    ),
    LanguageCode(
        "HPT100",
        "Not a spec",
        "The file is empty, or holds a list or a single value. A spec is a mapping that begins "
        "with `name:`.",
    ),
    LanguageCode(
        "HPT101",
        "An unknown key",
        "The key is not part of the language at this place. boto3 refuses unknown keys only when "
        "it sends, and the SageMaker SDK drops some silently.",
    ),
    LanguageCode(
        "HPT102",
        "A value of the wrong type",
        "The value is not what its key takes, or keys stand together that don't belong together.",
    ),
    LanguageCode(
        "HPT103",
        "A required key is missing",
        "AWS requires it, and neither the spec nor `defaults` nor the environment gives it.",
    ),
    LanguageCode(
        "HPT104",
        "A value that is not among the choices",
        "AWS takes one of a fixed set of words here, spelled exactly so. The set is the one of the "
        "installed botocore: a newer botocore may know more.",
    ),
    LanguageCode(
        "HPT105",
        "Out of AWS's bounds",
        "A number is too small or too large, or a text or list too short or too long. boto3 does "
        "not check maxima; the service does.",
    ),
    LanguageCode(
        "HPT106",
        "A text that does not match AWS's pattern",
        "The service checks these patterns on the whole text; boto3 does not.",
    ),
    LanguageCode(
        "HPT107",
        "A schedule that EventBridge Scheduler refuses",
        "A schedule is rate(…), cron(…) of six fields or at(…), with a time zone of the IANA "
        "database "
        "(https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html). Of the "
        "fields day of month and day of week one says the day and the other is `?`.",
    ),
    LanguageCode(
        "HPT108",
        "An existing resource in another place",
        "hptc.yaml identifies a resource by an ARN whose partition, Region or account the "
        "environment can't use. Training jobs use keys, buckets, subnets and security groups in "
        "their own Region, and roles and policies in their own account "
        "(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html). Use a resource "
        "in the environment's place, or correct the environment's `account` or `region`.",
    ),
    LanguageCode(
        "HPT109",
        "An environment that can't be deployed",
        "AWS or the CDK would refuse a stack of this environment: a name, a CIDR block, a zone, "
        "an endpoint or a policy is not valid or too large. It is an error whichever environment "
        "is chosen, since all of them are deployed from the same hptc.yaml "
        "(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html).",
    ),
    LanguageCode(
        "HPT600",
        "Two specs of one name",
        "The names of tuning jobs and of stacks are made from the spec's name, without regard to "
        "case, so each spec of a project needs its own.",
    ),
    LanguageCode(
        "HPT605",
        "Two owners of one stack or role",
        "A spec's stack is named hptc-PROJECT-ENVIRONMENT-SPEC, so the spec `eu` in `dev` and the "
        "environment `dev-eu` need the same name: deploying one would replace the other. All "
        "environments of the project count, and so do schedules, whose stacks end in -schedule. "
        "With `role_name_prefix`, the names of roles are compared too; they are unique in all "
        "Regions of an account "
        "(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html). Rename one "
        "of the two.",
    ),
    LanguageCode(
        "HPT700",
        "A warm-start parent that is almost a spec's name",
        "A parent that is no spec of the project is taken as the name of a tuning job in AWS. This "
        "one is so near to a spec's name that it is probably a slip.",
    ),
    LanguageCode(
        "HPT701",
        "A warm-start parent that does not compile",
        "The parent is a spec of this project, and the name of its job is made from its content; "
        "it must compile first, and must not warm-start from its own child.",
    ),
    LanguageCode(
        "HPT800",
        "A policy that is not held in full",
        "hptc.yaml has several environments with a policy of their own, and none was chosen. A "
        "request in the API's own form needs no environment to compile, so it is held to what the "
        "policy says for all of them. `--env NAME` or `default_environment` chooses one; "
        "`hptc submit` needs that.",
    ),
    LanguageCode(
        "HPT901",
        "A name that another job has",
        "The account has a tuning job of this name and of other content, in these or in other "
        "capitals. Names are never free again while the job is there "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html)"
        ". Give the spec another name, or use `--rerun` for a wanted repeat.",
    ),
    LanguageCode(
        "HPT902",
        "A warm-start parent that is not there",
        "The account has no tuning job of the parent's name in this Region. A parent that is a "
        "spec of the project is submitted first "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ParentHyperParameterTuningJob.html).",
    ),
    LanguageCode(
        "HPT903",
        "A warm-start parent that has not ended",
        "A search can learn from searches that are Completed, Stopped or Failed "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-warm-start.html). "
        "Wait for it, or stop it.",
    ),
    LanguageCode(
        "HPT904",
        "A warm-start parent from before October 2018",
        "Searches that were created before 1 October 2018 can't be parents "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_HyperParameterTuningJobWarmStartConfig.html).",
    ),
    LanguageCode(
        "HPT911",
        "More instances than the account's quota",
        "A search takes `max_parallel_training_jobs` times `instance_count` instances at once, "
        "and the account's quota for training jobs on this type, on demand or spot, is smaller. "
        "AWS refuses such a search when it is created. What other jobs use of the quota is not "
        "counted "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).",
    ),
    LanguageCode(
        "HPT912",
        "As many running searches as an account may have",
        "An account runs at most 100 tuning jobs at a time in a Region, and has that many now "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html).",
    ),
    LanguageCode(
        "HPT921",
        "A bucket that is not there, or in another Region",
        "Inputs, output and checkpoints are read and written in buckets of the search's own "
        "Region "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html).",
    ),
    LanguageCode(
        "HPT922",
        "An input without objects",
        "Nothing in the bucket begins with the input's prefix; AWS refuses the search, or its "
        "training jobs fail "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html).",
    ),
    LanguageCode(
        "HPT923",
        "Fewer objects than instances that share them",
        "With `ShardedByS3Key` each instance gets its share of the objects. With fewer objects "
        "than instances some have nothing to train on, and are paid for all the same "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html).",
    ),
    LanguageCode(
        "HPT931",
        "A training image that is not there",
        "ECR has no repository of this name, or no image of this tag or digest in it "
        "(https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html). "
        "Push the image first.",
    ),
    LanguageCode(
        "HPT941",
        "An execution role that is not there",
        "The account has no role of this ARN; the path is part of it "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html).",
    ),
    LanguageCode(
        "HPT942",
        "An execution role that SageMaker may not assume",
        "The role's trust policy must allow `sts:AssumeRole` to `sagemaker.amazonaws.com` "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html).",
    ),
    LanguageCode(
        "HPT951",
        "A KMS key that is not there, or can't be used",
        "The key does not exist in the Region, or is not enabled: disabled, or about to be "
        "deleted (https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html).",
    ),
    LanguageCode(
        "HPT961",
        "A subnet or security group that is not there",
        "Training jobs can run in subnets and security groups of the account and Region only "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html).",
    ),
    LanguageCode(
        "HPT962",
        "Subnets and security groups of several VPCs",
        "All of a training job's subnets and security groups belong to one VPC "
        "(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html).",
    ),
    LanguageCode(
        "HPT963",
        "Subnets with too few free addresses",
        "Each instance takes two addresses of the subnets; training jobs that find none fail "
        "(https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html).",
    ),
)

ONLINE = frozenset(entry.code for entry in CODES if entry.code.startswith("HPT9"))
"""What hptc/online finds with an account at hand."""
