"""Find the traffic between resources of a resolved template, and plain references."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tap.picture.model import INTERNET, Arrow
from tap.template.resolve import Reference, Resolved, references

Owner = Callable[[str], str | None]
EVERYWHERE = ("0.0.0.0/0", "::/0")
# Verbs for actions by the beginning of their name; the first match wins.
_VERBS = (("CreateBackup", "back up"), ("CreateDBClusterSnapshot", "back up"), ("StartAwsBackup", "back up"),
          ("DeleteBackup", "back up"), ("CreateGrant", "grant"), ("DescribeKey", "decrypt"),
          *((name, "run") for name in ("RunTask", "DescribeTasks", "StopTask", "TagResource", "PassRole")),
          ("Modify", "shift"), ("Register", "shift"), ("Deregister", "shift"),
          ("Invoke", "invoke"), ("Publish", "publish"), ("SendMessage", "send"), ("ReceiveMessage", "receive"),
          ("ChangeMessageVisibility", "receive"), ("DeleteMessage", "receive"),
          ("GetSecretValue", "read"), ("Decrypt", "decrypt"), ("GenerateDataKey", "encrypt"), ("Put", "write"),
          ("Create", "write"),
          ("Update", "write"), ("Delete", "write"), ("BatchWrite", "write"), ("Get", "read"), ("BatchGet", "read"),
          ("List", "read"), ("Query", "read"), ("Scan", "read"), ("Describe", "read"), ("ConditionCheck", "read"))


def arrows(resolved: Resolved, owner: Owner) -> tuple[Arrow, ...]:
    """Return all arrows between drawn items, at most one per pair and direction; `owner` maps a resource to its item.

    Traffic comes from security groups, listeners, origins, routes, permissions and actions. A pair with
    traffic in either direction has no arrow for plain references.
    """
    labels: dict[tuple[str, str], list[str]] = {}
    for source, target, label in _traffic(resolved, owner):
        if source and target and source != target:
            texts = labels.setdefault((source, target), [])
            texts.extend(text for text in label.split(", ") if text and text not in texts)
    merged = [Arrow(*pair, ", ".join(texts)) for pair, texts in labels.items()]
    plain: dict[tuple[str, str], Arrow] = {}
    for name, entry in resolved.resources.items():
        for other in references(entry.get("Properties")):
            source, target = owner(name), owner(other.logical_id)
            if source and target and source != target and not {(source, target), (target, source)} & labels.keys():
                plain.setdefault((source, target), Arrow(source, target, is_traffic=False))
    return (*merged, *(arrow for pair, arrow in plain.items() if pair[::-1] not in plain or pair < pair[::-1]))


def _traffic(resolved: Resolved, owner: Owner) -> Iterator[tuple[str | None, str | None, str]]:
    walls = {owner(balancer): owner(acl) for _, association in _entries(resolved, "AWS::WAFv2::WebACLAssociation")
             if (balancer := _peer(association, "ResourceArn")) and (acl := _peer(association, "WebACLArn"))}
    for source, target, label in _through_groups(resolved, owner):
        if source == INTERNET and target in walls:  # traffic from the Internet passes the web ACL first
            yield source, walls[target], label
            yield walls[target], target, ""
        else:
            yield source, target, label
    yield from _listeners(resolved, owner)
    yield from _routes(resolved, owner)
    yield from _origins(resolved, owner)
    yield from _permissions(resolved, owner)
    yield from _actions(resolved, owner)


def _entries(resolved: Resolved, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((name, entry.get("Properties", {})) for name, entry in resolved.resources.items() if entry["Type"] in types)


def _rules(resolved: Resolved, direction: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every rule of every security group with its group."""
    for name, properties in _entries(resolved, "AWS::EC2::SecurityGroup"):
        for rule in properties.get(f"SecurityGroup{direction}", []):
            yield name, rule
    for _, rule in _entries(resolved, f"AWS::EC2::SecurityGroup{direction}"):
        for group in references(rule["GroupId"]):
            yield group.logical_id, rule


def _port(rule: Mapping[str, Any]) -> str:
    if str(rule.get("IpProtocol")) == "-1":
        return "any"
    first, last = str(rule.get("FromPort")), str(rule.get("ToPort"))
    return first if first == last else f"{first} to {last}"


def _peer(rule: Mapping[str, Any], key: str) -> str | None:
    return next((reference.logical_id for reference in references(rule.get(key))), None)


def _through_groups(resolved: Resolved, owner: Owner) -> Iterator[tuple[str | None, str | None, str]]:
    """Yield traffic that one group lets out and the other lets in, and traffic that may enter from everywhere."""
    leaving = [(group, _peer(rule, "DestinationSecurityGroupId"), rule.get("CidrIp"), _port(rule))
               for group, rule in _rules(resolved, "Egress")]
    vpc = next((properties["CidrBlock"] for _, properties in _entries(resolved, "AWS::EC2::VPC")), None)
    for group, rule in _rules(resolved, "Ingress"):
        port, source = _port(rule), _peer(rule, "SourceSecurityGroupId")
        if rule.get("CidrIp") in EVERYWHERE:
            yield INTERNET, owner(group), port
        for other, target, block, leaves in leaving:
            if leaves in (port, "any") and other != group and (
                    (other == source and target == group)
                    or (rule.get("CidrIp") == vpc and (target == group or block in EVERYWHERE))
                    or (other == source and block in EVERYWHERE)):
                yield owner(other), owner(group), port


def _listeners(resolved: Resolved, owner: Owner) -> Iterator[tuple[str | None, str | None, str]]:
    for _, listener in _entries(resolved, "AWS::ElasticLoadBalancingV2::Listener",
                                "AWS::ElasticLoadBalancingV2::ListenerRule"):
        of_rule = _peer(listener, "ListenerArn")
        balancer = _peer(resolved.properties(of_rule) if of_rule else listener, "LoadBalancerArn")
        for action in listener.get("DefaultActions", listener.get("Actions", [])):
            for target in references(action):
                if balancer and _type(resolved, target) == "AWS::ElasticLoadBalancingV2::TargetGroup":
                    yield owner(balancer), owner(target.logical_id), ""


def _routes(resolved: Resolved, owner: Owner) -> Iterator[tuple[str | None, str | None, str]]:
    """Yield traffic from resources in a subnet to its NAT gateway, if their group allows it, and to the Internet."""
    out = {owner(group): _port(rule) for group, rule in _rules(resolved, "Egress") if rule.get("CidrIp") in EVERYWHERE}
    tables = {_peer(p, "SubnetId"): _peer(p, "RouteTableId")
              for _, p in _entries(resolved, "AWS::EC2::SubnetRouteTableAssociation")}
    gateways = {_peer(p, "RouteTableId"): (_peer(p, "NatGatewayId"), _peer(p, "GatewayId"))
                for _, p in _entries(resolved, "AWS::EC2::Route") if p.get("DestinationCidrBlock") in EVERYWHERE}
    for name, service in _entries(resolved, "AWS::ECS::Service"):
        for subnet in references(service.get("NetworkConfiguration")):
            nat, _ = gateways.get(tables.get(subnet.logical_id), (None, None))
            if nat and owner(name) in out:
                yield owner(name), nat, out[owner(name)]
    for name, properties in _entries(resolved, "AWS::EC2::NatGateway"):
        _, gateway = gateways.get(tables.get(_peer(properties, "SubnetId")), (None, None))
        if gateway:
            yield name, gateway, ""
            yield gateway, INTERNET, ""


def _origins(resolved: Resolved, owner: Owner) -> Iterator[tuple[str | None, str | None, str]]:
    for name, properties in _entries(resolved, "AWS::CloudFront::Distribution"):
        yield INTERNET, owner(name), "443"
        for origin in properties["DistributionConfig"].get("Origins", []):
            for target in references(origin["DomainName"]):
                yield owner(name), owner(target.logical_id), "origin"


def _permissions(resolved: Resolved, owner: Owner) -> Iterator[tuple[str | None, str | None, str]]:
    """Yield what each role may do with resources of the stack, from every resource that has the role."""
    attached = {name: [reference.logical_id for reference in references(properties.get("ManagedPolicyArns"))]
                for name, properties in _entries(resolved, "AWS::IAM::Role")}
    for name, properties in _entries(resolved, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        for reference in references(properties.get("Roles")):
            attached.setdefault(reference.logical_id, []).append(name)
    for role, policies in attached.items():
        documents = [inline["PolicyDocument"] for inline in resolved.properties(role).get("Policies", [])]
        documents += [resolved.properties(name)["PolicyDocument"] for name in policies if name in resolved.resources]
        for document in documents:
            for statement in _listed(document["Statement"]):
                if statement.get("Effect") == "Allow":
                    yield from _allowed(statement, owner(role), owner)


def _allowed(statement: Mapping[str, Any], who: str | None, owner: Owner) -> Iterator[tuple[str | None, str, str]]:
    # Security groups decide who reaches a database, so permission to log in adds nothing.
    verbs = {_verb(action) for action in map(str, _listed(statement.get("Action", []))) if action != "rds-db:connect"}
    if not verbs:
        return
    for target in references(statement.get("Resource")):
        secret = target.attribute == "MasterUserSecret.SecretArn"
        goal = f"{target.logical_id}.MasterUserSecret" if secret else owner(target.logical_id)
        if goal:
            yield who, goal, ", ".join(sorted(verbs))


def _verb(action: str) -> str:
    name = action.partition(":")[2]
    return next((verb for start, verb in _VERBS if name.startswith(start)), name)


def _actions(resolved: Resolved, owner: Owner) -> Iterator[tuple[str | None, str | None, str]]:
    """Yield the targets of events: alarms, rules, destinations, notifications."""
    for name, properties in _entries(resolved, "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        for target in references(properties.get("AlarmActions")):
            yield owner(name), owner(target.logical_id), "notify"
    for name, properties in _entries(resolved, "AWS::Events::Rule"):
        for target in references([entry.get("Arn") for entry in properties.get("Targets", [])]):
            yield owner(name), owner(target.logical_id), "notify"
    for name, properties in _entries(resolved, "AWS::Lambda::EventInvokeConfig"):
        for target in references(properties.get("DestinationConfig")):
            yield owner(name), owner(target.logical_id), "failures"
    for name, properties in _entries(resolved, "AWS::Lambda::Function"):
        for target in references(properties.get("DeadLetterConfig")):
            yield owner(name), owner(target.logical_id), "failures"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _type(resolved: Resolved, reference: Reference) -> str | None:
    entry = resolved.resources.get(reference.logical_id)
    return str(entry["Type"]) if entry else None
