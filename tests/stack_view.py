"""How the tests look at the template once its parameters are filled in."""

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tap.deploy.parameters import load_environment
from tap.deploy.stand_ins import STAND_INS
from tap.template.resolve import Reference, Resolved, dependencies, references, resolve, waits_for

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ("dev", "staging", "prod")
FOUR_TAGS = ("Application", "CostCenter", "Environment", "Team")
EVERYWHERE = "0.0.0.0/0"
# A VPC that the stack is given, by the parameters that are set together.
EXISTING_VPC = {"VpcId": "vpc-0123456789abcdef0", **{
    f"{kind}SubnetIds": ",".join(f"subnet-{start}{zone}bcdef0123456789"[:24] for zone in "123")
    for kind, start in (("Public", "0a"), ("Private", "0b"), ("Database", "0c"))}}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
WEB_ACL = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/cdn/00000000-0000-0000-0000-000000000000"
COPY_VAULT = "arn:aws:backup:eu-west-1:210987654321:backup-vault:copies"
# What an application is given by parameters.
GIVEN = {
    "EnvironmentFileArn": "arn:aws:s3:::tap-artifacts/variables/0.env", "AppSecretKeys": "A,B,C,D,E,F,G,H,I,J",
    "AppSecretArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:pay-AbCdEf",
    "WorkerCommand": "python worker.py", "WorkerQueue": "true",
    "JobCommand": "python job.py",
    "TaskPolicyArns": ",".join(["arn:aws:iam::123456789012:policy/receipts"] * 5)}
# Parameters of a stack with all that can be switched on.
ALL_ON = {
    "Environment": "test", "NatGateways": "one-per-az", "InterfaceEndpoints": "true", "AlertEmail": "ops@payments.test",
    "EmptyAssetsBucketOnDelete": "true", "DomainName": "pay.payments.test", "HostedZoneId": "Z1",
    "CdnDomainName": "cdn.payments.test", "CdnCertificateArn": CERTIFICATE, "DeploymentStrategy": "CANARY",
    "MonthlyBudget": "1", "DatabaseInstanceClass": "db.t4g.medium", "PermissionsBoundary": "bounds",
    "TrafficAlarmRequests": "1", "MigrationCommand": "python migrate.py",
    "ProbeUrl": "https://pay.payments.test/", **GIVEN}


@dataclass(frozen=True)
class StackView:
    """The stack of one environment, by type and by what its resources refer to."""

    resolved: Resolved

    def parameter(self, name: str) -> Any:
        return self.resolved.parameters[name]

    def type_of(self, title: str) -> str:
        return str(self.resolved.resources[title]["Type"])

    def properties(self, title: str) -> dict[str, Any]:
        return dict(self.resolved.properties(title))

    def all(self, kind: str) -> dict[str, dict[str, Any]]:
        """Properties by logical id of all resources of a type."""
        return {title: self.properties(title) for title in self.resolved.resources if self.type_of(title) == kind}

    def only(self, kind: str) -> dict[str, Any]:
        """Properties of the one resource of a type."""
        return self.properties(self.title(kind))

    def title(self, kind: str) -> str:
        (title,) = self.all(kind)
        return title

    def where(self, kind: str, **properties: Any) -> dict[str, dict[str, Any]]:
        """Those resources of a type that have these properties, among others."""
        return {
            title: found for title, found in self.all(kind).items()
            if all(found.get(name) == value for name, value in properties.items())}

    def attributes(self, title: str) -> dict[str, Any]:
        """What a resource has beside its properties, and its tags, which every resource has the same."""
        return {key: value for key, value in self.resolved.resources[title].items() if key != "Properties"}

    def outputs(self) -> Mapping[str, Mapping[str, Any]]:
        return self.resolved.outputs

    def waits_for(self, title: str) -> set[str]:
        return waits_for(self.resolved, title)

    def needs(self, title: str) -> set[str]:
        return dependencies(self.resolved)[title]

    # The network.

    def table_of(self, subnet: str) -> str:
        """The one route table that a subnet is associated with."""
        (association,) = self.where("AWS::EC2::SubnetRouteTableAssociation", SubnetId=Reference(subnet)).values()
        return str(association["RouteTableId"].logical_id)

    def routes_of(self, subnet: str) -> list[dict[str, Any]]:
        return list(self.where("AWS::EC2::Route", RouteTableId=Reference(self.table_of(subnet))).values())

    def default_route(self, subnet: str) -> dict[str, Any] | None:
        routes = [r for r in self.routes_of(subnet) if r.get("DestinationCidrBlock") == EVERYWHERE]
        return routes[0] if routes else None

    def kind_of(self, subnet: str) -> str:
        """public, private or isolated: what a subnet is by where its default route goes."""
        route = self.default_route(subnet)
        if route is None:
            return "isolated"
        return "public" if "GatewayId" in route else "private"

    def subnets(self, kind: str) -> list[str]:
        return [title for title in self.all("AWS::EC2::Subnet") if self.kind_of(title) == kind]

    # Security groups.

    def rules(self, group: str, direction: str) -> list[dict[str, Any]]:
        """The rules of a group, in it and on their own; direction is Ingress or Egress."""
        own = self.properties(group).get(f"SecurityGroup{direction}", [])
        alone = self.where(f"AWS::EC2::SecurityGroup{direction}", GroupId=Reference(group, "GroupId"))
        return [*own, *alone.values()]

    def outward_rules(self, group: str) -> list[dict[str, Any]]:
        """The rules by which a group reaches anything but the machine itself."""
        return [rule for rule in self.rules(group, "Egress") if rule.get("CidrIp") != "127.0.0.1/32"]

    def may_connect(self, source: str, target: str, port: int) -> bool:
        """Whether members of one group may open a TCP connection to members of another one."""
        return self.may_send(source, target, port) and any(
            _covers(rule, port) and (
                rule.get("SourceSecurityGroupId") == Reference(source, "GroupId") or self._holds_vpc(rule))
            for rule in self.rules(target, "Ingress"))

    def may_send(self, source: str, target: str, port: int) -> bool:
        return any(
            _covers(rule, port) and (
                rule.get("DestinationSecurityGroupId") == Reference(target, "GroupId") or self._holds_vpc(rule))
            for rule in self.rules(source, "Egress"))

    def _holds_vpc(self, rule: Mapping[str, Any]) -> bool:
        if "CidrIp" not in rule:
            return False
        vpc = ipaddress.IPv4Network(self.only("AWS::EC2::VPC")["CidrBlock"])
        return vpc.subnet_of(ipaddress.IPv4Network(rule["CidrIp"]))

    # Policies.

    def statements(self, role: str) -> list[dict[str, Any]]:
        """The statements of all policies that a role has, its own, attached, and those that name it."""
        found = self.properties(role)
        documents = [policy["PolicyDocument"] for policy in found.get("Policies", [])]
        for policy, properties in self.all("AWS::IAM::ManagedPolicy").items():
            attached = Reference(policy) in found.get("ManagedPolicyArns", [])
            if attached or Reference(role) in properties.get("Roles", []):
                documents.append(properties["PolicyDocument"])
        for properties in self.all("AWS::IAM::Policy").values():
            if Reference(role) in properties.get("Roles", []):
                documents.append(properties["PolicyDocument"])
        return [statement for document in documents for statement in statements_of(document)]

    def grants(self, role: str) -> dict[str, set[str]]:
        """What a role may do: resources, as text, by action."""
        granted: dict[str, set[str]] = {}
        for statement in self.statements(role):
            assert statement["Effect"] == "Allow"
            for action in statement["Action"]:
                granted.setdefault(action, set()).update(map(str, statement["Resource"]))
        return granted

    def mentions(self, value: Any) -> set[str]:
        """The logical ids that a value refers to."""
        return {reference.logical_id for reference in references(value)}


def committed(template: Mapping[str, Any], name: str) -> StackView:
    """The stack of a committed environment, with stand-ins for its placeholders."""
    environment = load_environment(name, ROOT, template, stand_ins=STAND_INS)
    return StackView(resolve(template, environment.values.parameters, stack_name=environment.stack_name))


def _covers(rule: Mapping[str, Any], port: int) -> bool:
    if rule["IpProtocol"] == "-1":
        return True
    return rule["IpProtocol"] == "tcp" and int(rule["FromPort"]) <= port <= int(rule["ToPort"])


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy, with lists of actions and resources even where there is one."""
    assert document["Version"] == "2012-10-17"
    return [
        {key: as_list(value) if key in ("Action", "Resource") else value for key, value in statement.items()}
        for statement in as_list(document["Statement"])]


def untagged(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "Tags"}


def strings(tree: Any) -> Iterator[str]:
    """Yield every text in a tree: keys, values, and the literal parts of texts with references."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield str(key)
            yield from strings(value)
    elif isinstance(tree, list | tuple):
        for item in tree:
            yield from strings(item)
