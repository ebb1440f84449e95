"""Combinations of parameters that must not be, refused before anything is created.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from typing import Any

from troposphere import And, Equals, Not, Or, Ref, Template


def add_rules(t: Template) -> None:
    """Add the template's rules."""
    is_protected = Equals(Ref("Protected"), "true")
    _add_rule(t, "ProtectedHasCertificate", is_protected,
              (Or(_is_given("CertificateArn"), And(_is_given("DomainName"), _is_given("HostedZoneId"))),
               "Protected=true requires a CertificateArn, or DomainName and HostedZoneId to issue one: "
               "money must not travel over plain HTTP"))
    # Not DeletionProtection: it has to be switched off before the stack can be deleted.
    protections = {"EmptyAssetsBucketOnDelete": "false", **dict.fromkeys((
        "CustomerKeys", "AccessLogs", "Firewall", "Backups"), "true")}
    _add_rule(t, "ProtectedHasControls", is_protected, *(
        (Equals(Ref(name), value), f"Protected=true requires {name}={value}") for name, value in protections.items()))
    # Who is shared a subnet may not log the VPC, its owner does: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html
    _add_rule(t, "ProtectedHasFlowLogs", And(is_protected, Equals(Ref("VpcId"), "")),
              (Equals(Ref("FlowLogs"), "true"), "Protected=true requires FlowLogs=true"))
    _add_rule(t, "ProtectedTellsSomebody", is_protected,
              (Or(_is_given("AlertEmail"), _is_given("PagerTopicArn")),
               "Protected=true requires an AlertEmail or a PagerTopicArn, or alarms would tell nobody"))
    _add_rule(t, "DomainHasCertificate", _is_given("DomainName"),
              (Or(_is_given("CertificateArn"), _is_given("HostedZoneId")),
               "DomainName needs its HostedZoneId or a CertificateArn, or it would be plain HTTP"))
    _add_rule(t, "CdnHasNameAndCertificate", Not(Equals(Ref("CdnDomainName"), Ref("CdnCertificateArn"))),
              (And(_is_given("CdnDomainName"), _is_given("CdnCertificateArn")),
               "CdnDomainName and CdnCertificateArn go together"))
    _add_rule(t, "AppSecretHasKeys", Or(_is_given("AppSecretArn"), _is_given("AppSecretKeys")),
              (And(_is_given("AppSecretArn"), _is_given("AppSecretKeys")),
               "AppSecretArn and AppSecretKeys go together"))
    _add_rule(t, "QueueHasWorker", Equals(Ref("WorkerQueue"), "true"),
              (_is_given("WorkerCommand"), "WorkerQueue=true needs a WorkerCommand, or nothing would empty it"))
    _add_rule(t, "SleepsAndWakes", Not(Equals(Ref("SleepSchedule"), Ref("WakeSchedule"))),
              (And(_is_given("SleepSchedule"), _is_given("WakeSchedule")),
               "SleepSchedule and WakeSchedule go together"))
    _add_rule(t, "VisitorsNeverSleep", Or(Not(Equals(Ref("TrafficAlarmRequests"), "0")), _is_given("ProbeUrl")),
              (Equals(Ref("SleepSchedule"), ""),
               "TrafficAlarmRequests needs a service without SleepSchedule, or its alarm would ring every night"))
    existing_vpc = ("VpcId", "PublicSubnetIds", "PrivateSubnetIds", "DatabaseSubnetIds")
    _add_rule(t, "ExistingVpcIsWhole", Or(*map(_is_given, existing_vpc)),
              (And(*map(_is_given, existing_vpc)),
               "VpcId, PublicSubnetIds, PrivateSubnetIds and DatabaseSubnetIds go together"))
    _add_rule(t, "ExistingVpcHasItsOwn", _is_given("VpcId"),
              (Equals(Ref("InterfaceEndpoints"), "false"),
               "VpcId requires InterfaceEndpoints=false: an existing VPC has its own ways out"),
              (Equals(Ref("AvailabilityZones"), ""),
               "VpcId requires an empty AvailabilityZones: an existing VPC's subnets have their zones"))
    _add_rule(t, "TasksReachAws", And(Equals(Ref("NatGateways"), "none"), Equals(Ref("VpcId"), "")),
              (Equals(Ref("InterfaceEndpoints"), "true"),
               "NatGateways=none needs InterfaceEndpoints=true, or no task could start"))


def _is_given(parameter: str) -> Not:
    return Not(Equals(Ref(parameter), ""))


def _add_rule(t: Template, title: str, when: Any, *assertions: tuple[Any, str]) -> None:
    t.add_rule(title, {"RuleCondition": when, "Assertions": [
        {"Assert": assertion, "AssertDescription": description} for assertion, description in assertions]})
