"""Handlers for resource types that MiniStack's CloudFormation lacks; each calls the emulator's API of the service.

Imported inside the emulator's process only, which is why it may use botocore: it plays AWS's part there.
A handler is `create(client, logical_id, properties, stack_name) -> (physical id, attributes)` and
`delete(client, physical_id, properties)`; what Ref and Fn::GetAtt return is from the type's page in the
CloudFormation template reference.
"""

import functools
import sys
import uuid
from collections.abc import Iterable
from typing import Any

import botocore.session
from ministack.core.responses import (
    get_account_id,
    get_region,
)
from ministack.services.cloudformation import (
    provisioners,
    stacks,
)

from tap.rehearsal.conditions import select_from_functions
from tap.rehearsal.handler_types import Client, Create, Created, Delete, Properties


def register(client: Client) -> None:
    """Add the handlers below to MiniStack's table; they call the server's APIs through `client`."""
    # A handler that calls the server from the server's event loop would deadlock.
    select_from_functions()
    stacks._runs_on_worker_thread = lambda _type: True
    for resource_type, (create, delete) in HANDLERS.items():
        provisioners._RESOURCE_HANDLERS[resource_type] = {
            "create": functools.partial(create, client),
            "delete": functools.partial(delete, client),
        }


class _AnyAttribute(dict[str, str]):
    """The attributes of a recorded resource: any attribute exists, and its value names the resource."""

    def __contains__(self, _name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return f"skipped-{name}"


def skip(types: Iterable[str]) -> None:
    """Record resources of these types without creating anything."""
    for resource_type in types:
        provisioners._RESOURCE_HANDLERS[resource_type] = {
            "create": lambda logical_id, _properties, stack: (f"{stack}-{logical_id}", _AnyAttribute()),
            "update": lambda physical_id, *_: (physical_id, _AnyAttribute()),
            "delete": lambda *_: None,
        }


def callback(endpoint: str) -> Client:
    """Return a function for clients of the emulator's APIs, in the account and region of the deployed stack."""
    @functools.cache
    def client(service: str, region: str, account: str) -> Any:
        # MiniStack uses a twelve-digit access key as the account id.
        return botocore.session.Session().create_client(
            service, region_name=region, endpoint_url=endpoint,
            aws_access_key_id=account, aws_secret_access_key="emulated")  # noqa: S106  (no secret)

    return lambda service: client(service, get_region(), get_account_id())


def _tags(resource: str, properties: Properties) -> Properties:
    """Return the TagSpecifications argument of EC2's Create actions; empty for a resource without tags."""
    tags = properties.get("Tags")
    return {"TagSpecifications": [{"ResourceType": resource, "Tags": tags}]} if tags else {}


def _create_eip(client: Client, _logical_id: str, properties: Properties, _stack: str) -> Created:
    address = client("ec2").allocate_address(
        Domain=properties.get("Domain", "vpc"), **_tags("elastic-ip", properties))
    return address["PublicIp"], {name: address[name] for name in ("PublicIp", "AllocationId")}


def _delete_eip(client: Client, physical_id: str, _properties: Properties) -> None:
    ec2 = client("ec2")
    for address in ec2.describe_addresses()["Addresses"]:
        if address["PublicIp"] == physical_id:
            ec2.release_address(AllocationId=address["AllocationId"])


def _create_nat_gateway(client: Client, _logical_id: str, properties: Properties, _stack: str) -> Created:
    arguments = {name: properties[name] for name in ("SubnetId", "AllocationId", "ConnectivityType")
                 if name in properties}
    gateway = client("ec2").create_nat_gateway(**arguments, **_tags("natgateway", properties))
    gateway_id = gateway["NatGateway"]["NatGatewayId"]
    return gateway_id, {"NatGatewayId": gateway_id}


def _delete_nat_gateway(client: Client, physical_id: str, _properties: Properties) -> None:
    client("ec2").delete_nat_gateway(NatGatewayId=physical_id)


def _permission(properties: Properties) -> Properties:
    """Return a rule's properties as the IpPermissions member of the EC2 API."""
    permission: Properties = {"IpProtocol": str(properties["IpProtocol"])}
    for port in ("FromPort", "ToPort"):
        if port in properties:
            permission[port] = int(properties[port])
    described = {"Description": properties["Description"]} if "Description" in properties else {}
    for names, member, key in (
        (("CidrIp",), "IpRanges", "CidrIp"),
        (("CidrIpv6",), "Ipv6Ranges", "CidrIpv6"),
        (("SourcePrefixListId", "DestinationPrefixListId"), "PrefixListIds", "PrefixListId"),
        (("SourceSecurityGroupId", "DestinationSecurityGroupId"), "UserIdGroupPairs", "GroupId"),
    ):
        for name in names:
            if name in properties:
                permission[member] = [{key: properties[name], **described}]
    return permission


def _create_rule(direction: str, client: Client, _logical_id: str, properties: Properties,
                 _stack: str) -> Created:
    authorize = getattr(client("ec2"), f"authorize_security_group_{direction}")
    answer = authorize(GroupId=properties["GroupId"], IpPermissions=[_permission(properties)])
    rule_id = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return rule_id, {"Id": rule_id}


def _delete_rule(direction: str, client: Client, physical_id: str, properties: Properties) -> None:
    revoke = getattr(client("ec2"), f"revoke_security_group_{direction}")
    revoke(GroupId=properties["GroupId"], SecurityGroupRuleIds=[physical_id])


def _create_composite_alarm(client: Client, logical_id: str, properties: Properties, stack: str) -> Created:
    names = ("AlarmRule", "AlarmDescription", "AlarmActions", "OKActions", "Tags")
    name = properties.get("AlarmName") or f"{stack}-{logical_id}-{uuid.uuid4().hex[:12]}"
    client("cloudwatch").put_composite_alarm(
        AlarmName=name, **{key: properties[key] for key in names if key in properties})
    arn = f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"
    return name, {"Arn": arn}


def _delete_composite_alarm(client: Client, physical_id: str, _properties: Properties) -> None:
    client("cloudwatch").delete_alarms(AlarmNames=[physical_id])


def _create_flow_log(client: Client, _logical_id: str, properties: Properties, _stack: str) -> Created:
    names = ("ResourceType", "TrafficType", "LogGroupName", "DeliverLogsPermissionArn", "MaxAggregationInterval")
    answer = client("ec2").create_flow_logs(
        ResourceIds=[properties["ResourceId"]], **_tags("vpc-flow-log", properties),
        **{name: properties[name] for name in names if name in properties})
    flow_log_id, = answer["FlowLogIds"]
    return flow_log_id, {"Id": flow_log_id}


def _delete_flow_log(client: Client, physical_id: str, _properties: Properties) -> None:
    client("ec2").delete_flow_logs(FlowLogIds=[physical_id])


def _create_acl_association(client: Client, _logical_id: str, properties: Properties, _stack: str) -> Created:
    """Refuse a load balancer that does not exist, as AWS does."""
    arn, acl = properties["ResourceArn"], properties["WebACLArn"]
    if ":loadbalancer/" in arn:
        client("elbv2").describe_load_balancers(LoadBalancerArns=[arn])
    client("wafv2").associate_web_acl(ResourceArn=arn, WebACLArn=acl)
    return f"{arn}|{acl}", {}


def _delete_acl_association(client: Client, _physical_id: str, properties: Properties) -> None:
    client("wafv2").disassociate_web_acl(ResourceArn=properties["ResourceArn"])


def _record_acl_logging(client: Client, _logical_id: str, properties: Properties, _stack: str) -> Created:
    """Record a stand-in that logs nothing. Refuse a log group that WAF cannot write to, as AWS does.

    https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html
    """
    for destination in properties["LogDestinationConfigs"]:
        name = destination.split(":log-group:")[-1]
        if not name.startswith("aws-waf-logs-"):
            raise ValueError(f"The ARN isn't valid: a log group's name must start with aws-waf-logs-: {name}")
        groups = client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if name not in [group["logGroupName"] for group in groups]:
            raise ValueError(f"The log group doesn't exist: {name}")
    return properties["ResourceArn"], {}


def _create_budget(client: Client, logical_id: str, properties: Properties, stack: str) -> Created:
    budget = dict(properties["Budget"])
    name = budget.setdefault("BudgetName", f"{stack}-{logical_id}-{uuid.uuid4().hex[:12]}")
    # An amount is a number in the template but text in the API.
    budget["BudgetLimit"] = {**budget["BudgetLimit"], "Amount": str(budget["BudgetLimit"]["Amount"])}
    client("budgets").create_budget(
        AccountId=get_account_id(), Budget=budget,
        NotificationsWithSubscribers=properties.get("NotificationsWithSubscribers", []))
    return name, {}


def _delete_budget(client: Client, physical_id: str, _properties: Properties) -> None:
    client("budgets").delete_budget(AccountId=get_account_id(), BudgetName=physical_id)


def _create_backup_selection(client: Client, _logical_id: str, properties: Properties, _stack: str) -> Created:
    answer = client("backup").create_backup_selection(
        BackupPlanId=properties["BackupPlanId"], BackupSelection=properties["BackupSelection"])
    selection, plan = answer["SelectionId"], answer["BackupPlanId"]
    return selection, {"Id": selection, "SelectionId": selection, "BackupPlanId": plan}


def _delete_backup_selection(client: Client, physical_id: str, properties: Properties) -> None:
    client("backup").delete_backup_selection(BackupPlanId=properties["BackupPlanId"], SelectionId=physical_id)


def _record_scalable_target(client: Client, _logical_id: str, properties: Properties, _stack: str) -> Created:
    """Record a stand-in that scales nothing. Refuse a missing service and a minimum above the maximum, as AWS does."""
    resource_id = properties["ResourceId"]
    for limits in (properties, *(
            action["ScalableTargetAction"] for action in properties.get("ScheduledActions", []))):
        if int(limits["MinCapacity"]) > int(limits["MaxCapacity"]):
            raise ValueError("Maximum capacity cannot be less than minimum capacity")
    if properties["ServiceNamespace"] == "ecs":
        _, cluster, service = resource_id.split("/")
        services = client("ecs").describe_services(cluster=cluster, services=[service])["services"]
        if not services:
            raise ValueError(f"ECS service doesn't exist: {resource_id}")
    physical_id = f"{resource_id}|{properties['ScalableDimension']}|{properties['ServiceNamespace']}"
    return physical_id, {"Id": physical_id}


def _record_scaling_policy(_client: Client, _logical_id: str, properties: Properties, _stack: str) -> Created:
    """Record a stand-in that scales nothing."""
    target = properties.get("ScalingTargetId") or properties["ResourceId"]
    arn = (f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{uuid.uuid4()}:"
           f"resource/ecs/{target.split('|')[0]}:policyName/{properties['PolicyName']}")
    return arn, {"Arn": arn, "PolicyName": properties["PolicyName"]}


def _record_query(_client: Client, _logical_id: str, _properties: Properties, _stack: str) -> Created:
    """Record a stand-in, because MiniStack has no saved queries."""
    query_id = str(uuid.uuid4())
    return query_id, {"QueryDefinitionId": query_id}


def _create_oidc_provider(client: Client, _logical_id: str, properties: Properties, _stack: str) -> Created:
    arn = client("iam").create_open_id_connect_provider(
        Url=properties["Url"], ClientIDList=properties.get("ClientIdList", []), Tags=properties.get("Tags", []))[
            "OpenIDConnectProviderArn"]
    return arn, {"Arn": arn}


def _delete_oidc_provider(client: Client, physical_id: str, _properties: Properties) -> None:
    client("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=physical_id)


def _forget(_client: Client, _physical_id: str, _properties: Properties) -> None:
    """Delete a recorded resource."""


HANDLERS: dict[str, tuple[Create, Delete]] = {
    "AWS::EC2::EIP": (_create_eip, _delete_eip),
    "AWS::EC2::NatGateway": (_create_nat_gateway, _delete_nat_gateway),
    "AWS::EC2::SecurityGroupIngress": (
        functools.partial(_create_rule, "ingress"), functools.partial(_delete_rule, "ingress")),
    "AWS::EC2::SecurityGroupEgress": (
        functools.partial(_create_rule, "egress"), functools.partial(_delete_rule, "egress")),
    "AWS::IAM::OIDCProvider": (_create_oidc_provider, _delete_oidc_provider),
    "AWS::EC2::FlowLog": (_create_flow_log, _delete_flow_log),
    "AWS::CloudWatch::CompositeAlarm": (_create_composite_alarm, _delete_composite_alarm),
    "AWS::WAFv2::WebACLAssociation": (_create_acl_association, _delete_acl_association),
    "AWS::WAFv2::LoggingConfiguration": (_record_acl_logging, _forget),
    "AWS::Logs::QueryDefinition": (_record_query, _forget),
    "AWS::Budgets::Budget": (_create_budget, _delete_budget),
    "AWS::Backup::BackupSelection": (_create_backup_selection, _delete_backup_selection),
    "AWS::ApplicationAutoScaling::ScalableTarget": (_record_scalable_target, _forget),
    "AWS::ApplicationAutoScaling::ScalingPolicy": (_record_scaling_policy, _forget),
}


if __name__ == "__main__":
    # Print the given resource types that have no handler; used by tap.rehearsal.new_types.
    print(*(kind for kind in sys.argv[1:] if kind not in {**provisioners._RESOURCE_HANDLERS, **HANDLERS}
            and not kind.startswith("Custom::")))
