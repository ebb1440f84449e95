"""Whatever is switched off is absent, not broken: every two settings together, in as few stacks as that takes."""

import itertools
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
from allpairspy import AllPairs
from stack_view import EXISTING_VPC, ROOT

from tap.deploy.rules import violations
from tap.lint.validators import REGION, cfn_lint, validate
from tap.template.resolve import dependencies, resolve

ARN = "00000000-0000-0000-0000-000000000000"
CERTIFICATE = f"arn:aws:acm:{REGION}:123456789012:certificate/{ARN}"
CDN_CERTIFICATE = f"arn:aws:acm:us-east-1:123456789012:certificate/{ARN}"
# Every parameter by which something is there or not, or is there another way.
SETTINGS = {
    "DeploymentStrategy": ["ROLLING", "ROLLING_PREPARED", "BLUE_GREEN", "CANARY", "LINEAR"],
    "TaskCapacity": ["on-demand", "mixed", "spot"],
    "AvailabilityZones": ["", "us-east-1a,us-east-1b,us-east-1c"],
    "DatabaseAudit": ["true", "false"], "DatabaseSnapshot": ["", "before-migration"],
    "BackupCopyVaultArn": ["", "arn:aws:backup:eu-west-1:210987654321:backup-vault:copies"],
    "BackupVaultLock": ["true", "false"],
    "VpcId": ["", EXISTING_VPC["VpcId"]],
    "NatGateways": ["none", "single", "one-per-az"], "InterfaceEndpoints": ["true", "false"],
    "CustomerKeys": ["true", "false"], "AccessLogs": ["true", "false"], "FlowLogs": ["true", "false"],
    "DetailedAlarms": ["true", "false"], "DeletionProtection": ["true", "false"],
    "PermissionsBoundary": ["", "tap-boundary"], "AlertEmail": ["", "ops@payments.test"], "MonthlyBudget": ["0", "100"],
    "DatabaseReaderInstance": ["true", "false"], "DatabaseInstanceClass": ["db.serverless", "db.t4g.medium"],
    "DatabaseMonitoringInterval": ["0", "60"], "CertificateArn": ["", CERTIFICATE],
    "DomainName": ["", "pay.payments.test"], "HostedZoneId": ["", "Z1234567890"],
    "CdnDomainName": ["", "cdn.payments.test"], "CdnCertificateArn": ["", CDN_CERTIFICATE],
    "CdnWebAclArn": ["", f"arn:aws:wafv2:us-east-1:123456789012:global/webacl/cdn/{ARN}"],
    "EmptyAssetsBucketOnDelete": ["true", "false"], "Firewall": ["true", "false"],
    "ValidationReservedConcurrency": ["0", "10"],
    "ContainerHealthCommand": ["", "curl -fsS localhost:$PORT || exit 1"],
    "MigrationCommand": ["", "python migrate.py"],
    "SleepSchedule": ["", "cron(0 20 ? * MON-FRI *)"],
    "WakeSchedule": ["", "cron(0 6 ? * MON-FRI *)"], "Backups": ["true", "false"],
    "PagerTopicArn": ["", "arn:aws:sns:us-east-1:123456789012:on-call"], "TrafficAlarmRequests": ["0", "1"],
    "ProbeUrl": ["", "https://pay.payments.test/health"],
    "EnvironmentFileArn": ["", "arn:aws:s3:::tap-artifacts/variables/0.env"],
    "AppSecretArn": ["", f"arn:aws:secretsmanager:{REGION}:123456789012:secret:pay-AbCdEf"],
    "JobCommand": ["", "python job.py"],
    "WorkerCommand": ["", "python worker.py"], "WorkerQueue": ["true", "false"],
    "AppSecretKeys": ["", "PROVIDER_KEY,SIGNING_KEY"],
    "TaskPolicyArns": ["", "arn:aws:iam::123456789012:policy/receipts"],
}
TOGETHER = (("CdnDomainName", "CdnCertificateArn"), ("SleepSchedule", "WakeSchedule"),
            ("AppSecretArn", "AppSecretKeys"))
# Of these, one way or another excludes the other.
APART = ({"WorkerCommand", "WorkerQueue"}, {"NatGateways", "InterfaceEndpoints"},
         {"TrafficAlarmRequests", "SleepSchedule"},
         {"TrafficAlarmRequests", "WakeSchedule"}, {"ProbeUrl", "SleepSchedule"}, {"ProbeUrl", "WakeSchedule"},
         {"VpcId", "InterfaceEndpoints"}, {"VpcId", "AvailabilityZones"})


def is_allowed(row: list[str]) -> bool:
    """Whether the template's rules let a row, or the beginning of one, be."""
    given = dict(zip(SETTINGS, row, strict=False))
    if (given.get("NatGateways"), given.get("InterfaceEndpoints"), given.get("VpcId")) == ("none", "false", ""):
        return False
    if given.get("VpcId") and (given.get("InterfaceEndpoints") == "true" or given["AvailabilityZones"]):
        return False
    if given.get("WorkerQueue") == "true" and given.get("WorkerCommand") == "":
        return False
    if given.get("SleepSchedule") and (given.get("TrafficAlarmRequests", "0") != "0" or given.get("ProbeUrl")):
        return False
    if given.get("DomainName") and not given.get("HostedZoneId", "?") and not given.get("CertificateArn", "?"):
        return False
    return all(bool(given[one]) == bool(given[other]) for one, other in TOGETHER if other in given)


def pairs(row: list[str]) -> set[tuple[tuple[int, str], ...]]:
    return set(itertools.combinations(enumerate(row), 2))


def rows() -> list[list[str]]:
    """Rows with every pair that is allowed in one of them; what the generator misses, it being greedy, comes last."""
    found = [list(row) for row in AllPairs(list(SETTINGS.values()), filter_func=is_allowed)]
    seen = set().union(*map(pairs, found))
    for (one, a), (other, b) in itertools.combinations(
            [(place, value) for place, values in enumerate(SETTINGS.values()) for value in values], 2):
        if one == other or ((one, a), (other, b)) in seen:
            continue
        changed = ([{one: a, other: b}.get(place, value) for place, value in enumerate(row)] for row in found)
        more = next((row for row in changed if is_allowed(row)), None)
        if more:
            found.append(more)
            seen |= pairs(more)
    return found


ROWS = [{"Environment": "test", **dict(zip(SETTINGS, row, strict=True)),
         **(EXISTING_VPC if EXISTING_VPC["VpcId"] in row else {})} for row in rows()]
NUMBERED = {f"row {place}": row for place, row in enumerate(ROWS)}


def test_the_rows_hold_every_parameter_that_decides_a_condition(template: dict[str, Any]) -> None:
    def parameters(tree: Any) -> set[str]:
        if isinstance(tree, list):
            return set().union(*map(parameters, tree))
        if not isinstance(tree, dict):
            return set()
        return ({tree["Ref"]} if "Ref" in tree else set()).union(*map(parameters, tree.values()))

    # A pseudo parameter is nobody's to set.
    assert {name for name in parameters(template["Conditions"]) if "::" not in name} <= set(SETTINGS)


def test_every_two_settings_that_the_rules_allow_are_together_in_a_row() -> None:
    incomplete = [{one, other} for one, other in itertools.combinations(SETTINGS, 2)
                  if not set(itertools.product(SETTINGS[one], SETTINGS[other])) <= {
                      (row[one], row[other]) for row in ROWS}]
    assert [pair for pair in incomplete if pair not in (*map(set, TOGETHER), *APART)] == []


@pytest.mark.parametrize("row", NUMBERED)
def test_a_row_breaks_no_rule(template: dict[str, Any], row: str) -> None:
    assert violations(template, NUMBERED[row]) == []


@pytest.mark.parametrize("row", NUMBERED)
def test_a_row_renders_without_a_dangling_reference_or_a_circle(template: dict[str, Any], row: str) -> None:
    resolved = resolve(template, NUMBERED[row])
    assert resolved.dangling == ()
    # Raises CycleError.
    TopologicalSorter(dependencies(resolved)).prepare()


def rows_with_every_value() -> dict[str, dict[str, str]]:
    """Rows in which each value of each setting is, if not every two of them together."""
    found, left = {}, {(name, value) for name, values in SETTINGS.items() for value in values}
    while left:
        name = max(NUMBERED, key=lambda each: len(left & NUMBERED[each].items()))
        found[name] = NUMBERED[name]
        left -= NUMBERED[name].items()
    return found


@pytest.mark.needs("cdk-preflight")
def test_every_row_lints_clean(template: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = Path(ROOT, "templates/tap.yaml").read_text(encoding="utf-8")
    # In one region: cfn-lint reads every row for each, and make lint reads the template for all of them.
    (tmp_path / ".cfnlintrc").write_text(f"regions: [{REGION}]\n")
    monkeypatch.chdir(tmp_path)
    # cfn-lint tries conditions in every combination by itself, and takes seconds for each row.
    assert [str(finding) for finding in cfn_lint(text, rows_with_every_value())] == []
    assert [str(finding) for finding in validate(text, template, NUMBERED)] == []
