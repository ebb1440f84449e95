"""The resource types that the emulator lacks are there in the services' own APIs, and go with their stack."""

import pytest
from botocore.exceptions import ClientError

VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
SUBNET = {"Type": "AWS::EC2::Subnet", "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"}}
TAGS = [{"Key": "Team", "Value": "one"}]
ADDRESS = {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc", "Tags": TAGS}}
NAT = {"Type": "AWS::EC2::NatGateway", "Properties": {
    "SubnetId": {"Ref": "Subnet"}, "AllocationId": {"Fn::GetAtt": ["Address", "AllocationId"]}, "Tags": TAGS}}
PORT = 5432


def group(description):
    return {"Type": "AWS::EC2::SecurityGroup", "Properties": {
        "VpcId": {"Ref": "Vpc"}, "GroupDescription": description,
        "SecurityGroupEgress": [{"IpProtocol": "-1", "CidrIp": "127.0.0.1/32"}]}}


def rule(kind, of, peer_property, peer):
    return {"Type": f"AWS::EC2::SecurityGroup{kind}", "Properties": {
        "GroupId": {"Ref": of}, "IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT,
        peer_property: {"Ref": peer}, "Description": "Tasks"}}


TWO_GROUPS = {"Vpc": VPC, "One": group("one"), "Other": group("other")}


def permissions(aws, group_id, direction):
    found, = aws("ec2").describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    return [each for each in found[direction] if each.get("FromPort") == PORT]


def test_ref_of_an_eip_is_its_address_and_getatt_its_allocation(aws, sandbox):
    stack = sandbox.create({"Address": ADDRESS}, {"Allocation": {"Fn::GetAtt": ["Address", "AllocationId"]}})
    found, = aws("ec2").describe_addresses(AllocationIds=[stack.outputs["Allocation"]])["Addresses"]
    assert found["PublicIp"] == stack.ids["Address"]


def test_an_eip_is_released_with_its_stack(aws, sandbox):
    stack = sandbox.create({"Address": ADDRESS})
    sandbox.delete(stack.name)
    addresses = aws("ec2").describe_addresses()["Addresses"]
    assert stack.ids["Address"] not in [each["PublicIp"] for each in addresses]


def test_a_nat_gateway_stands_in_its_subnet_with_its_tags(aws, sandbox):
    stack = sandbox.create({"Vpc": VPC, "Subnet": SUBNET, "Address": ADDRESS, "Nat": NAT})
    found, = aws("ec2").describe_nat_gateways(NatGatewayIds=[stack.ids["Nat"]])["NatGateways"]
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    assert (found["State"], found["SubnetId"], tags["Team"]) == ("available", stack.ids["Subnet"], "one")


def test_a_nat_gateway_is_deleted_with_its_stack(aws, sandbox):
    stack = sandbox.create({"Vpc": VPC, "Subnet": SUBNET, "Address": ADDRESS, "Nat": NAT})
    sandbox.delete(stack.name)
    found = aws("ec2").describe_nat_gateways(NatGatewayIds=[stack.ids["Nat"]])["NatGateways"]
    assert [each["State"] for each in found] == ["deleted"]


@pytest.mark.parametrize(("kind", "peer_property", "direction"), [
    ("Ingress", "SourceSecurityGroupId", "IpPermissions"),
    ("Egress", "DestinationSecurityGroupId", "IpPermissionsEgress"),
])
def test_a_rule_of_its_own_belongs_to_the_group_until_it_goes(aws, sandbox, kind, peer_property, direction):
    rules = {"Rule": rule(kind, "One", peer_property, "Other")}
    stack = sandbox.create(TWO_GROUPS | rules)
    permission, = permissions(aws, stack.ids["One"], direction)
    assert permission["UserIdGroupPairs"][0]["GroupId"] == stack.ids["Other"]
    sandbox.update(stack.name, TWO_GROUPS)
    assert permissions(aws, stack.ids["One"], direction) == []


def test_a_rule_takes_its_port_from_a_parameter(aws, sandbox):
    own = rule("Ingress", "One", "SourceSecurityGroupId", "Other")
    own["Properties"] |= {"FromPort": {"Ref": "Port"}, "ToPort": {"Ref": "Port"}}
    stack = sandbox.create(TWO_GROUPS | {"Rule": own}, Port="5432")
    assert permissions(aws, stack.ids["One"], "IpPermissions")[0]["ToPort"] == PORT


def scaling(service):
    return {
        "Target": {"Type": "AWS::ApplicationAutoScaling::ScalableTarget", "Properties": {
            "ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": {"Fn::Sub": f"service/${{Cluster}}/{service}"},
            "MinCapacity": 1, "MaxCapacity": 2}},
        "Policy": {"Type": "AWS::ApplicationAutoScaling::ScalingPolicy", "Properties": {
            "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": {"Ref": "Target"}}},
    }


SERVICE = {
    "Cluster": {"Type": "AWS::ECS::Cluster"},
    "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
        "ContainerDefinitions": [{"Name": "web", "Image": "registry.example.com/web:1"}]}},
    "Service": {"Type": "AWS::ECS::Service", "Properties": {
        "Cluster": {"Ref": "Cluster"}, "TaskDefinition": {"Ref": "Task"}}},
}


def test_scaling_is_recorded_under_the_ids_that_ref_returns_on_aws(sandbox):
    stack = sandbox.create(SERVICE | scaling("${Service.Name}"))
    assert stack.ids["Target"].endswith("|ecs:service:DesiredCount|ecs")
    assert stack.ids["Policy"].endswith(":policyName/cpu")


def test_scaling_of_a_service_that_is_not_there_is_refused(sandbox):
    stack = sandbox.create(SERVICE | scaling("no-such-service"))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "ECS service doesn't exist" in stack.reasons


def test_scaling_with_its_least_beyond_its_most_is_refused(sandbox):
    resources = SERVICE | scaling("${Service.Name}")
    resources["Target"]["Properties"]["ScheduledActions"] = [
        {"ScheduledActionName": "night", "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 0}}]
    stack = sandbox.create(resources)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "Maximum capacity cannot be less than minimum capacity" in stack.reasons


ROLE = "arn:aws:iam::123456789012:role/any"
GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "aws-waf-logs-small"}}


FLOW_LOG = {
    "Vpc": VPC, "Group": {"Type": "AWS::Logs::LogGroup"}, "Flow": {
        "Type": "AWS::EC2::FlowLog", "Properties": {
            "ResourceId": {"Ref": "Vpc"}, "ResourceType": "VPC", "TrafficType": "ALL",
            "LogGroupName": {"Ref": "Group"}, "DeliverLogsPermissionArn": ROLE, "Tags": TAGS}}}


def test_a_flow_log_is_of_its_vpc_until_it_goes(aws, sandbox):
    def flow_logs():
        return aws("ec2").describe_flow_logs(
            Filters=[{"Name": "resource-id", "Values": [stack.ids["Vpc"]]}])["FlowLogs"]

    stack = sandbox.create(FLOW_LOG)
    found, = flow_logs()
    assert (found["FlowLogId"], found["TrafficType"], found["LogDestination"]) == (
        stack.ids["Flow"], "ALL", stack.ids["Group"])
    sandbox.delete(stack.name)
    assert flow_logs() == []


def firewall(**resources):
    return {
        "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer"},
        "Acl": {"Type": "AWS::WAFv2::WebACL", "Properties": {
            "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": {
                "CloudWatchMetricsEnabled": True, "SampledRequestsEnabled": True, "MetricName": "acl"}}},
    } | resources


def associated(arn):
    return {"Association": {"Type": "AWS::WAFv2::WebACLAssociation", "Properties": {
        "ResourceArn": arn, "WebACLArn": {"Fn::GetAtt": ["Acl", "Arn"]}}}}


def test_a_web_acl_is_before_its_load_balancer_until_the_association_goes(aws, sandbox):
    def acls():
        return [acl["ARN"] for acl in aws("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]
                if stack.ids["Balancer"] in aws("wafv2").list_resources_for_web_acl(
                    WebACLArn=acl["ARN"])["ResourceArns"]]

    stack = sandbox.create(firewall(**associated({"Ref": "Balancer"})))
    arn = aws("wafv2").get_web_acl_for_resource(ResourceArn=stack.ids["Balancer"])["WebACL"]["ARN"]
    assert stack.ids["Association"] == f"{stack.ids['Balancer']}|{arn}"
    sandbox.update(stack.name, firewall())
    assert acls() == []


def test_a_web_acl_before_a_load_balancer_that_is_not_there_is_refused(sandbox):
    nowhere = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/none/0123456789abcdef"
    assert sandbox.create(firewall(**associated(nowhere))).status == "ROLLBACK_COMPLETE"


def logging(name):
    return {"Logging": {"Type": "AWS::WAFv2::LoggingConfiguration", "DependsOn": ["Group"], "Properties": {
        "ResourceArn": {"Fn::GetAtt": ["Acl", "Arn"]},
        "LogDestinationConfigs": [f"arn:aws:logs:eu-central-1:123456789012:log-group:{name}"]}}}


def test_the_log_of_a_web_acl_is_recorded_under_its_arn(aws, sandbox):
    stack = sandbox.create(firewall(Group=GROUP, **logging("aws-waf-logs-small")))
    acl = stack.ids["Acl"].split("|")[1]
    assert stack.ids["Logging"] in [
        each["ARN"] for each in aws("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"] if each["Id"] == acl]


@pytest.mark.parametrize(("name", "reason"), [
    ("other", "must start with aws-waf-logs-"), ("aws-waf-logs-absent", "log group doesn't exist")])
def test_a_log_group_that_the_firewall_cannot_write_to_is_refused(sandbox, name, reason):
    stack = sandbox.create(firewall(Group=GROUP, **logging(name)))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert reason in stack.reasons


def test_a_budget_tells_its_subscribers_until_it_goes(aws, sandbox):
    account = {"AccountId": aws("sts").get_caller_identity()["Account"]}
    notification = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80}
    stack = sandbox.create({"Budget": {"Type": "AWS::Budgets::Budget", "Properties": {
        "Budget": {"BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": 100, "Unit": "USD"}},
        "NotificationsWithSubscribers": [{"Notification": notification, "Subscribers": [
            {"SubscriptionType": "EMAIL", "Address": "a@example.com"}]}]}}})
    of = {**account, "BudgetName": stack.ids["Budget"]}
    assert aws("budgets").describe_budget(**of)["Budget"]["BudgetLimit"] == {"Amount": "100", "Unit": "USD"}
    subscribers = aws("budgets").describe_subscribers_for_notification(**of, Notification=notification)
    assert [each["Address"] for each in subscribers["Subscribers"]] == ["a@example.com"]
    sandbox.delete(stack.name)
    assert aws("budgets").describe_budgets(**account)["Budgets"] == []


BACKUP = {
    "Vault": {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "small"}},
    "Plan": {"Type": "AWS::Backup::BackupPlan", "Properties": {"BackupPlan": {
        "BackupPlanName": "small", "BackupPlanRule": [{"RuleName": "r", "TargetBackupVault": {"Ref": "Vault"}}]}}},
}


def test_a_backup_selection_is_of_its_plan_until_it_goes(aws, sandbox):
    selection = {"Selection": {"Type": "AWS::Backup::BackupSelection", "Properties": {
        "BackupPlanId": {"Ref": "Plan"}, "BackupSelection": {
            "SelectionName": "s", "IamRoleArn": ROLE, "Resources": ["arn:aws:dynamodb:*:*:table/t"]}}}}
    stack = sandbox.create(BACKUP | selection)
    plan = {"BackupPlanId": stack.ids["Plan"]}
    found = aws("backup").get_backup_selection(**plan, SelectionId=stack.ids["Selection"])
    assert found["BackupSelection"]["Resources"] == ["arn:aws:dynamodb:*:*:table/t"]
    sandbox.update(stack.name, BACKUP)
    assert aws("backup").list_backup_selections(**plan)["BackupSelectionsList"] == []


def test_a_type_that_neither_has_is_refused(sandbox):
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        sandbox.create({"Thing": {"Type": "AWS::ServiceCatalog::Portfolio"}})
