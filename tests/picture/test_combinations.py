"""Whatever is switched on or off has a picture without faults, and a price; of the network, every combination."""

import itertools
from collections import Counter
from typing import Any

import pytest
from stack_view import EXISTING_VPC

from tap.cost.estimate import estimate
from tap.cost.prices import read_prices
from tap.cost.use import figures_of
from tap.picture.architecture import architecture
from tap.picture.boxes import lay_out
from tap.picture.routes import routes
from tap.template.resolve import resolve

SWITCHES = {
    "NatGateways": ("none", "single", "one-per-az"), "InterfaceEndpoints": ("true", "false"),
    "DatabaseReaderInstance": ("true", "false"), "CertificateArn": (
        "", "arn:aws:acm:us-east-1:000000000000:certificate/stand-in")}
COMBINATIONS = list(itertools.product(*SWITCHES.values()))


OTHERS = (
    *({name: "false"} for name in (
        "CustomerKeys", "AccessLogs", "FlowLogs", "Firewall", "Backups", "DetailedAlarms", "DeletionProtection")),
    *({"DeploymentStrategy": name} for name in ("BLUE_GREEN", "CANARY", "LINEAR")),
    {"DomainName": "pay.example.net", "HostedZoneId": "Z1"},
    {"CdnDomainName": "cdn.example.net", "HostedZoneId": "Z1", "CdnCertificateArn": SWITCHES["CertificateArn"][1]},
    {"AlertEmail": "a@example.net", "MonthlyBudget": "5", "EmptyAssetsBucketOnDelete": "true"},
    {"SleepSchedule": "cron(0 20 * * ? *)", "WakeSchedule": "cron(0 6 * * ? *)"},
    {"DatabaseInstanceClass": "db.serverless", "DatabaseMonitoringInterval": "0"})
CASES = [*(dict(zip(SWITCHES, values, strict=True)) for values in COMBINATIONS), *OTHERS, EXISTING_VPC,
         {name: value for each in OTHERS for name, value in each.items()},
         {name: value for each in OTHERS if "false" not in each.values() for name, value in each.items()}]


@pytest.mark.parametrize("values", CASES, ids=[" ".join(filter(None, each.values())) for each in CASES])
def test_a_combination_is_drawn_whole_and_priced_whole(template: dict[str, Any], values: dict[str, str]) -> None:
    resolved = resolve(template, {"Environment": "test", **values})
    found = architecture(resolved, "test", "tap-test")
    layout = lay_out(found)
    assert Counter(found.covered) == Counter(list(resolved.resources))
    assert len(routes(found, layout)) == len(found.arrows)
    outer = [name for name in layout.items if name not in found.inside]
    assert [(one, other) for one, other in itertools.combinations(outer, 2)
            if layout.items[one].overlaps(layout.items[other])] == []
    assert estimate(resolved, read_prices(), figures_of("default"), "test").unpriced == ()
