"""A check agrees with a good answer and says in its words what is wrong with a broken one."""

import json

import pytest

from tap.deploy.models import TapError
from tap.rehearsal import checks
from tap.rehearsal.checks import Check
from tap.rehearsal.inventory import leftovers, retained

NINE = [{"AvailabilityZone": f"eu-central-1{zone}"} for zone in "abc" for _ in range(3)]
LOCAL = {"GatewayId": "local", "DestinationCidrBlock": "10.0.0.0/16"}
FORWARD = {"Type": "forward", "TargetGroupArn": "group"}
REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443"}}


def listener(port, action, protocol="HTTP"):
    return {"Port": port, "Protocol": protocol, "DefaultActions": [action]}


def group(name, *, out=(), way_in=()):
    return {"GroupId": name, "IpPermissionsEgress": list(out), "IpPermissions": list(way_in)}


def rule(peer, first=8080, last=8080):
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "UserIdGroupPairs": [{"GroupId": peer}]}


def service(**changes):
    network = {"subnets": ["b", "a"], "assignPublicIp": "DISABLED"}
    return {
        "status": "ACTIVE", "desiredCount": 2, "runningCount": 2,
        "loadBalancers": [{"targetGroupArn": "group"}],
        "networkConfiguration": {"awsvpcConfiguration": network},
    } | changes


def cluster(**changes):
    writer, reader = {"IsClusterWriter": True}, {"IsClusterWriter": False}
    return {"Status": "available", "StorageEncrypted": True, "DBClusterMembers": [writer, reader]} | changes


def differing(found):
    return {check.name: check.seen for check in found if not check.ok}


def test_a_check_is_ok_when_what_is_seen_is_what_is_expected():
    assert Check("x", "1", "1").ok
    assert not Check("x", "1", "2").ok


def test_trouble_differs_and_tells_an_expected_error_without_its_type():
    assert checks.trouble("Stack", TapError("it rolled back")) == Check("Stack", "no error", "it rolled back")


def test_trouble_tells_an_unexpected_error_in_one_line_with_its_type():
    assert checks.trouble("Stack", ValueError("a\n  b")).seen == "ValueError: a b"


def test_nine_subnets_in_three_zones_are_right():
    assert checks.subnets({"CidrBlock": "10.0.0.0/16"}, NINE, "10.0.0.0/16").ok


def test_unevenly_shared_zones_differ():
    found = [*NINE[:8], {"AvailabilityZone": "eu-central-1a"}]
    assert checks.subnets({"CidrBlock": "10.0.0.0/16"}, found, "10.0.0.0/16").seen == (
        "10.0.0.0/16, 9 subnets, 2/3/4 in each of 3 zones")


@pytest.mark.parametrize(("routes", "seen"), [
    ([LOCAL], "none"),
    ([LOCAL, {"GatewayId": "vpce-1"}], "none"),
    ([LOCAL, {"GatewayId": "igw-1"}], "internet gateway"),
    ([LOCAL, {"NatGatewayId": "nat-1"}], "NAT gateway"),
    ([LOCAL, {"NatGatewayId": "nat-1"}, {"GatewayId": "igw-1"}], "NAT gateway, internet gateway"),
    ([LOCAL, {"VpcPeeringConnectionId": "pcx-1"}], "something else"),
])
def test_the_way_out_of_a_subnet_is_what_its_routes_lead_to(routes, seen):
    assert checks.way_out([{"Routes": routes}]) == seen


def test_a_subnet_without_a_route_table_is_told():
    assert checks.way_out([]) == "no route table"


def test_one_subnet_with_another_way_out_differs():
    inside, outside = [{"Routes": [LOCAL]}], [{"Routes": [LOCAL, {"GatewayId": "igw-1"}]}]
    assert checks.ways_out("Isolated", "none", [inside, inside]).ok
    assert checks.ways_out("Isolated", "none", [inside, outside]).seen == "internet gateway, none"


def test_a_path_needs_a_rule_at_both_ends():
    one, other = group("one", out=[rule("other")]), group("other", way_in=[rule("one")])
    assert checks.path("x", one, other, 8080).ok


def test_a_group_without_egress_reaches_nothing():
    nowhere = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "127.0.0.1/32"}]}
    one, other = group("one", out=[nowhere]), group("other", way_in=[rule("one")])
    assert checks.path("x", one, other, 8080).seen == "port 8080: not out of one group, into the other"


@pytest.mark.parametrize("way_in", [
    [], [rule("third")], [rule("one", 80, 80)], [rule("one") | {"IpProtocol": "udp"}]])
def test_a_group_without_the_right_ingress_is_not_reached(way_in):
    one, other = group("one", out=[rule("other")]), group("other", way_in=way_in)
    assert checks.path("x", one, other, 8080).seen == "port 8080: out of one group, not into the other"


def test_rules_to_anywhere_on_all_ports_count():
    anywhere = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    assert checks.path("x", group("one", out=[anywhere]), group("other", way_in=[anywhere]), 8080).ok


def test_without_https_port_80_forwards():
    assert differing(checks.listeners([listener(80, FORWARD)], "group", https=False)) == {}


def test_with_https_port_80_redirects_to_a_listener_that_forwards():
    found = [listener(80, REDIRECT), listener(443, FORWARD, "HTTPS")]
    assert differing(checks.listeners(found, "group", https=True)) == {}


def test_a_redirect_to_a_port_where_nothing_listens_differs():
    assert differing(checks.listeners([listener(80, REDIRECT)], "group", https=True)) == {
        "Listener on port 443": "none"}


@pytest.mark.parametrize(("action", "seen"), [
    (REDIRECT, "redirects to HTTPS 443"),
    (FORWARD | {"TargetGroupArn": "other"}, "HTTP forwards to something else"),
    ({"Type": "fixed-response"}, "HTTP fixed-response"),
])
def test_a_listener_that_does_not_forward_to_the_target_group_differs(action, seen):
    assert differing(checks.listeners([listener(80, action)], "group", https=False)) == {
        "Listener on port 80": seen}


def test_a_service_in_the_private_subnets_behind_the_target_group_is_right():
    assert differing(checks.service(service(), "group", ["a", "b"])) == {}


@pytest.mark.parametrize(("changes", "seen"), [
    ({"status": "INACTIVE"}, {"ECS service": "INACTIVE, all tasks running"}),
    ({"runningCount": 1}, {"ECS service": "ACTIVE, 1 of 2 tasks running"}),
    ({"loadBalancers": []}, {"ECS service's target group": "none"}),
    ({"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a", "c"], "assignPublicIp": "ENABLED"}}},
     {"ECS service's place": "other subnets, a public address"}),
])
def test_a_service_that_is_not_right_differs(changes, seen):
    assert differing(checks.service(service(**changes), "group", ["a", "b"])) == seen


def test_a_container_is_told_what_is_there():
    environment = [{"name": "DB_HOST", "value": "db"}]
    definition = {"containerDefinitions": [{"image": "web:1", "environment": environment}]}
    assert differing(checks.container(definition, "web:1", {"DB_HOST": "db"})) == {}
    assert differing(checks.container(definition, "web:2", {"DB_HOST": "db", "S3_BUCKET": "b"})) == {
        "Container image": "web:1", "Container's environment": "wrong: S3_BUCKET"}


def test_a_cluster_with_its_reader_is_right():
    instance = {"DBInstanceClass": "db.serverless", "PubliclyAccessible": False}
    found = checks.database(cluster(), [instance, instance], readers=1, instance_class="db.serverless")
    assert differing(found) == {}


def test_a_cluster_without_encryption_or_with_a_public_member_differs():
    instance = {"DBInstanceClass": "db.serverless", "PubliclyAccessible": True}
    found = checks.database(
        cluster(StorageEncrypted=False), [instance], readers=1, instance_class="db.serverless")
    assert differing(found) == {
        "Aurora cluster": "available, not encrypted",
        "Aurora members": "writers: 1, readers: 1, db.serverless, public"}


def test_the_key_time_to_live_and_recovery_of_the_table_are_told():
    table = {
        "KeySchema": [{"AttributeName": "sessionId", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "sessionId", "AttributeType": "S"}]}
    on = {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}
    recovery = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"}}
    assert checks.table(table, on, recovery).ok
    assert checks.table(table, {"TimeToLiveStatus": "DISABLED"}, recovery).seen == (
        "sessionId (S), TTL  DISABLED, recovery ENABLED")


def test_versioning_encryption_and_public_access_of_the_bucket_are_told():
    encryption = {"ServerSideEncryptionConfiguration": {"Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}}
    blocks = dict.fromkeys(("a", "b", "c", "d"), True)
    blocked = {"PublicAccessBlockConfiguration": blocks}
    assert checks.bucket({"Status": "Enabled"}, encryption, blocked).ok
    assert checks.bucket({}, encryption, {"PublicAccessBlockConfiguration": blocks | {"d": False}}).seen == (
        "versioning off, AES256, 3 of 4 public access blocks")


def test_a_bucket_under_another_algorithm_than_it_should_differs():
    encryption = {"ServerSideEncryptionConfiguration": {"Rules": [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}}
    blocked = {"PublicAccessBlockConfiguration": dict.fromkeys(("a", "b", "c", "d"), True)}
    check = checks.bucket({"Status": "Enabled"}, encryption, blocked, name="Other bucket", algorithm="aws:kms")
    assert (check.name, check.ok) == ("Other bucket", False)


def policy(*readers):
    allowed = [
        {"Effect": "Allow", "Condition": {"StringEquals": {"AWS:SourceArn": reader}}} for reader in readers]
    return json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*"}, *allowed]})


@pytest.mark.parametrize(("origin", "readers", "seen"), [
    ({"OriginAccessControlId": "E1"}, ["arn"], {}),
    ({}, ["arn"], {"CloudFront distribution": "Deployed, origin: none"}),
    ({"OriginAccessControlId": "E1"}, ["arn", "other"], {"Who may read the bucket": "arn, other"}),
])
def test_the_distribution_alone_reads_the_bucket(origin, readers, seen):
    found = {"ARN": "arn", "Status": "Deployed", "DistributionConfig": {
        "Origins": {"Items": [{"DomainName": "assets.s3.eu-central-1.amazonaws.com"} | origin]}}}
    assert differing(checks.distribution(found, "assets", policy(*readers))) == seen


def test_dimensions_of_a_dashboard_are_read_with_its_abbreviations():
    metrics = [
        ["AWS/ECS", "CPUUtilization", "ClusterName", "c", "ServiceName", "s", {"stat": "Sum"}],
        [".", "MemoryUtilization", ".", ".", ".", "."],
        ["...", "t"]]
    widgets = [{"properties": {"metrics": metrics}}, {"properties": {"markdown": "text"}}]
    body = json.dumps({"widgets": widgets})
    once = [("ClusterName", "c"), ("ServiceName", "s")]
    assert checks.dashboard_dimensions(body) == [*once, *once, ("ClusterName", "c"), ("ServiceName", "t")]


def test_dimensions_of_alarms_are_read():
    alarm = {"Dimensions": [{"Name": "FunctionName", "Value": "f"}]}
    assert checks.alarm_dimensions([alarm]) == [("FunctionName", "f")]


def test_a_dimension_that_names_nothing_differs():
    existing = {"FunctionName": {"f"}}
    assert checks.dimensions("x", [("FunctionName", "f")], existing).ok
    found = [("FunctionName", "g"), ("Unknown", "u")]
    assert checks.dimensions("x", found, existing).seen == "not there: FunctionName g, Unknown u"


def test_no_dimension_at_all_differs():
    assert checks.dimensions("x", [], {}).seen == "none"


@pytest.mark.parametrize(("answer", "seen"), [
    ({"statusCode": 400, "body": '{"reason": "Invalid amount format"}'}, "400 Invalid amount format"),
    ({"statusCode": 200, "body": '{"valid": true}'}, '200 {"valid": true}'),
    ({"errorMessage": "boom", "errorType": "KeyError"}, "error: boom"),
])
def test_an_answer_of_the_function_is_told_as_status_and_reason(answer, seen):
    expected = {"statusCode": 400, "body": '{"reason": "Invalid amount format"}'}
    assert checks.transaction("x", expected, answer).seen == seen


EMPTIED, BUCKET_GOES = ("Custom::Empty", "DELETE_COMPLETE"), ("AWS::S3::Bucket", "DELETE_IN_PROGRESS")


@pytest.mark.parametrize(("events", "seen"), [
    ([EMPTIED, BUCKET_GOES], "emptied, then deleted"),
    ([("AWS::CloudFormation::CustomResource", "DELETE_COMPLETE"), BUCKET_GOES], "emptied, then deleted"),
    ([BUCKET_GOES, EMPTIED], "deleted, then emptied"),
    ([BUCKET_GOES], "deleted"),
    ([], "untouched"),
])
def test_the_order_of_emptying_and_deleting_is_told(events, seen):
    assert checks.emptied_first(events).seen == seen


def test_what_is_left_goes_by_its_logical_id_and_a_snapshot_is_told_apart():
    before = {("describe_vpcs", "vpc-default")}
    snapshot = ("describe_db_cluster_snapshots", "db-1")
    after = before | {("list_keys", "key-1"), snapshot, ("list_buckets", "not-of-the-stack")}
    assert sorted(leftovers(before, after, {"Key": "key-1", "Cluster": "db-1"})) == [
        "Cluster (snapshot)", "Key", "not-of-the-stack"]


def test_what_is_retained_is_what_the_deletion_policies_of_existing_resources_say():
    template = {"Resources": {
        "Key": {"DeletionPolicy": "RetainExceptOnCreate"}, "Cluster": {"DeletionPolicy": "Snapshot"},
        "Table": {"DeletionPolicy": "Delete"}, "Vpc": {}, "Absent": {"DeletionPolicy": "Retain"}}}
    ids = dict.fromkeys(("Key", "Cluster", "Table", "Vpc"), "any")
    assert retained(template, ids) == ["Key", "Cluster (snapshot)"]
