"""What is on the picture: every resource, in its place, and who talks to whom."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from looping import some
from stack_view import ENVIRONMENTS, EXISTING_VPC, StackView

from tap.picture.architecture import architecture
from tap.picture.kinds import kind_of
from tap.picture.model import INTERNET, KINDS_OF_SUBNET, Architecture
from tap.template.resolve import resolve

Draw = Callable[..., Architecture]


def traffic(found: Architecture) -> dict[tuple[str, str], str]:
    return {(each.source, each.target): each.label for each in found.arrows if each.is_traffic}


def references(found: Architecture) -> set[tuple[str, str]]:
    return {(each.source, each.target) for each in found.arrows if not each.is_traffic}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_resource_is_covered_by_exactly_one_box(
        name: str, architectures: dict[str, Architecture], environments: dict[str, StackView]) -> None:
    assert Counter(architectures[name].covered) == Counter(list(environments[name].resolved.resources))


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_every_item_has_one_place(name: str, architectures: dict[str, Architecture]) -> None:
    found = architectures[name]
    grouped = [each for members in found.groups.values() for each in members]
    assert sorted([*found.spans, *found.inside, *found.gateways, *grouped, *found.loose]) == sorted(found.items)


def test_prod_has_three_zones_with_a_subnet_of_each_kind(architectures: dict[str, Architecture]) -> None:
    found = architectures["prod"]
    assert [(each.kind, each.zone) for each in found.subnets] == [
        (kind, f"us-east-1{zone}") for kind in ("public", "private", "isolated") for zone in "abc"]


def test_what_runs_in_subnets_stands_in_them(architectures: dict[str, Architecture]) -> None:
    spans = architectures["prod"].spans
    assert spans["LoadBalancer"] == ("PublicSubnet1", "PublicSubnet2", "PublicSubnet3")
    assert spans["Service"] == ("PrivateSubnet1", "PrivateSubnet2", "PrivateSubnet3")
    assert spans["DatabaseCluster"] == ("IsolatedSubnet1", "IsolatedSubnet2", "IsolatedSubnet3")
    assert spans["NatGateway2"] == ("PublicSubnet2",)


def test_instances_stand_in_their_cluster(architectures: dict[str, Architecture]) -> None:
    assert architectures["prod"].inside == {"DatabaseWriter": "DatabaseCluster", "DatabaseReader": "DatabaseCluster"}


def test_optional_parts_that_are_off_are_not_there(drawn_of: Draw) -> None:
    found = drawn_of(NatGateways="single", DatabaseReaderInstance="false", InterfaceEndpoints="false")
    assert not {"NatGateway2", "NatGateway3", "DatabaseReader", "Interface endpoints"} & set(found.items)


def test_a_stack_without_nat_gateways_has_none_and_no_way_out(drawn_of: Draw) -> None:
    found = drawn_of(NatGateways="none", InterfaceEndpoints="true")
    assert not [each for each in found.items if each.startswith("NatGateway")]
    assert ("InternetGateway", INTERNET) not in traffic(found)


def test_interface_endpoints_are_one_box_that_spans_the_private_subnets_and_takes_https(drawn_of: Draw) -> None:
    found = drawn_of(InterfaceEndpoints="true")
    assert found.spans["Interface endpoints"] == ("PrivateSubnet1", "PrivateSubnet2", "PrivateSubnet3")
    assert traffic(found)["Service", "Interface endpoints"] == "443"


def test_a_worker_stands_beside_the_service_and_a_job_and_a_migration_run_its_tasks(drawn_of: Draw) -> None:
    found = drawn_of(WorkerCommand="python worker.py", JobCommand="python job.py", MigrationCommand="python migrate.py")
    assert found.spans["WorkerService"] == found.spans["Service"]
    assert "1 to 4 tasks" in found.items["WorkerService"].facts
    assert "cron(0 3 * * ? *)" in found.items["JobTimer"].facts
    assert traffic(found)["JobTimer", "Service"] == traffic(found)["MigrationFunction", "Service"] == "run"


def test_the_traffic_of_prod_is_what_groups_listeners_origins_and_permissions_say(
        architectures: dict[str, Architecture]) -> None:
    found = traffic(architectures["prod"])
    assert found["LoadBalancer", "Service"] == "8080"
    assert found["Service", "DatabaseCluster"] == "5432"
    assert found["Service", "NatGateway1"] == "443"
    assert found["NatGateway1", "InternetGateway"] == ""
    assert found[INTERNET, "Distribution"] == "443"
    assert found["Distribution", "AssetsBucket"] == "origin"
    assert found["Service", "SessionsTable"] == "read, write"
    assert found["Service", "ValidationFunction"] == "invoke"
    assert found["Service", "DatabaseCluster.MasterUserSecret"] == "read"
    assert found["BackupVault", "SessionsTable"] == "back up, read"
    assert found["Service", "LoadBalancer"] == "shift"


CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/stand-in"


def test_requests_pass_the_web_acl_where_there_is_one(drawn_of: Draw) -> None:
    found = drawn_of(CertificateArn=CERTIFICATE)
    assert traffic(found)[INTERNET, "WebAcl"] == "80, 443"
    assert traffic(found)["WebAcl", "LoadBalancer"] == ""
    assert (INTERNET, "LoadBalancer") not in traffic(found)
    assert "WebAcl" in found.loose
    assert (INTERNET, "LoadBalancer") in traffic(drawn_of(Firewall="false"))


def test_http_and_https_enter_only_where_a_listener_has_them(drawn_of: Draw) -> None:
    assert traffic(drawn_of(Firewall="false"))[INTERNET, "LoadBalancer"] == "80"


def test_names_certificate_and_both_target_groups_are_told(drawn_of: Draw) -> None:
    found = drawn_of(DomainName="pay.example.net", HostedZoneId="Z1", DeploymentStrategy="BLUE_GREEN")
    assert found.items["Certificate"].facts == ("pay.example.net", "renewed by DNS")
    assert found.items["LoadBalancer"].facts[0] == "pay.example.net"
    assert "2 target groups" in found.items["LoadBalancer"].facts
    assert "blue/green deployments" in found.items["Service"].facts
    assert {"AlternateTargetGroup", "TargetGroup"} <= set(found.items["Service"].covers)
    assert "DomainRecord" in found.items["LoadBalancer"].covers


def test_copies_flow_logs_and_sleep_are_told_where_they_are(architectures: dict[str, Architecture]) -> None:
    prod, dev = architectures["prod"], architectures["dev"]
    assert prod.items["BackupVault"].facts == ("daily, kept 60 days",)
    assert "BackupRole" in prod.items["BackupVault"].covers
    assert prod.vpc
    assert dev.vpc
    assert (prod.vpc.facts, dev.vpc.facts) == (("10.0.0.0/16", "flow logs"), ("10.0.0.0/16",))
    assert "by schedule" in dev.items["Service"].facts
    assert not {"BackupVault", "WebAcl", "LogsBucket", "OperationsKey"} & set(dev.items)


def test_senders_of_access_logs_refer_to_their_bucket(architectures: dict[str, Architecture]) -> None:
    senders = {source for source, target in references(architectures["prod"]) if target == "LogsBucket"}
    assert {"LoadBalancer", "Distribution", "AssetsBucket"} <= senders


def test_a_few_that_are_drawn_together_are_named(architectures: dict[str, Architecture]) -> None:
    assert architectures["prod"].items["Keys"].facts[:3] == ("OperationsKey", "DataKey", "DatabaseKey")
    assert "HighCpuAlarm" not in architectures["prod"].items["Alarms"].facts


def test_a_rule_that_only_one_group_has_lets_nothing_through(drawn_of: Draw) -> None:
    def without_egress(resources: dict[str, Any]) -> None:
        del resources["ServiceToDatabaseEgress"]
        resources["Service"] = {**resources["Service"], "DependsOn": []}

    assert ("Service", "DatabaseCluster") not in traffic(drawn_of(without_egress))


def test_a_permission_that_is_gone_takes_its_arrow_along(drawn_of: Draw) -> None:
    def without_permission(resources: dict[str, Any]) -> None:
        resources["ValidationPolicy"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {
            "PolicyDocument": {"Version": "2012-10-17", "Statement": []}}}

    assert ("ValidationFunction", "SessionsTable") in traffic(drawn_of())
    assert ("ValidationFunction", "SessionsTable") not in traffic(drawn_of(without_permission))


def test_a_pair_has_traffic_or_a_reference_but_not_both(architectures: dict[str, Architecture]) -> None:
    for found in some(architectures.values()):
        talking = {frozenset(pair) for pair in traffic(found)}
        assert not [pair for pair in references(found) if frozenset(pair) in talking]


def test_the_database_refers_to_its_key(architectures: dict[str, Architecture]) -> None:
    pairs = {(source, target.partition(" ")[0]) for source, target in references(architectures["prod"])}
    assert ("DatabaseCluster", "DatabaseKey") in pairs or ("DatabaseCluster", "Keys") in pairs


def test_every_arrow_joins_two_boxes(architectures: dict[str, Architecture]) -> None:
    for found in some(architectures.values()):
        assert {end for each in found.arrows for end in (each.source, each.target)} <= set(found.items)


def test_a_type_that_is_not_known_is_drawn_under_other() -> None:
    resolved = resolve({"Resources": {"Thing": {"Type": "AWS::Novelty::Thing"}}}, {})
    found = architecture(resolved, "test", "tap-test")
    assert found.groups == {"Other": ("Thing",)}
    assert kind_of("AWS::Novelty::Thing").tag == "Novelty"


def test_a_part_whose_owner_is_missing_is_drawn_itself() -> None:
    resolved = resolve({"Resources": {"Lonely": {"Type": "AWS::IAM::Role", "Properties": {}}}}, {})
    assert "Lonely" in architecture(resolved, "test", "tap-test").items


def test_an_existing_vpc_is_drawn_with_the_ids_of_its_subnets_and_what_is_in_them(drawn_of: Draw) -> None:
    found = drawn_of(**EXISTING_VPC)
    assert found.vpc is not None
    assert found.vpc.facts == ("existing", EXISTING_VPC["VpcId"])
    assert {kind: [each.id for each in found.subnets if each.kind == kind] for kind in KINDS_OF_SUBNET} == {
        kind: EXISTING_VPC[f"{name}SubnetIds"].split(",")
        for kind, name in (("public", "Public"), ("private", "Private"), ("isolated", "Database"))}
    assert list(found.spans["LoadBalancer"]) == EXISTING_VPC["PublicSubnetIds"].split(",")
    assert list(found.spans["Service"]) == EXISTING_VPC["PrivateSubnetIds"].split(",")
    assert list(found.spans["DatabaseCluster"]) == EXISTING_VPC["DatabaseSubnetIds"].split(",")
    assert found.region == ""  # only AWS knows the zones of these ids


def test_a_template_without_a_vpc_has_a_picture() -> None:
    resolved = resolve({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}, {})
    found = architecture(resolved, "test", "tap-test")
    assert (found.vpc, found.zones, found.region) == (None, (), "")


def test_what_is_malformed_is_drawn_without_facts() -> None:
    resolved = resolve({"Resources": {"Board": {"Type": "AWS::EC2::VPCEndpoint", "Properties": {}},
                                      "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": {}}}}, {})
    found = architecture(resolved, "test", "tap-test")
    assert found.items["Board"].facts == ()
    assert found.zones == ("any zone",)
