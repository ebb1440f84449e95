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


def test_a_type_that_neither_has_is_refused(sandbox):
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        sandbox.create({"Thing": {"Type": "AWS::ServiceCatalog::Portfolio"}})
