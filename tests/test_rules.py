"""The template's rules: combinations of parameters that are refused before anything is created."""

from typing import Any

import pytest
from looping import some

from tap.deploy.rules import violations

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
GOOD_PROD = {
    "Environment": "live", "Protected": "true", "CertificateArn": CERTIFICATE, "EmptyAssetsBucketOnDelete": "false",
    "AlertEmail": "ops@payments.test"}
PROTECTIONS = ["CustomerKeys", "AccessLogs", "FlowLogs", "Firewall", "Backups"]


def broken(template: dict[str, Any], **values: str) -> list[str]:
    return violations(template, values)


def test_production_as_it_should_be_breaks_no_rule(template: dict[str, Any]) -> None:
    assert broken(template, **GOOD_PROD) == []


@pytest.mark.parametrize("name", ["prod", "production", "live", "dev"])
def test_the_parameter_protects_an_environment_whatever_its_name(template: dict[str, Any], name: str) -> None:
    assert broken(template, Environment=name) == []
    assert broken(template, Environment=name, Protected="true") != []


def test_production_needs_a_certificate(template: dict[str, Any]) -> None:
    (told,) = broken(template, **{**GOOD_PROD, "CertificateArn": ""})
    assert told.startswith("Protected=true requires CertificateArn")


def test_production_never_empties_its_bucket(template: dict[str, Any]) -> None:
    (told,) = broken(template, **{**GOOD_PROD, "EmptyAssetsBucketOnDelete": "true"})
    assert "EmptyAssetsBucketOnDelete" in told
    assert broken(template, Environment="dev", EmptyAssetsBucketOnDelete="true") == []


@pytest.mark.parametrize(("nat", "endpoints", "refused"), [
    ("none", "false", True), ("none", "true", False), ("single", "false", False), ("single", "true", False),
    ("one-per-az", "false", False)])
def test_tasks_reach_aws_through_nat_or_through_interface_endpoints(
        template: dict[str, Any], nat: str, endpoints: str, refused: bool) -> None:
    told = broken(template, Environment="dev", NatGateways=nat, InterfaceEndpoints=endpoints)
    assert bool(told) is refused
    assert all("InterfaceEndpoints" in line for line in told)


def test_a_domain_with_its_zone_is_as_good_as_a_certificate_since_one_is_issued(template: dict[str, Any]) -> None:
    without = {**GOOD_PROD, "CertificateArn": ""}
    assert broken(template, **without, DomainName="pay.payments.test", HostedZoneId="Z1") == []
    assert len(broken(template, **without, DomainName="pay.payments.test")) == 2
    assert len(broken(template, **without, HostedZoneId="Z1")) == 1


def test_a_name_without_a_certificate_is_refused_rather_than_served_by_plain_http(template: dict[str, Any]) -> None:
    (told,) = broken(template, Environment="dev", DomainName="pay.payments.test")
    assert "HostedZoneId" in told
    for more in ({"HostedZoneId": "Z1"}, {"CertificateArn": CERTIFICATE}):
        assert broken(template, Environment="dev", DomainName="pay.payments.test", **more) == []


@pytest.mark.parametrize("switch", PROTECTIONS)
def test_production_keeps_each_protection_on(template: dict[str, Any], switch: str) -> None:
    (told,) = broken(template, **GOOD_PROD, **{switch: "false"})
    assert f"{switch}=true" in told
    assert broken(template, Environment="dev", **{switch: "false"}) == []


def test_production_can_be_deployed_without_deletion_protection_as_its_deletion_takes(template: dict[str, Any]) -> None:
    assert broken(template, **GOOD_PROD, DeletionProtection="false") == []


@pytest.mark.parametrize("given", [{"CdnDomainName": "cdn.payments.test"}, {"CdnCertificateArn": CERTIFICATE}])
def test_the_cdns_name_and_certificate_go_together(template: dict[str, Any], given: dict[str, str]) -> None:
    assert len(broken(template, Environment="dev", **given)) == 1
    both = {"CdnDomainName": "cdn.payments.test", "CdnCertificateArn": CERTIFICATE}
    assert broken(template, Environment="dev", **both) == []


@pytest.mark.parametrize("given", ["SleepSchedule", "WakeSchedule"])
def test_who_sleeps_wakes(template: dict[str, Any], given: str) -> None:
    assert len(broken(template, Environment="dev", **{given: "cron(0 6 * * ? *)"})) == 1


def test_production_tells_somebody_by_mail_or_on_call(template: dict[str, Any]) -> None:
    without = {**GOOD_PROD, "AlertEmail": ""}
    (told,) = broken(template, **without)
    assert told.startswith("Protected=true requires AlertEmail or PagerTopicArn")
    assert broken(template, **without, PagerTopicArn="arn:aws:sns:us-east-1:123456789012:on-call") == []


def test_traffic_is_not_missed_where_the_service_sleeps(template: dict[str, Any]) -> None:
    schedules = dict.fromkeys(("SleepSchedule", "WakeSchedule"), "cron(0 6 * * ? *)")
    for given in ({"TrafficAlarmRequests": "5"}, {"ProbeUrl": "https://pay.payments.test"}):
        (told,) = broken(template, Environment="dev", **given, **schedules)
        assert "SleepSchedule" in told
        assert broken(template, Environment="dev", **given) == []


def test_all_broken_rules_are_told_at_once(template: dict[str, Any]) -> None:
    told = broken(template, Environment="prod", Protected="true", EmptyAssetsBucketOnDelete="true", NatGateways="none")
    assert len(told) == 4


def test_every_assertion_says_in_words_what_it_wants(template: dict[str, Any]) -> None:
    for rule in some(template["Rules"].values()):
        for assertion in some(rule["Assertions"]):
            assert len(assertion["AssertDescription"]) > 20
