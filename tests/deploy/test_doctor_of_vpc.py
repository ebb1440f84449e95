"""What the doctor finds out about an existing VPC."""

from collections.abc import Mapping
from typing import Any

import pytest
from stack_view import EXISTING_VPC

from tap.deploy.existing_vpc import NEEDED, questions
from tap.network import PRIVATE_SERVICES

VPC_ID = EXISTING_VPC["VpcId"]
SUBNETS = {kind: EXISTING_VPC[f"{kind}SubnetIds"].split(",") for kind in ("Public", "Private", "Database")}
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
OUTWARD = {"Public": {"GatewayId": "igw-1"}, "Private": {"NatGatewayId": "nat-1"}}


class Ec2:
    """A VPC in which everything is as the stack needs it, until a test breaks something."""

    def __init__(self) -> None:
        self.attributes = {"EnableDnsSupport": True, "EnableDnsHostnames": True}
        self.subnets = {subnet: {"SubnetId": subnet, "VpcId": VPC_ID, "AvailabilityZone": zone,
                                 "AvailableIpAddressCount": 200}
                        for of_kind in SUBNETS.values() for subnet, zone in zip(of_kind, ZONES, strict=True)}
        self.tables: dict[str, dict[str, Any]] = {subnet: {"RouteTableId": f"rtb-{kind}", "Routes": [
            {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
            *({"DestinationCidrBlock": "0.0.0.0/0", "State": "active", **way} for way in [OUTWARD.get(kind)] if way)]}
            for kind, of_kind in SUBNETS.items() for subnet in of_kind}
        self.main: dict[str, Any] = {"RouteTableId": "rtb-main", "Routes": []}
        self.endpoints: list[dict[str, Any]] = []
        self.logs: list[dict[str, Any]] = []

    def __call__(self, method: str, **request: Any) -> Mapping[str, Any]:
        filters = {each["Name"]: each["Values"][0] for each in request.get("Filters", request.get("Filter", []))}
        match method:
            case "describe_vpc_attribute":
                name = request["Attribute"][0].upper() + request["Attribute"][1:]
                return {name: {"Value": self.attributes[name]}}
            case "describe_subnets":
                return {"Subnets": [self.subnets[each] for each in request["SubnetIds"]]}
            case "describe_route_tables" if "association.main" in filters:
                return {"RouteTables": [self.main]}
            case "describe_route_tables":
                return {"RouteTables": [self.tables[each] for each in [filters["association.subnet-id"]]
                                        if each in self.tables]}
            case "describe_vpc_endpoints":
                return {"VpcEndpoints": self.endpoints}
            case "describe_flow_logs":
                return {"FlowLogs": self.logs}
        raise AssertionError(method)

    def without_way_out(self) -> None:
        for subnet in SUBNETS["Private"]:
            del self.tables[subnet]["Routes"][1:]


def answers(ec2: Ec2, **parameters: str) -> dict[str, tuple[bool | None, str]]:
    return {what: question() for what, question in questions(ec2, {**EXISTING_VPC, **parameters})}


def endpoint(service: str, **attributes: Any) -> dict[str, Any]:
    return {"ServiceName": f"com.amazonaws.us-east-1.{service}", "State": "available",
            "VpcEndpointType": "Interface", "PrivateDnsEnabled": True, **attributes}


def test_a_vpc_as_the_stack_needs_it_is_all_right() -> None:
    found = answers(Ec2())
    assert len(found) == 7
    assert [what for what, (ok, _) in found.items() if not ok] == []


def test_without_a_vpc_nothing_is_asked() -> None:
    assert list(questions(Ec2(), {"VpcId": ""})) == []


@pytest.mark.parametrize("attribute", ["enableDnsSupport", "enableDnsHostnames"])
def test_a_dns_attribute_that_is_off_is_told_with_the_command_that_sets_it(attribute: str) -> None:
    ec2 = Ec2()
    ec2.attributes[attribute[0].upper() + attribute[1:]] = False
    ok, told = answers(ec2)["DNS of the VPC"]
    assert ok is False
    assert told.startswith(f"{attribute} is off: aws ec2 modify-vpc-attribute --vpc-id {VPC_ID} --enable-dns-")


@pytest.mark.parametrize(("attribute", "value", "told"), [
    ("VpcId", "vpc-11111111", f"not in {VPC_ID}: {SUBNETS['Private'][2]}"),
    ("AvailabilityZone", "us-east-1a", "3 subnets in 2 zones (us-east-1a, us-east-1b): choose one subnet per zone"),
    ("AvailableIpAddressCount", 19, f"each requires 20 free addresses: {SUBNETS['Private'][2]} has 19"),
])
def test_a_subnet_elsewhere_or_too_full_is_named(attribute: str, value: Any, told: str) -> None:
    ec2 = Ec2()
    ec2.subnets[SUBNETS["Private"][2]][attribute] = value
    assert answers(ec2, MaxTasks="20")["private subnets"] == (False, told)


def test_a_public_subnet_without_a_route_to_an_internet_gateway_is_named() -> None:
    ec2 = Ec2()
    ec2.tables[SUBNETS["Public"][1]]["Routes"][1] = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}
    assert answers(ec2)["public subnets' routes"] == (
        False, f"no route to an internet gateway: {SUBNETS['Public'][1]}")


def test_a_subnet_without_a_route_table_of_its_own_has_the_main_one() -> None:
    ec2 = Ec2()
    ec2.main["Routes"] = [{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}]
    del ec2.tables[SUBNETS["Database"][0]]
    assert answers(ec2)["database subnets' routes"] == (
        False, f"routed to an internet gateway: {SUBNETS['Database'][0]}")


@pytest.mark.parametrize("way", [{"NatGatewayId": "nat-1"}, {"TransitGatewayId": "tgw-1"}, {"VpcEndpointId": "x"}])
def test_any_default_route_but_one_to_an_internet_gateway_leads_private_subnets_out(way: dict[str, str]) -> None:
    ec2 = Ec2()
    for subnet in SUBNETS["Private"]:
        ec2.tables[subnet]["Routes"][1] = {"DestinationCidrBlock": "0.0.0.0/0", **way}
    assert answers(ec2)["private subnets' routes"] == (True, "have outbound access")


def test_tasks_have_no_public_address_for_an_internet_gateway() -> None:
    ec2 = Ec2()
    ec2.tables[SUBNETS["Private"][0]]["Routes"][1] = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
    ok, told = answers(ec2)["private subnets' routes"]
    assert (ok, told) == (False, f"{SUBNETS['Private'][0]} is routed to an internet gateway, but tasks have no public "
                                 "address")


def test_a_route_to_what_is_gone_is_no_way_out() -> None:
    ec2 = Ec2()
    ec2.tables[SUBNETS["Private"][0]]["Routes"][1]["State"] = "blackhole"
    ok, told = answers(ec2)["private subnets' routes"]
    assert ok is False
    assert told.startswith(f"{SUBNETS['Private'][0]} has no default route and no endpoint for dynamodb, ")


def test_endpoints_for_all_that_tasks_need_take_the_place_of_a_way_out() -> None:
    ec2 = Ec2()
    ec2.without_way_out()
    gateways = [endpoint(name, VpcEndpointType="Gateway", PrivateDnsEnabled=False, RouteTableIds=["rtb-Private"])
                for name in ("s3", "dynamodb")]
    ec2.endpoints = [*gateways, *map(endpoint, PRIVATE_SERVICES.values())]
    assert answers(ec2)["private subnets' routes"] == (True, "have outbound access or endpoints")


@pytest.mark.parametrize("broken", [
    {"State": "pending"}, {"PrivateDnsEnabled": False}, {"ServiceName": "com.amazonaws.us-east-1.sts"}])
def test_an_endpoint_that_does_not_answer_to_the_services_name_is_none(broken: dict[str, Any]) -> None:
    ec2 = Ec2()
    ec2.without_way_out()
    ec2.endpoints = [{**endpoint(name), **(broken if name == "logs" else {})} for name in NEEDED]
    assert answers(ec2)["private subnets' routes"] == (
        False, f"{SUBNETS['Private'][0]} has no default route and no endpoint for logs")


def test_a_gateway_endpoint_counts_for_its_route_tables_alone() -> None:
    ec2 = Ec2()
    ec2.without_way_out()
    s3 = endpoint("s3", VpcEndpointType="Gateway", PrivateDnsEnabled=False, RouteTableIds=["rtb-other"])
    ec2.endpoints = [s3, *(endpoint(name) for name in NEEDED if name != "s3")]
    assert answers(ec2)["private subnets' routes"][1].endswith("no endpoint for s3")


def test_the_workers_queue_needs_an_endpoint_as_well() -> None:
    ec2 = Ec2()
    ec2.without_way_out()
    ec2.endpoints = [endpoint(name) for name in NEEDED]
    assert answers(ec2)["private subnets' routes"][0] is True
    assert answers(ec2, WorkerQueue="true")["private subnets' routes"][1].endswith("no endpoint for sqs")


def test_tasks_need_what_the_stacks_own_vpc_has_endpoints_for() -> None:
    assert set(NEEDED) == {*PRIVATE_SERVICES.values(), "s3", "dynamodb"}


@pytest.mark.parametrize(("logs", "ok"), [([], None), ([{"FlowLogStatus": "ACTIVE"}], True)])
def test_a_protected_environment_that_keeps_no_flow_log_asks_for_its_owners(logs: list[Any], ok: bool | None) -> None:
    ec2 = Ec2()
    ec2.logs = logs
    assert "flow logs of the VPC" not in answers(ec2)
    assert answers(ec2, FlowLogs="false", Protected="true")["flow logs of the VPC"][0] is ok
