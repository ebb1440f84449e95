"""Which resource types hold data and which properties interrupt, written down apart from the guard's own tables."""

from typing import Any

import pytest

from tap.deploy.guard import Grade, holds_data, judge
from tap.deploy.models import Change, Detail

# What is lost with each of these cannot be had back.
DATA = [
    "Backup::BackupVault", "CloudFormation::Stack", "Cognito::UserPool", "DocDB::DBCluster", "DocDB::DBInstance",
    "DynamoDB::GlobalTable", "DynamoDB::Table", "EC2::EIP", "EC2::Instance", "EC2::Volume", "ECR::Repository",
    "EFS::FileSystem", "EMR::Cluster", "ElastiCache::CacheCluster", "ElastiCache::ReplicationGroup",
    "ElastiCache::ServerlessCache", "Elasticsearch::Domain", "FSx::FileSystem", "KMS::Key", "KMS::ReplicaKey",
    "Kinesis::Stream", "Logs::LogGroup", "Neptune::DBCluster", "Neptune::DBInstance", "OpenSearchService::Domain",
    "Organizations::Account", "QLDB::Ledger", "RDS::DBCluster", "RDS::DBInstance", "RDS::GlobalCluster",
    "Redshift::Cluster", "S3::Bucket", "S3Express::DirectoryBucket", "SDB::Domain", "SQS::Queue", "SSM::Parameter",
    "SecretsManager::Secret"]
# Made anew from the template, nothing is missing.
NO_DATA = [
    "ApplicationAutoScaling::ScalableTarget", "AutoScaling::AutoScalingGroup", "Backup::BackupPlan",
    "Backup::BackupSelection", "Budgets::Budget", "CertificateManager::Certificate", "CloudFront::Distribution",
    "CloudWatch::Alarm", "CodeDeploy::Application", "Cognito::UserPoolClient", "EC2::SecurityGroup", "EC2::VPC",
    "ECS::Service", "ElasticLoadBalancingV2::LoadBalancer", "Events::Rule", "IAM::Role", "KMS::Alias",
    "Lambda::Function", "Logs::MetricFilter", "Logs::QueryDefinition", "Logs::SubscriptionFilter",
    "RDS::DBClusterParameterGroup", "RDS::DBParameterGroup", "RDS::DBSubnetGroup", "RDS::EventSubscription",
    "Route53::RecordSet", "S3::BucketPolicy", "SNS::Topic", "SQS::QueuePolicy", "SecretsManager::ResourcePolicy",
    "SecretsManager::RotationSchedule", "SecretsManager::SecretTargetAttachment", "ServiceCatalog::TagOption",
    "WAFv2::WebACL"]
INTERRUPTED = [
    ("RDS::DBInstance", "DBInstanceClass"), ("RDS::DBInstance", "EngineVersion"),
    ("RDS::DBInstance", "DBParameterGroupName"), ("RDS::DBCluster", "EngineVersion"),
    ("RDS::DBCluster", "DBClusterParameterGroupName"), ("RDS::DBCluster", "Port"), ("EC2::Instance", "InstanceType"),
    ("EC2::NatGateway", "SecondaryAllocationIds")]


def change(action: str, kind: str, **more: Any) -> Change:
    return Change(action, "Thing", "thing-1", f"AWS::{kind}", **{"replacement": None, **more})


@pytest.mark.parametrize("kind", DATA)
def test_what_holds_data_is_deleted_with_approval_alone(kind: str) -> None:
    verdict = judge(change("Remove", kind))
    assert (verdict.grade, verdict.reason) == (Grade.DESTRUCTIVE, "deleted; it holds data")


@pytest.mark.parametrize("kind", NO_DATA)
def test_what_holds_no_data_is_deleted_without(kind: str) -> None:
    verdict = judge(change("Remove", kind))
    assert (verdict.grade, verdict.reason) == (Grade.DISRUPTIVE, "deleted")


def test_a_type_that_is_not_known_may_hold_data() -> None:
    assert holds_data("AWS::New::Thing")
    assert judge(change("Remove", "New::Thing")).reason == "deleted; it may hold data"


def test_the_migration_holds_nothing() -> None:
    assert not holds_data("Custom::Migration")


@pytest.mark.parametrize(("kind", "name"), INTERRUPTED)
def test_what_interrupts_is_disruptive(kind: str, name: str) -> None:
    details = (Detail("Properties", name, requires_recreation="Never"),)
    verdict = judge(change("Modify", kind, replacement="False", scope=("Properties",), details=details))
    assert (verdict.grade, verdict.reason) == (Grade.DISRUPTIVE, f"{name} interrupts it")


@pytest.mark.parametrize(("policy_action", "reason"), [
    (None, "replaced; it holds data"), ("ReplaceAndDelete", "replaced; it holds data"),
    ("ReplaceAndRetain", "replaced, the original is kept; it holds data"),
    ("ReplaceAndSnapshot", "replaced, the original leaves a snapshot; it holds data")])
def test_a_replacement_says_what_becomes_of_the_old_one(policy_action: str | None, reason: str) -> None:
    verdict = judge(change("Modify", "S3::Bucket", replacement="True", policy_action=policy_action))
    assert (verdict.grade, verdict.reason) == (Grade.DESTRUCTIVE, reason)


@pytest.mark.parametrize(("scope", "grade", "reason"), [
    (("DeletionPolicy",), Grade.DISRUPTIVE, "DeletionPolicy: its data protection changes"),
    (("UpdateReplacePolicy",), Grade.DISRUPTIVE, "UpdateReplacePolicy: its data protection changes"),
    (("DeletionPolicy", "UpdateReplacePolicy"), Grade.DISRUPTIVE,
     "DeletionPolicy and UpdateReplacePolicy: its data protection changes"),
    (("Metadata", "Tags"), Grade.SAFE, "changed in place")])
def test_what_keeps_data_is_watched(scope: tuple[str, ...], grade: Grade, reason: str) -> None:
    verdict = judge(change("Modify", "S3::Bucket", scope=scope))
    assert (verdict.grade, verdict.reason) == (grade, reason)


def test_grades_are_ordered_and_named_as_people_say_them() -> None:
    assert [str(grade) for grade in sorted(Grade)] == ["safe", "disruptive", "destructive", "will fail"]
