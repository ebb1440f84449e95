"""Whole rehearsals of the committed environments, and of a template with mistakes in it."""

import io
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console
from stack_view import EXISTING_VPC
from troposphere.elasticloadbalancingv2 import Action, FixedResponseConfig

from tap.cli.rehearsal_view import RehearsalView
from tap.deploy.models import InputError
from tap.deploy.stand_ins import STAND_INS
from tap.deploy.template import Rendered, rendered_template
from tap.parts import NO_VALUE
from tap.rehearsal.emulator import clients
from tap.rehearsal.run import rehearse
from tap.stack import build
from tap.template.render import to_text

ROOT = Path(__file__).parents[2]
WIDTH = 80


@dataclass(frozen=True)
class Rehearsed:
    passed: bool
    log: str

    def row(self, name):
        """A check's row of the table, its lines joined."""
        found = re.search(rf"^{re.escape(name)} {{2,}}(.*(?:\n {{2,}}.*)*)", self.log, re.MULTILINE)
        assert found, f"no row {name} in\n{self.log}"
        return " ".join(found[1].split())

    def told(self, name):
        """A check's row, with its verdict, which stands in the first of its lines, at the end."""
        return re.sub(r"^(.*?) (ok|stand-in)(?: (.*))?$", lambda found: " ".join(
            part for part in (found[1], found[3], found[2]) if part), self.row(name))

    def differing(self):
        return [line.split("  ")[0] for line in self.log.splitlines() if line.rstrip().endswith(" differs")]


def rendered(template):
    return Rendered(template.to_dict(), to_text(template))


def rehearsed(name, template=None, root=ROOT):
    stream = io.StringIO()
    passed = rehearse(name, root, RehearsalView(Console(file=stream, width=WIDTH)), template)
    return Rehearsed(passed, stream.getvalue())


@pytest.fixture(scope="module")
def dev():
    return rehearsed("dev")


@pytest.fixture(scope="module")
def prod():
    return rehearsed("prod")


@pytest.fixture(scope="module")
def weakened():
    """The template with each thing that a rehearsal looks at taken away, or turned into a weaker one."""
    template = build()
    resources = template.resources
    resources["IsolatedSubnet2Routing"].RouteTableId = resources["PublicRouteTable"].ref()
    del resources["AssetsBucket"].properties["VersioningConfiguration"]
    resources["HighCpuAlarm"].Dimensions[0].Value = "no-such-cluster"
    for title in ("WebAclAssociation", "FlowLog"):
        del resources[title]
    resources["ProductionRule"].Condition = "IsLinear"  # away in prod, and yet there for its stack policy to name
    for title, name in (("SessionsTable", "SSESpecification"), ("ValidationFunction", "KmsKeyArn"),
                        ("AssetsBucket", "LoggingConfiguration"), ("DatabaseCluster", "DBClusterParameterGroupName")):
        del resources[title].properties[name]
    resources["DeploymentPolicy"].PolicyDocument["Statement"][1]["Resource"] = "*"
    resources["Service"].LoadBalancers[0].AdvancedConfiguration = NO_VALUE
    resources["DatabaseKey"].EnableKeyRotation = False
    resources["HttpsListener"].SslPolicy = "ELBSecurityPolicy-2016-08"
    resources["AlertsTopicPolicy"].PolicyDocument["Statement"].pop()
    resources["BackupSelection"].BackupSelection.Resources.pop()
    resources["SessionsTable"].DeletionProtectionEnabled = False
    resources["TaskDefinition"].ContainerDefinitions[0].ReadonlyRootFilesystem = False
    resources["ValidationAlias"].FunctionVersion = "$LATEST"
    resources["DatabaseEventRule"].Targets[0].Arn = resources["AlertsFallbackQueue"].get_att("Arn")
    return rehearsed("prod", rendered(template))


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """An environment of another team, with all that the committed ones do without."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "parameters", root / "parameters")
    file = root / "parameters/dev.json"
    content = json.loads(file.read_text())
    content["Parameters"] |= {
        "NatGateways": "none", "InterfaceEndpoints": "true", "DeploymentStrategy": "LINEAR",
        "DeletionProtection": "true", "DomainName": "pay.example.net",
        "MigrationCommand": "python migrate.py", "WorkerCommand": "python worker.py", "WorkerQueue": "true",
        "JobCommand": "python job.py",
        "HostedZoneId": "Z0123456789", "CdnDomainName": "cdn.example.net",
        "CdnCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/cdn"}
    file.write_text(json.dumps(content))
    return rehearsed("dev", root=root)


@pytest.fixture(scope="module")
def in_existing_vpc(tmp_path_factory):
    """An environment that names a VPC, which is none of the emulator's."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "parameters", root / "parameters")
    file = root / "parameters/dev.json"
    content = json.loads(file.read_text())
    content["Parameters"] |= {**EXISTING_VPC, "FlowLogs": "true"}
    file.write_text(json.dumps(content))
    return rehearsed("dev", root=root)


def test_nothing_differs_in_an_existing_vpc(in_existing_vpc):
    assert in_existing_vpc.passed, in_existing_vpc.log


def test_an_existing_vpc_gets_security_groups_and_a_flow_log_and_nothing_else(in_existing_vpc):
    assert in_existing_vpc.told("Network of the stack's own") == "none ok"
    assert in_existing_vpc.told("Flow logs") == "ACTIVE, ALL to its log group ok"


def test_nothing_differs_where_everything_else_is_switched_on(elsewhere):
    assert elsewhere.passed, elsewhere.log


def test_an_issued_certificate_and_the_names_of_the_zone_are_told(elsewhere):
    assert elsewhere.told("Listener on port 443") == "HTTPS forwards to the service ok"
    assert elsewhere.told("Names in the zone") == (
        "cdn.example.net A to CloudFront, cdn.example.net AAAA to CloudFront, "
        "pay.example.net A to the load balancer ok")


def test_roles_are_within_the_boundary_of_the_bootstrap_stack(dev):
    assert dev.told("Roles' boundary").startswith("arn:aws:iam::123456789012:policy/")


def test_tasks_without_nat_reach_aws_through_endpoints(elsewhere):
    assert elsewhere.told("Private subnets' way out") == "none ok"
    assert elsewhere.told("Interface endpoints") == "ecr.api, ecr.dkr, lambda, logs, secretsmanager, sqs ok"


def test_a_worker_a_job_and_a_migration_are_there(elsewhere):
    assert elsewhere.told("Rules that tell the topic") == (
        "DatabaseEventRule, DeploymentFailedRule, JobFailedRule, ServiceActionRule, WorkerActionRule ok")


def test_a_bucket_that_empties_itself_does_so_although_others_refuse_to_go(elsewhere):
    assert elsewhere.told("Deletion of what is protected") == "refused: DeletionProtection ok"
    assert elsewhere.told("Bucket on deletion") == "emptied, then deleted ok"


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_nothing_differs(request, name):
    found = request.getfixturevalue(name)
    assert found.passed, found.log


def test_nothing_differs_in_staging():
    found = rehearsed("staging")
    assert found.passed, found.log


def test_dev_is_served_over_http(dev):
    assert dev.row("Listener on port 80") == "HTTP forwards to the service ok"


def test_prod_redirects_to_https(prod):
    assert prod.row("Listener on port 80") == "redirects to HTTPS 443 ok"
    assert prod.row("Listener on port 443") == "HTTPS forwards to the service ok"


def test_the_bucket_of_dev_is_emptied_before_it_is_deleted(dev):
    assert dev.row("Bucket on deletion") == "emptied, then deleted ok"


def test_prod_is_protected_and_its_bucket_is_not_emptied(prod):
    assert prod.row("Deletion when protected") == "refused: TerminationProtection ok"
    assert prod.row("Deletion of what is protected") == "refused: DeletionProtection ok"
    assert prod.row("Deletion of a full bucket") == "refused: BucketNotEmpty ok"


def test_how_deletion_protection_is_lifted_is_said(prod):
    assert "lifted the protection of database, load balancer, table through their own APIs" in " ".join(
        prod.log.split())


def test_what_dev_switches_off_is_absent(dev):
    absent = ("Protected from deletion", "Firewall", "Flow logs", "Access logs of", "Backups", "Traffic is shifted by",
              "Interface endpoints")
    assert {name: dev.row(name) for name in absent} == dict.fromkeys(absent, "none ok")


def test_without_keys_of_its_own_only_the_database_of_dev_has_one(dev):
    assert dev.row("Keys that rotate") == "DatabaseKey ok"
    assert dev.told("Under DatabaseKey") == "database, its password ok"


def test_every_store_of_prod_is_under_the_key_of_its_purpose(prod):
    assert prod.row("Keys that rotate") == "DataKey, DatabaseKey, OperationsKey ok"
    assert prod.told("Under DataKey") == "assets, failed events, table, variables ok"
    assert prod.told("Under DatabaseKey") == "backups, database, its password ok"
    assert prod.told("Under OperationsKey") == "alerts, log groups ok"


def test_prod_refuses_to_be_deleted_by_its_services_too(prod):
    assert prod.row("Protected from deletion") == "database, load balancer, table ok"


def test_prod_is_firewalled_logged_and_backed_up(prod):
    assert prod.told("Firewall").startswith("blocks AmazonIpReputationList, CommonRuleSet")
    assert prod.told("Flow logs") == "ACTIVE, ALL to its log group ok"
    assert prod.told("Access logs of") == "CloudFront, assets, load balancer ok"
    assert prod.told("Backups").startswith("database, table: into the vault, kept ")


def test_prod_shifts_traffic_and_dev_replaces_tasks_in_turn(dev, prod):
    assert prod.told("Deployment").startswith("CANARY, rolled back by circuit breaker, AlternateErrorGuard")
    assert prod.told("Traffic is shifted by") == "AlternateTargetGroup, ProductionRule, TestRule ok"
    assert dev.told("Deployment").startswith("ROLLING, rolled back by circuit breaker, LoadBalancerGuard")


def test_the_function_is_called_through_its_live_version_and_remembers(prod):
    assert prod.row("Validation's live version") == "1 ok"
    assert prod.told("... with other content") == "409 Transaction id was used with other content ok"


def test_what_outlives_prod_is_named(prod):
    kept = ("BackupPolicy, BackupRole, BackupVault, DataKey, DatabaseCluster (snapshot), DatabaseKey, "
            "DatabaseLogGroup, FlowLogGroup, LogsBucket, OperationsKey, ServiceLogGroup, ValidationLogGroup, "
            "WebAclLogGroup")
    assert prod.told("What deletion leaves") == f"{kept} ok"


def test_a_second_deployment_changes_nothing(dev):
    assert dev.row("Deployed again") == "no changes ok"


def test_what_is_only_recorded_is_labelled(dev, prod):
    assert dev.row("Scaling of the service") == "recorded stand-in"
    assert prod.row("Firewall's log") == "recorded stand-in"
    assert prod.told("Alarms over expressions").endswith(" stand-in")


def test_values_in_the_place_of_placeholders_are_named(prod):
    told = " ".join(prod.log.split())
    assert "Placeholders in parameters/prod.json replaced by stand-ins: CertificateArn, ContainerImage" in told


def test_what_the_emulator_pretends_is_said(dev):
    assert "no database, task, load balancer, firewall or CDN runs" in " ".join(dev.log.split())
    assert "Only checked in AWS, with tap verify dev: Stack's status," in " ".join(dev.log.split())


def test_no_line_is_wider_than_the_terminal(dev, prod):
    assert [line for line in (dev.log + prod.log).splitlines() if len(line) > WIDTH] == []


def test_a_mistake_is_told_with_what_is_there_and_what_should_be(weakened):
    assert weakened.row("Isolated subnets' way out") == "internet gateway, none differs expected: none"


def test_every_mistake_and_every_protection_that_is_taken_away_is_found_and_nothing_else(weakened):
    assert not weakened.passed
    assert weakened.differing() == [
        "Isolated subnets' way out", "Assets bucket", "Alarms' dimensions", "Keys that rotate",
        "Under AWS's own keys", "Under DataKey", "Protected from deletion", "TLS of the load balancer",
        "rds.force_ssl", "Container's confinement", "Firewall", "Flow logs", "Access logs of", "Backups",
        "Who publishes alerts", "Rules that tell the topic", "Traffic is shifted by", "Listener's rules",
        "Validation's live version"]


def test_a_listener_that_does_not_forward_fails_the_deployment_and_the_rehearsal():
    template = build()
    template.resources["HttpListener"].DefaultActions = [
        Action(Type="fixed-response", FixedResponseConfig=FixedResponseConfig(StatusCode="404"))]
    found = rehearsed("dev", rendered(template))
    assert not found.passed
    assert "does not have an associated load balancer" in found.row("Stack")


def test_an_environment_that_is_not_there_is_an_input_error():
    with pytest.raises(InputError, match="environment nowhere does not exist"):
        rehearsed("nowhere")


@pytest.mark.parametrize("name", STAND_INS)
def test_a_stand_in_is_a_value_the_template_allows(name):
    pattern = rendered_template().document["Parameters"][name]["AllowedPattern"]
    assert re.fullmatch(pattern, STAND_INS[name])


def test_a_rehearsal_to_be_kept_leaves_the_stack_as_the_files_have_it_until_it_is_let_go(tmp_path):
    document = {"Parameters": {"PermissionsBoundary": {"Type": "String", "Default": ""}},
                "Resources": {"AssetsBucket": {"Type": "AWS::S3::Bucket"}}}
    seen = []

    def by_hand(settings):
        aws = clients(settings["AWS_ENDPOINT_URL"], settings["AWS_REGION"])
        stack, = aws("cloudformation").describe_stacks(StackName="tap-dev")["Stacks"]
        values = {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}
        seen.append((stack["StackStatus"], values["PermissionsBoundary"]))

    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters/dev.json").write_text("{}")
    rehearse("dev", tmp_path, RehearsalView(Console(file=io.StringIO())), Rendered(document, json.dumps(document)),
             by_hand=by_hand)

    assert seen == [("CREATE_COMPLETE", "")]
