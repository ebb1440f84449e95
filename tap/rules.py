"""Rules that reject invalid combinations of parameters before CloudFormation creates anything.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/rules-section-structure.html
"""

from typing import Any

from troposphere import And, Equals, Not, Or, Ref, Template


def add_rules(t: Template) -> None:
    """Add the template's rules."""
    is_protected = Equals(Ref("Protected"), "true")
    _add_rule(t, "ProtectedHasCertificate", is_protected,
              (Or(_is_given("CertificateArn"), And(_is_given("DomainName"), _is_given("HostedZoneId"))),
               "Protected=true requires CertificateArn, or DomainName and HostedZoneId to issue a certificate: "
               "payments must not travel over plain HTTP"))
    # Not DeletionProtection, which must be false before the stack can be deleted.
    protections = {"EmptyAssetsBucketOnDelete": "false", **dict.fromkeys((
        "CustomerKeys", "AccessLogs", "Firewall", "Backups"), "true")}
    _add_rule(t, "ProtectedHasControls", is_protected, *(
        (Equals(Ref(name), value), f"Protected=true requires {name}={value}") for name, value in protections.items()))
    # With shared subnets, only the owner can log the VPC:
    # https://docs.aws.amazon.com/vpc/latest/userguide/vpc-sharing.html
    _add_rule(t, "ProtectedHasFlowLogs", And(is_protected, Equals(Ref("VpcId"), "")),
              (Equals(Ref("FlowLogs"), "true"), "Protected=true requires FlowLogs=true"))
    _add_rule(t, "ProtectedTellsSomebody", is_protected,
              (Or(_is_given("AlertEmail"), _is_given("PagerTopicArn")),
               "Protected=true requires AlertEmail or PagerTopicArn: otherwise alarms notify nobody"))
    _add_rule(t, "DomainHasCertificate", _is_given("DomainName"),
              (Or(_is_given("CertificateArn"), _is_given("HostedZoneId")),
               "DomainName requires HostedZoneId or CertificateArn: otherwise it serves plain HTTP"))
    _add_rule(t, "CdnHasNameAndCertificate", Not(Equals(Ref("CdnDomainName"), Ref("CdnCertificateArn"))),
              (And(_is_given("CdnDomainName"), _is_given("CdnCertificateArn")),
               "CdnDomainName and CdnCertificateArn must be set together"))
    _add_rule(t, "AppSecretHasKeys", Or(_is_given("AppSecretArn"), _is_given("AppSecretKeys")),
              (And(_is_given("AppSecretArn"), _is_given("AppSecretKeys")),
               "AppSecretArn and AppSecretKeys must be set together"))
    _add_rule(t, "QueueHasWorker", Equals(Ref("WorkerQueue"), "true"),
              (_is_given("WorkerCommand"), "WorkerQueue=true requires WorkerCommand: otherwise nothing reads the "
                                           "queue"))
    _add_rule(t, "SleepsAndWakes", Not(Equals(Ref("SleepSchedule"), Ref("WakeSchedule"))),
              (And(_is_given("SleepSchedule"), _is_given("WakeSchedule")),
               "SleepSchedule and WakeSchedule must be set together"))
    _add_rule(t, "VisitorsNeverSleep", Or(Not(Equals(Ref("TrafficAlarmRequests"), "0")), _is_given("ProbeUrl")),
              (Equals(Ref("SleepSchedule"), ""),
               "TrafficAlarmRequests requires an empty SleepSchedule: otherwise its alarm triggers every night"))
    existing_vpc = ("VpcId", "PublicSubnetIds", "PrivateSubnetIds", "DatabaseSubnetIds")
    _add_rule(t, "ExistingVpcIsWhole", Or(*map(_is_given, existing_vpc)),
              (And(*map(_is_given, existing_vpc)),
               "VpcId, PublicSubnetIds, PrivateSubnetIds and DatabaseSubnetIds must be set together"))
    _add_rule(t, "ExistingVpcHasItsOwn", _is_given("VpcId"),
              (Equals(Ref("InterfaceEndpoints"), "false"),
               "VpcId requires InterfaceEndpoints=false: an existing VPC has its own endpoints"),
              (Equals(Ref("AvailabilityZones"), ""),
               "VpcId requires an empty AvailabilityZones: the existing subnets determine the zones"))
    _add_rule(t, "TasksReachAws", And(Equals(Ref("NatGateways"), "none"), Equals(Ref("VpcId"), "")),
              (Equals(Ref("InterfaceEndpoints"), "true"),
               "NatGateways=none requires InterfaceEndpoints=true: otherwise no task can start"))


def _is_given(parameter: str) -> Not:
    return Not(Equals(Ref(parameter), ""))


def _add_rule(t: Template, title: str, when: Any, *assertions: tuple[Any, str]) -> None:
    t.add_rule(title, {"RuleCondition": when, "Assertions": [
        {"Assert": assertion, "AssertDescription": description} for assertion, description in assertions]})
