"""A check of what protects the stack agrees with a good answer and says in its words what is wrong with another."""

import json

import pytest

from tap.rehearsal import safeguard_checks as checks

GROUP = "arn:group"


def differing(found):
    return {check.name: check.seen for check in found if not check.ok}


def test_a_row_a_key_tells_what_is_under_it():
    found = list(checks.encryption(
        {"table": "DataKey", "logs": checks.AWS_OWN}, {"DataKey": "arn:data"}, {"table": "arn:data", "logs": None}))
    assert [(check.name, check.seen, check.ok) for check in found] == [
        ("Under AWS's own keys", "logs", True), ("Under DataKey", "table", True)]


def test_what_is_under_another_key_differs_in_both_rows():
    found = checks.encryption(
        {"table": "DataKey"}, {"DataKey": "arn:data"}, {"table": "arn:foreign"})
    assert differing(found) == {"Under DataKey": "none", "Under key arn:foreign": "table"}


def admitting(principal, *, secure=True):
    statements = [{"Effect": "Allow", "Principal": principal}]
    if secure:
        statements.append({"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}})
    return json.dumps({"Statement": statements})


@pytest.mark.parametrize(("policy", "seen"), [
    (admitting({"Service": "events.amazonaws.com"}), "events; TLS only"),
    (admitting({"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}), "events, sns; TLS only"),
    (admitting({"AWS": "*"}), "others than services; TLS only"),
    (admitting("*"), "others than services; TLS only"),
    (admitting({"Service": "events.amazonaws.com"}, secure=False), "events; plain HTTP too"),
])
def test_whom_a_policy_lets_in_and_how_is_told(policy, seen):
    assert checks.admitted("x", "events", policy).seen == seen


def test_a_policy_that_refuses_plain_http_in_json_s_own_words_is_right():
    policy = json.dumps({"Statement": [
        {"Effect": "Deny", "Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": False}}}]})
    assert checks.admitted("x", "none", policy).ok


def managed(name, **action):
    return {"Statement": {"ManagedRuleGroupStatement": {"Name": f"AWSManagedRules{name}"}}, "OverrideAction": action}


def rate(limit, **action):
    return {"Statement": {"RateBasedStatement": {"Limit": limit}}, "Action": action}


BLOCK: dict[str, dict[str, str]] = {"Block": {}}


@pytest.mark.parametrize(("acl", "seen"), [
    (None, "none"),
    ({"Rules": [managed("SQLiRuleSet", **{"None": {}}), rate(100, **BLOCK)]}, "blocks SQLiRuleSet; the rate limit"),
    ({"Rules": [managed("SQLiRuleSet", Count={}), rate(100, **BLOCK)]}, "blocks none; the rate limit"),
    ({"Rules": [rate(200, **BLOCK)]}, "blocks none; rates 200"),
    ({"Rules": [rate(100, Count={})]}, "blocks none; rates none"),
])
def test_what_the_firewall_blocks_and_does_not_just_count_is_told(acl, seen):
    assert checks.firewall(acl, "100") == seen


def test_the_flow_logs_of_a_vpc_are_told():
    found = {"FlowLogStatus": "ACTIVE", "TrafficType": "ALL", "LogDestination": "group"}
    assert checks.flow_logs([found], "group") == "ACTIVE, ALL to its log group"
    assert checks.flow_logs([found], "other") == "ACTIVE, ALL to elsewhere"
    assert checks.flow_logs([], "group") == "none"


def test_what_is_backed_up_where_and_for_how_long_is_told():
    plan = {"Rules": [{"TargetBackupVaultName": "v", "Lifecycle": {"DeleteAfterDays": 35}}]}
    selection = {"Resources": ["arn:db", "arn:unknown"]}
    assert checks.backups(plan, selection, "v", {"arn:db": "database"}) == (
        "arn:unknown, database: into the vault, kept 35 days")
    assert checks.backups(plan, selection, "w", {}).endswith(": elsewhere, kept 35 days")


ALARMS = {"a-1": "LatencyAlarm"}
WATCH = {"alarmNames": ["a-1"], "enable": True, "rollback": True}
BREAKER = {"enable": True, "rollback": True}


@pytest.mark.parametrize(("strategy", "found"), [
    ("ROLLING", {"strategy": "ROLLING", "alarms": WATCH, "deploymentCircuitBreaker": BREAKER}),
    ("CANARY", {"strategy": "CANARY", "alarms": WATCH, "deploymentCircuitBreaker": BREAKER}),
])
def test_a_deployment_that_rolls_back_is_right(strategy, found):
    assert checks.deployment(strategy, found, ALARMS).ok


@pytest.mark.parametrize(("found", "seen"), [
    ({"strategy": "ROLLING", "alarms": WATCH}, "ROLLING, rolled back by LatencyAlarm"),
    ({"strategy": "ROLLING", "alarms": WATCH | {"rollback": False}, "deploymentCircuitBreaker": BREAKER},
     "ROLLING, rolled back by circuit breaker, none"),
    ({"strategy": "LINEAR", "alarms": WATCH, "deploymentCircuitBreaker": BREAKER},
     "LINEAR, rolled back by circuit breaker, LatencyAlarm"),
])
def test_a_deployment_of_another_strategy_or_without_a_way_back_differs(found, seen):
    check = checks.deployment("ROLLING", found, ALARMS)
    assert (check.ok, check.seen) == (False, seen)


def test_the_rules_of_a_listener_are_told_in_order_of_their_priority():
    header = {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Test", "Values": ["true"]}}
    paths = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/*"]}}
    default = {"Priority": "default", "IsDefault": True, "Conditions": [], "Actions": []}

    def rule(priority, condition, group):
        return {"Priority": priority, "IsDefault": False, "Conditions": [condition],
                "Actions": [{"Type": "forward", "TargetGroupArn": group}]}

    found = [rule("10", paths, "arn:other"), rule("2", header, GROUP), default]
    assert checks.rules(found, [GROUP]) == "X-Test: true to the service; /* elsewhere"
    assert checks.rules([default], [GROUP]) == "none"


def test_the_parts_of_a_composite_alarm_are_read_from_its_rule():
    assert checks.parts('ALARM(a-1) OR ALARM("b 2")') == ["a-1", "b 2"]


CONFINED = {
    "user": "101", "privileged": False, "readonlyRootFilesystem": True, "linuxParameters": {
        "capabilities": {"drop": ["ALL"]}, "tmpfs": [{"containerPath": "/tmp"}]}}


@pytest.mark.parametrize(("changes", "seen"), [
    ({}, "user 101, not privileged, read-only but /tmp, capabilities dropped: ALL"),
    ({"user": "0", "privileged": True}, "user 0, privileged, read-only but /tmp, capabilities dropped: ALL"),
    ({"readonlyRootFilesystem": False, "linuxParameters": {}},
     "user 101, not privileged, writable but none, capabilities dropped: none"),
])
def test_what_a_container_may_not_do_is_told(changes, seen):
    assert checks.confined({"containerDefinitions": [CONFINED | changes]}) == seen


def test_a_secret_that_comes_from_elsewhere_does_not_count():
    found = [{"name": "DB_PASSWORD", "valueFrom": "arn:secret:password::"}, {"name": "X", "valueFrom": "arn:other:x::"}]
    definition = {"containerDefinitions": [{"secrets": found}]}
    assert checks.secrets(definition, "arn:secret") == "DB_PASSWORD"


@pytest.mark.parametrize(("headers", "seen"), [
    (checks.SECURITY_HEADERS, "index.html, redirect-to-https, security headers"),
    (None, "index.html, redirect-to-https, no headers"),
    ("other", "index.html, redirect-to-https, other"),
])
def test_what_the_distribution_serves_is_told(headers, seen):
    config = {"DefaultRootObject": "index.html", "DefaultCacheBehavior": {
        "ViewerProtocolPolicy": "redirect-to-https", "ResponseHeadersPolicyId": headers}}
    assert checks.serves(config) == seen
