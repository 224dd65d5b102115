"""The inventory of an account: against moto, and stubs for Service Quotas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from hptc.aws.account import connect, connected
from hptc.aws.aws_errors import affects_every_call
from hptc.aws.connection import Connection
from hptc.aws.retry import Retry
from hptc.catalog.images import Image, parse_image
from hptc.errors import AwsError
from hptc.service.inventory import (
    Account,
    DataSize,
    Role,
    RouteTable,
    S3Endpoint,
    SecurityGroup,
    SimulatedCalls,
    SimulatedDecision,
    SsmParameter,
    Subnet,
    TrafficRule,
)
from tests.support.fake_service import FakeTime
from tests.support.specs import ACCOUNT

REGION = "us-east-1"


@pytest.fixture
def account(aws: None) -> Account:
    return connect(region=REGION)


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]


def image(name: str, account: str = ACCOUNT) -> Image:
    parsed = parse_image(f"{account}.dkr.ecr.{REGION}.amazonaws.com/{name}")
    assert parsed is not None
    return parsed


class TestBuckets:
    """HeadBucket, and the number of objects."""

    def test_in_this_region(self, account: Account) -> None:
        client("s3").create_bucket(Bucket="data")
        assert account.inventory.bucket_region("data") == REGION

    def test_in_another_region(self, account: Account) -> None:
        client("s3").create_bucket(
            Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        assert account.inventory.bucket_region("data") == "eu-west-1"

    def test_absent(self, account: Account) -> None:
        assert account.inventory.bucket_region("data") is None

    @pytest.mark.parametrize(
        ("prefix", "limit", "count"),
        [
            pytest.param("train/", 5, 3, id="all"),
            pytest.param("train/", 2, 2, id="no-more-than-asked-for"),
            pytest.param("", 5, 4, id="whole-bucket"),
            pytest.param("Train/", 5, 0, id="none"),
        ],
    )
    def test_objects(self, account: Account, prefix: str, limit: int, count: int) -> None:
        s3 = client("s3")
        s3.create_bucket(Bucket="data")
        for key in ("train/1", "train/2", "train/3", "test/1"):
            s3.put_object(Bucket="data", Key=key, Body=b"")
        assert account.inventory.count_objects("data", prefix, limit) == count

    def test_the_size_of_the_data(self, account: Account) -> None:
        s3 = client("s3")
        s3.create_bucket(Bucket="sized")
        for key in ("train/1", "train/2", "other/1"):
            s3.put_object(Bucket="sized", Key=key, Body=b"abc")
        assert account.inventory.data_size("sized", "train/") == DataSize(bytes=6, is_whole=True)

    @pytest.mark.parametrize(
        ("pages", "size"),
        [
            pytest.param(10, DataSize(bytes=10, is_whole=True), id="all"),
            pytest.param(11, DataSize(bytes=10, is_whole=False), id="more"),
        ],
    )
    def test_the_size_of_many_objects(
        self, pages: int, size: DataSize, connection: Connection
    ) -> None:
        question: dict[str, Any] = {"Bucket": "sized", "Prefix": "train/"}
        with Stubber(connection.client("s3")) as stub:
            for page in range(1, min(pages, 10) + 1):
                answer: dict[str, Any] = {"Contents": [{"Key": "train/a", "Size": 1}]}
                if page < pages:
                    answer |= {"IsTruncated": True, "NextContinuationToken": str(page)}
                stub.add_response("list_objects_v2", answer, question)
                question = {**question, "ContinuationToken": str(page)}
            assert connected(connection).inventory.data_size("sized", "train/") == size
            stub.assert_no_pending_responses()

    def test_one_object(self, account: Account) -> None:
        s3 = client("s3")
        s3.create_bucket(Bucket="archives")
        for key in ("code.tar.gz", "code.tar.gz.old", "other.tar.gz.old"):
            s3.put_object(Bucket="archives", Key=key, Body=b"")
        assert account.inventory.has_object("archives", "code.tar.gz")
        assert not account.inventory.has_object("archives", "other.tar.gz")
        assert not account.inventory.has_object("archives", "nothing")


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        pytest.param(403, {"x-amz-bucket-region": "eu-west-1"}, "eu-west-1", id="denied"),
        pytest.param(301, {"x-amz-bucket-region": "eu-west-1"}, "eu-west-1", id="moved"),
        pytest.param(404, {}, None, id="not-there"),
    ],
)
def test_the_region_in_an_error(
    status: int, headers: dict[str, str], expected: str | None, connection: Connection
) -> None:
    with Stubber(connection.client("s3")) as stub:
        stub.add_client_error(
            "head_bucket",
            service_error_code=str(status),
            http_status_code=status,
            response_meta={"HTTPHeaders": headers},
        )
        assert connected(connection).inventory.bucket_region("data") == expected


def test_an_error_without_a_region(connection: Connection) -> None:
    with Stubber(connection.client("s3")) as stub:
        stub.add_client_error("head_bucket", service_error_code="403", http_status_code=403)
        with pytest.raises(AwsError) as caught:
            connected(connection).inventory.bucket_region("data")
    assert caught.value.code == "403"
    assert not affects_every_call(caught.value)


class TestImages:
    """DescribeImages."""

    @pytest.fixture(autouse=True)
    def pushed(self, account: Account) -> str:
        ecr = client("ecr")
        ecr.create_repository(repositoryName="churn/train")
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                "layers": [],
                "config": {"digest": "sha256:1"},
            }
        )
        put = ecr.put_image(repositoryName="churn/train", imageManifest=manifest, imageTag="1.4")
        digest: str = put["image"]["imageId"]["imageDigest"]
        return digest

    @pytest.mark.parametrize(
        ("name", "missing"),
        [
            pytest.param("churn/train:1.4", "", id="tag"),
            pytest.param("churn/train:1.5", "image", id="another-tag"),
            pytest.param("churn/train", "image", id="latest"),
            pytest.param(f"churn/train@sha256:{'0' * 64}", "image", id="another-digest"),
            pytest.param("churn/serve:1.4", "repository", id="another-repository"),
        ],
    )
    def test_missing(self, account: Account, name: str, missing: str) -> None:
        assert account.inventory.missing_image_part(image(name)) == missing

    def test_digest(self, account: Account, pushed: str) -> None:
        assert account.inventory.missing_image_part(image(f"churn/train@{pushed}")) == ""


def trust(principal: Any, action: Any = "sts:AssumeRole", effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action}


class TestRoles:
    """GetRole, and the services that may assume the role."""

    @pytest.mark.parametrize(
        ("statements", "services"),
        [
            pytest.param(
                trust({"Service": "sagemaker.amazonaws.com"}), {"sagemaker.amazonaws.com"}, id="one"
            ),
            pytest.param(
                [trust({"Service": ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]}, ["sts:*"])],
                {"ec2.amazonaws.com", "sagemaker.amazonaws.com"},
                id="list",
            ),
            pytest.param(
                [
                    trust({"Service": "sagemaker.amazonaws.com"}, "sts:TagSession"),
                    trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
                ],
                set(),
                id="another-action-and-another-kind-of-principal",
            ),
            pytest.param(
                [trust({"Service": "sagemaker.amazonaws.com"}, effect="Deny")], set(), id="denied"
            ),
        ],
    )
    def test_present(self, account: Account, statements: Any, services: set[str]) -> None:
        document = {"Version": "2012-10-17", "Statement": statements}
        result = client("iam").create_role(
            RoleName="tuning", Path="/research/", AssumeRolePolicyDocument=json.dumps(document)
        )
        assert account.inventory.role("tuning") == Role(
            arn=result["Role"]["Arn"], services=frozenset(services)
        )

    def test_absent(self, account: Account) -> None:
        assert account.inventory.role("tuning") is None


class TestKeys:
    """DescribeKey."""

    def test_states(self, account: Account) -> None:
        kms = client("kms")
        result = kms.create_key()["KeyMetadata"]
        kms.create_alias(AliasName="alias/tuning", TargetKeyId=result["KeyId"])
        for key in (result["KeyId"], result["Arn"], "alias/tuning"):
            assert account.inventory.key_state(key) == "Enabled"
        kms.disable_key(KeyId=result["KeyId"])
        assert account.inventory.key_state(result["Arn"]) == "Disabled"
        kms.schedule_key_deletion(KeyId=result["KeyId"])
        assert account.inventory.key_state(result["Arn"]) == "PendingDeletion"

    def test_absent(self, account: Account) -> None:
        absent = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        assert account.inventory.key_state(absent) is None
        assert account.inventory.key_state("alias/absent") is None


def test_networks(account: Account) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/28")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="tuning", Description="-", VpcId=vpc)["GroupId"]
    absent = "subnet-0a000000000000001"
    assert account.inventory.subnets((subnet, absent)) == {
        subnet: Subnet(vpc=vpc, free_addresses=11, owner=ACCOUNT)
    }
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "udp", "FromPort": 500, "ToPort": 510,
             "UserIdGroupPairs": [{"GroupId": group}]},
            {"IpProtocol": "50", "FromPort": -1, "ToPort": -1,
             "PrefixListIds": [{"PrefixListId": "pl-1"}]},
        ],
    )  # fmt: skip
    assert account.inventory.security_groups((group, "sg-0a000000000000001")) == {
        group: SecurityGroup(
            vpc=vpc,
            inbound=(
                TrafficRule(
                    protocol="udp",
                    ports=(500, 510),
                    groups=frozenset({group}),
                    has_addresses=False,
                ),
                TrafficRule(protocol="50", ports=None, groups=frozenset(), has_addresses=True),
            ),
            outbound=(
                TrafficRule(protocol="-1", ports=None, groups=frozenset(), has_addresses=True),
            ),
        )
    }


class TestRoutes:
    """DescribeVpcs, DescribeRouteTables and DescribeVpcEndpoints."""

    @pytest.fixture
    def vpc(self, account: Account) -> str:
        vpc: str = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        return vpc

    @pytest.fixture
    def table(self, account: Account, vpc: str) -> str:
        """A route table that is not the main one."""
        table: str = client("ec2").create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        return table

    @staticmethod
    def gateway_endpoint(vpc: str, service: str, *tables: str) -> None:
        client("ec2").create_vpc_endpoint(
            VpcId=vpc,
            ServiceName=f"com.amazonaws.{REGION}.{service}",
            VpcEndpointType="Gateway",
            RouteTableIds=tables,
        )

    def test_a_vpc(self, account: Account, vpc: str) -> None:
        assert account.inventory.tenancy(vpc) == "default"
        dedicated = client("ec2").create_vpc(CidrBlock="10.1.0.0/16", InstanceTenancy="dedicated")
        assert account.inventory.tenancy(dedicated["Vpc"]["VpcId"]) == "dedicated"
        assert account.inventory.tenancy("vpc-0a000000000000001") is None

    def test_tables(self, account: Account, vpc: str, table: str) -> None:
        ec2 = client("ec2")
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/28")["Subnet"]["SubnetId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        main, own = sorted(account.inventory.route_tables(vpc), key=lambda table: not table.is_main)
        assert (main.is_main, main.subnets) == (True, frozenset())
        assert own == RouteTable(
            id=table,
            subnets=frozenset({subnet}),
            is_main=False,
            has_internet_gateway=False,
            has_egress=False,
        )

    def test_an_internet_gateway(self, account: Account, vpc: str, table: str) -> None:
        ec2 = client("ec2")
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        assert self.ways(account, vpc, table) == (True, False)

    def test_a_nat_gateway(self, account: Account, vpc: str, table: str) -> None:
        ec2 = client("ec2")
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/28")["Subnet"]["SubnetId"]
        nat = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
        ec2.create_route(
            RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat["NatGatewayId"]
        )
        assert self.ways(account, vpc, table) == (False, True)

    @pytest.mark.parametrize("service", ["s3", "dynamodb"])
    def test_a_gateway_endpoint_is_no_way_out(
        self, service: str, account: Account, vpc: str, table: str
    ) -> None:
        self.gateway_endpoint(vpc, service, table)
        assert self.ways(account, vpc, table) == (False, False)
        tables = {"s3": [frozenset({table})], "dynamodb": []}
        endpoints = account.inventory.s3_endpoints(vpc)
        assert [endpoint.route_tables for endpoint in endpoints] == tables[service]
        assert all(endpoint.is_gateway for endpoint in endpoints)

    @staticmethod
    def ways(account: Account, vpc: str, table: str) -> tuple[bool, bool]:
        (table_routes,) = (
            route_table
            for route_table in account.inventory.route_tables(vpc)
            if route_table.id == table
        )
        return table_routes.has_internet_gateway, table_routes.has_egress


def test_routes_and_endpoints_that_are_not_in_use(connection: Connection) -> None:
    # As the pages of the API show them; moto has only active ones, on one page.
    associations = [{"SubnetId": "subnet-1", "Main": False}]
    routes: list[dict[str, Any]] = [
        {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
        {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole"},
    ]
    endpoint = {"VpcEndpointType": "Gateway", "ServiceName": f"com.amazonaws.{REGION}.s3"}
    with Stubber(connection.client("ec2")) as stub:
        table = {"RouteTableId": "rtb-1", "Associations": associations, "Routes": routes}
        stub.add_response("describe_route_tables", {"RouteTables": [table], "NextToken": "more"})
        firewall = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "vpce-1", "State": "active"}
        table = {"RouteTableId": "rtb-2", "Associations": [{"Main": True}], "Routes": [firewall]}
        stub.add_response("describe_route_tables", {"RouteTables": [table]})
        stub.add_response(
            "describe_vpc_endpoints",
            {
                "VpcEndpoints": [
                    {**endpoint, "State": "deleting", "RouteTableIds": ["rtb-1"]},
                    {**endpoint, "State": "Available", "RouteTableIds": ["rtb-2"]},
                ]
            },
        )
        inventory = connected(connection).inventory
        first, second = inventory.route_tables("vpc-1")
        assert (first.subnets, first.is_main, first.has_egress) == (
            frozenset({"subnet-1"}),
            False,
            False,
        )
        assert (second.subnets, second.is_main, second.has_egress) == (frozenset(), True, True)
        assert inventory.s3_endpoints("vpc-1") == (
            S3Endpoint(is_gateway=True, route_tables=frozenset({"rtb-2"})),
        )


class TestSimulation:
    """IAM's policy simulator, as the API's page shows it; moto has none."""

    ROLE = f"arn:aws:iam::{ACCOUNT}:role/tuning"
    BUCKET, OTHER = "arn:aws:s3:::data", "arn:aws:s3:::other"
    CONTEXT = (("s3:prefix", "train/"), ("aws:SecureTransport", "true"))

    def test_decisions(self, connection: Connection) -> None:
        question = {
            "PolicySourceArn": self.ROLE,
            "ActionNames": ["s3:ListBucket", "s3:PutObject"],
            "ResourceArns": [self.BUCKET, self.OTHER],
            "ContextEntries": [
                {
                    "ContextKeyName": "s3:prefix",
                    "ContextKeyType": "string",
                    "ContextKeyValues": ["train/"],
                },
                {
                    "ContextKeyName": "aws:SecureTransport",
                    "ContextKeyType": "boolean",
                    "ContextKeyValues": ["true"],
                },
            ],
        }
        first = {
            "EvalActionName": "s3:ListBucket",
            "EvalDecision": "explicitDeny",
            "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
            "ResourceSpecificResults": [
                {
                    "EvalResourceName": self.BUCKET,
                    "EvalResourceDecision": "implicitDeny",
                    "MissingContextValues": ["aws:sourcevpce"],
                    "PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": False},
                },
                {"EvalResourceName": self.OTHER, "EvalResourceDecision": "explicitDeny"},
            ],
        }
        second = {"EvalActionName": "s3:PutObject", "EvalDecision": "allowed"}
        page = {"EvaluationResults": [first], "IsTruncated": True, "Marker": "more"}
        with Stubber(connection.client("iam")) as stub:
            stub.add_response("simulate_principal_policy", page, question)
            stub.add_response(
                "simulate_principal_policy",
                {"EvaluationResults": [second], "IsTruncated": False},
                {**question, "Marker": "more"},
            )
            decisions = connected(connection).inventory.simulate(
                self.ROLE,
                SimulatedCalls(
                    actions=("s3:ListBucket", "s3:PutObject"),
                    resources=(self.BUCKET, self.OTHER),
                    context=self.CONTEXT,
                ),
            )
        assert decisions == (
            SimulatedDecision(
                action="s3:ListBucket",
                resource=self.BUCKET,
                is_allowed=False,
                is_denied=False,
                is_in_boundary=False,
                is_in_organization=False,
                missing_keys=("aws:sourcevpce",),
            ),
            SimulatedDecision(
                action="s3:ListBucket",
                resource=self.OTHER,
                is_allowed=False,
                is_denied=True,
                is_in_organization=False,
            ),
            *(
                SimulatedDecision(
                    action="s3:PutObject", resource=resource, is_allowed=True, is_denied=False
                )
                for resource in (self.BUCKET, self.OTHER)
            ),
        )

    @pytest.mark.parametrize("code", ["NoSuchEntity", "AccessDenied"])
    def test_errors(self, code: str, connection: Connection) -> None:
        inventory = connected(connection).inventory
        calls = SimulatedCalls(actions=("s3:ListBucket",), resources=(self.BUCKET,))
        with Stubber(connection.client("iam")) as stub:
            stub.add_client_error("simulate_principal_policy", code)
            if code == "NoSuchEntity":
                assert inventory.simulate(self.ROLE, calls) == ()
                return
            with pytest.raises(AwsError) as caught:
                inventory.simulate(self.ROLE, calls)
        assert "iam:SimulatePrincipalPolicy" in caught.value.help


def test_policies(account: Account) -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    created = client("iam").create_policy(
        PolicyName="boundary", Path="/ml/", PolicyDocument=json.dumps(document)
    )
    assert account.inventory.has_policy(created["Policy"]["Arn"])
    assert not account.inventory.has_policy(f"arn:aws:iam::{ACCOUNT}:policy/boundary")


def test_parameters(account: Account) -> None:
    ssm = client("ssm")
    names = [f"/network/private-{number}" for number in range(12)]
    for name in names:
        ssm.put_parameter(Name=name, Value="subnet-1", Type="String")
    ssm.put_parameter(Name="secret", Value="hunter2", Type="SecureString")
    parameters = account.inventory.parameters([*names, "/Network/vpc", "secret"])
    assert parameters["secret"].type == "SecureString"
    assert parameters["secret"].value != "hunter2"
    assert {name: parameters[name] for name in names} == dict.fromkeys(
        names, SsmParameter(type="String", value="subnet-1")
    )
    assert len(parameters) == len(names) + 1


def test_ten_parameters_are_read_with_one_call(connection: Connection) -> None:
    names = [f"/network/private-{number}" for number in range(11)]
    with Stubber(connection.client("ssm")) as stub:
        stub.add_response("get_parameters", {"Parameters": []}, {"Names": names[:10]})
        stub.add_response("get_parameters", {"Parameters": []}, {"Names": names[10:]})
        assert connected(connection).inventory.parameters(names) == {}


@pytest.fixture
def connection(credentials: None) -> Connection:
    time = FakeTime()
    return Connection(None, region=REGION, retry=Retry(sleep=time.sleep, clock=time.clock))


def test_quotas_of_every_page(connection: Connection) -> None:
    def page(*quotas: dict[str, Any], **more: str) -> dict[str, Any]:
        return {"Quotas": list(quotas), **more}

    name = "ml.m5.xlarge for {} job usage".format
    with Stubber(connection.client("service-quotas")) as stub:
        requested = {"ServiceCode": "sagemaker", "MaxResults": 100}
        stub.add_response(
            "list_service_quotas",
            page({"QuotaName": name("training"), "Value": 8.0}, NextToken="more"),
            requested,
        )
        stub.add_response(
            "list_service_quotas",
            page(
                {"QuotaName": name("spot training"), "Value": 0.0}, {"QuotaName": "without a value"}
            ),
            {**requested, "NextToken": "more"},
        )
        assert connected(connection).inventory.quotas() == {
            name("training"): 8.0, name("spot training"): 0.0,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "is_about_all"),
    [
        pytest.param("AccessDeniedException", False, id="denied"),
        pytest.param("ExpiredTokenException", True, id="expired"),
        pytest.param("UnrecognizedClientException", True, id="unknown-credentials"),
    ],
)
def test_errors_of_quotas(code: str, is_about_all: bool, connection: Connection) -> None:
    with Stubber(connection.client("service-quotas")) as stub:
        stub.add_client_error("list_service_quotas", service_error_code=code)
        with pytest.raises(AwsError) as caught:
            connected(connection).inventory.quotas()
    assert caught.value.code == code
    assert affects_every_call(caught.value) is is_about_all
    if not is_about_all:
        assert "servicequotas:ListServiceQuotas" in caught.value.help


def test_missing_credentials_affect_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(AwsError) as caught:
        connect(region=REGION).inventory.quotas()
    assert affects_every_call(caught.value)


def test_unreadable_credentials_affect_every_call(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As on a runner whose file with the token of its identity is not mounted."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", f"arn:aws:iam::{ACCOUNT}:role/ci")
    with pytest.raises(AwsError, match="token: No such file or directory") as caught:
        connect(region=REGION).inventory.quotas()
    assert affects_every_call(caught.value)
