"""W9502."""

import pytest

INGRESS = "{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, SourceSecurityGroupId: !Ref TaskGroup}"
MEND = "Add the rule, inline or as AWS::EC2::SecurityGroupIngress or AWS::EC2::SecurityGroupEgress."
FINDING = f"W9502 `Service` → `Database`: `DatabaseGroup` has no ingress rule for port 5432 between them. {MEND}"


@pytest.mark.parametrize("ingress", [
    INGRESS.replace("5432", "3306"),
    INGRESS.replace("TaskGroup", "BalancerGroup"),
    "{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 203.0.113.0/24}",
])
def test_a_task_that_its_database_does_not_let_in_is_found(found, ingress):
    assert found((INGRESS, ingress)) == [FINDING]


def test_a_database_with_a_port_of_its_own_is_asked_for_that(found):
    port = "StorageEncrypted: true", "StorageEncrypted: true\n      Port: 6543"
    assert found(port) == [FINDING.replace("5432", "6543")]
    assert found(port, (INGRESS, INGRESS.replace("5432", "6543"))) == []


def test_a_function_that_is_told_of_the_database_is_judged_as_well(found):
    environment = "Environment: {Variables: {DB: !GetAtt Database.Endpoint.Address}}\n      "
    told = "VpcConfig: {SubnetIds", environment + "VpcConfig: {SubnetIds"
    assert found((INGRESS, INGRESS.replace("5432", "3306")), told) == [
        FINDING, FINDING.replace("`Service`", "`Function`")]


@pytest.mark.parametrize("change", [
    ("Value: !GetAtt Database.Endpoint.Address", "Value: database.example.com"),
    ("VpcSecurityGroupIds: [!Ref DatabaseGroup]", "VpcSecurityGroupIds: [!ImportValue group]"),
    ("      VpcSecurityGroupIds: [!Ref DatabaseGroup]\n", ""),
])
def test_without_an_endpoint_in_the_environment_or_a_known_group_nothing_is_expected(found, change):
    assert found((INGRESS, INGRESS.replace("5432", "3306")), change) == []


@pytest.mark.parametrize("ingress", [
    "{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: !GetAtt Vpc.CidrBlock}",
    "{IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 10.0.0.0/8}",
    "{IpProtocol: '-1', SourceSecurityGroupId: !Ref TaskGroup}",
    "!If [HasCertificate, {IpProtocol: '-1', SourceSecurityGroupId: !Ref TaskGroup}, "
    "{IpProtocol: '-1', CidrIp: 10.0.0.0/16}]",
])
def test_wider_rules_are_not_found(found, ingress):
    assert found((INGRESS, ingress)) == []
