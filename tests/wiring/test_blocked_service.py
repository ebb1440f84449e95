"""W9503."""

import pytest

FIX = "Add the rule, inline or as AWS::EC2::SecurityGroupIngress or AWS::EC2::SecurityGroupEgress."
RULE = "{IpProtocol: tcp, FromPort: 11211, ToPort: 11211, SourceSecurityGroupId: !Ref FunctionGroup}"
CACHED = "Environment: {Variables: {CACHE: !GetAtt Cache.PrimaryEndPoint.Address}}"
FILES = """
  FileSystem: {Type: 'AWS::EFS::FileSystem'}
  MountTarget:
    Type: AWS::EFS::MountTarget
    Properties: {FileSystemId: !Ref FileSystem, SubnetId: !ImportValue subnet, SecurityGroups: [!Ref CacheGroup]}
"""
NETWORK = """
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24}}
  Endpoint:
    Type: AWS::EC2::VPCEndpoint
    Properties: {VpcId: !Ref Vpc, VpcEndpointType: Interface, ServiceName: com.amazonaws.us-east-1.logs,
                 SecurityGroupIds: [!Ref CacheGroup]}
"""


def test_a_cache_that_does_not_let_its_client_in_is_found(found_in_example):
    assert found_in_example("W9503") == [
        f"W9503 `Function` → `Cache`: `CacheGroup` has no ingress rule for port 6379. {FIX}"]


def test_a_cache_with_another_port_is_asked_for_that(found_in_example):
    assert found_in_example("W9503", ("Engine: valkey", "Engine: memcached")) == []
    assert found_in_example("W9503", ("Engine: valkey", "Engine: valkey, Port: 11211")) == []


def test_a_file_system_lets_in_who_mounts_it(found_in_example):
    mounted = CACHED, "FileSystemConfigs: [{Arn: !Ref FileSystem, LocalMountPath: /mnt/a}]"
    messages = found_in_example("W9503", mounted, add=FILES)
    assert f"W9503 `Function` → `MountTarget`: `CacheGroup` has no ingress rule for port 2049. {FIX}" in messages
    wide = RULE, "{IpProtocol: tcp, FromPort: 2049, ToPort: 2049, SourceSecurityGroupId: !Ref FunctionGroup}"
    assert not [message for message in found_in_example("W9503", mounted, wide, add=FILES) if "W9503" in message]


def test_an_endpoint_lets_in_who_runs_in_its_vpc(found_in_example):
    inside = "SubnetIds: [!ImportValue subnet]", "SubnetIds: [!Ref Subnet]"
    assert found_in_example("W9503", (CACHED, "Timeout: 3"), inside, add=NETWORK) == [
        f"W9503 `Function` → `Endpoint`: `CacheGroup` has no ingress rule for port 443. {FIX}"]
    assert found_in_example("W9503", (CACHED, "Timeout: 3"), add=NETWORK) == []


@pytest.mark.parametrize("change", [
    (CACHED, "Timeout: 3"), ("SecurityGroupIds: [!Ref CacheGroup]", "SecurityGroupIds: [!ImportValue group]"),
    (RULE, "{IpProtocol: tcp, FromPort: 6379, ToPort: 6379, CidrIp: 10.0.0.0/8}")])
def test_without_an_address_or_known_groups_nothing_is_expected_and_ranges_count(found_in_example, change):
    assert found_in_example("W9503", change) == []
