"""Grade changes: safe, disruptive, destructive, or sure to fail; an unknown one counts as destructive.

The members judged are those of
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from tap.deploy.models import Change, ChangeSet, Refused

# cfn-lint's list (data/AdditionalSpecs/StatefulResources.json), which a test compares, and the types it lacks.
STATEFUL = frozenset("AWS::" + name for name in (
    "Backup::BackupVault", "CloudFormation::Stack", "Cognito::UserPool", "DocDB::DBCluster", "DocDB::DBInstance",
    "DynamoDB::GlobalTable", "DynamoDB::Table", "EC2::Volume", "EFS::FileSystem", "EMR::Cluster",
    "ElastiCache::CacheCluster", "ElastiCache::ReplicationGroup", "Elasticsearch::Domain", "FSx::FileSystem",
    "KMS::Key", "Kinesis::Stream", "Logs::LogGroup", "Neptune::DBCluster", "Neptune::DBInstance",
    "OpenSearchService::Domain", "Organizations::Account", "QLDB::Ledger", "RDS::DBCluster", "RDS::DBInstance",
    "Redshift::Cluster", "S3::Bucket", "SDB::Domain", "SQS::Queue", "SecretsManager::Secret",
    "EC2::EIP", "EC2::Instance", "ECR::Repository", "ElastiCache::ServerlessCache", "KMS::ReplicaKey",
    "RDS::GlobalCluster", "S3Express::DirectoryBucket", "SSM::Parameter"))
# Services in which only the types above hold data. A type of any other service counts as holding data.
STATELESS_SERVICES = frozenset("AWS::" + name for name in (
    "ApplicationAutoScaling", "AutoScaling", "Budgets", "CertificateManager", "CloudFront", "CloudWatch",
    "CodeDeploy", "EC2", "ECS", "ElasticLoadBalancingV2", "Events", "IAM", "Lambda", "Route53", "SNS",
    "Scheduler", "WAFv2"))
_STATELESS = frozenset("AWS::" + name for name in (
    "Backup::BackupPlan", "Backup::BackupSelection", "Cognito::UserPoolClient", "KMS::Alias",
    "Logs::MetricFilter", "Logs::SubscriptionFilter", "Logs::QueryDefinition", "RDS::DBClusterParameterGroup",
    "RDS::DBParameterGroup", "RDS::DBSubnetGroup", "RDS::EventSubscription", "S3::BucketPolicy", "SQS::QueuePolicy",
    "SecretsManager::ResourcePolicy", "SecretsManager::RotationSchedule",
    "SecretsManager::SecretTargetAttachment", "ServiceCatalog::TagOption")) | {
        "Custom::Migration"}  # of tap/migration.py: it holds no data, and deleting it does not undo its migrations
# "Update requires: Some interruptions" of each type's page in the template reference.
INTERRUPTING = frozenset({
    ("AWS::RDS::DBInstance", "DBInstanceClass"), ("AWS::RDS::DBInstance", "EngineVersion"),
    ("AWS::RDS::DBInstance", "DBParameterGroupName"), ("AWS::RDS::DBCluster", "EngineVersion"),
    ("AWS::RDS::DBCluster", "DBClusterParameterGroupName"), ("AWS::RDS::DBCluster", "Port"),
    ("AWS::EC2::Instance", "InstanceType"), ("AWS::EC2::NatGateway", "SecondaryAllocationIds"),
})
_KEEPING = ("DeletionPolicy", "UpdateReplacePolicy")
NESTED = "AWS::CloudFormation::Stack"
STACK_POLICY = "StackPolicy"  # the name that approves a less restrictive stack policy
TERMINATION_PROTECTION = "TerminationProtection"  # the name that approves turning it off


class Grade(IntEnum):
    """The severity of a change; higher is worse."""

    SAFE = 0
    DISRUPTIVE = 1
    DESTRUCTIVE = 2
    WILL_FAIL = 3

    def __str__(self) -> str:
        """Return the grade as messages and JSON show it."""
        return self.name.lower().replace("_", " ")


@dataclass(frozen=True)
class Verdict:
    """A change's grade, and the reason."""

    grade: Grade
    reason: str
    final: bool = False  # cannot be approved


def holds_data(resource_type: str) -> bool:
    """Return whether deleting a resource of this type may lose data; True for an unknown type."""
    if resource_type in STATEFUL:
        return True
    return resource_type not in _STATELESS and resource_type.rpartition("::")[0] not in STATELESS_SERVICES


def judge(change: Change) -> Verdict:
    """Return the verdict on one change of a change set."""
    match change.action:
        case "Add":
            return Verdict(Grade.SAFE, "new")
        case "Import":
            return Verdict(Grade.SAFE, "imported unchanged, even if the template differs")
        case "Move":
            return Verdict(Grade.SAFE, "gets a new logical id")
        case "SyncWithActual":
            return Verdict(Grade.SAFE, "only the stack's record changes")
        case "Remove":
            return _removal(change)
        case "Modify" if not change.physical_id:
            return _loss(change, "CloudFormation does not say which resource it changes")
        case "Modify" if change.resource_type == NESTED and not change.nested:
            # As in imports and drift-aware change sets.
            return _loss(change, "CloudFormation does not say what changes in this stack")
        case "Modify":
            return max((_replacement(change), _in_place(change)), key=lambda verdict: verdict.grade)
        case "Dynamic":
            return _loss(change, "its effect is known only when it runs")
    return Verdict(Grade.DESTRUCTIVE, f"tap does not know the action {change.action}")


def _loss(change: Change, reason: str) -> Verdict:
    if holds_data(change.resource_type):
        holds = "holds" if change.resource_type in STATEFUL else "may hold"
        return Verdict(Grade.DESTRUCTIVE, f"{reason}; it {holds} data")
    return Verdict(Grade.DISRUPTIVE, reason)


def _removal(change: Change) -> Verdict:
    match change.policy_action:
        case None | "Delete":
            return _loss(change, "deleted")
        case "Snapshot":
            return _loss(change, "deleted after a final snapshot")
        case "Retain":
            return Verdict(Grade.DISRUPTIVE, "leaves the stack but stays in the account")
    return Verdict(Grade.DESTRUCTIVE, f"tap does not know the policy action {change.policy_action}")


def _replacement(change: Change) -> Verdict:
    old = {None: "", "ReplaceAndDelete": "", "ReplaceAndRetain": ", the original is kept",
           "ReplaceAndSnapshot": ", the original leaves a snapshot"}
    needs = {detail.requires_recreation for detail in change.details} - {None}
    if strange := needs - {"Never", "Conditionally", "Always"}:
        return Verdict(Grade.DESTRUCTIVE, f"tap does not know the recreation {', '.join(sorted(map(str, strange)))}")
    if change.policy_action not in old:
        return Verdict(Grade.DESTRUCTIVE, f"tap does not know the policy action {change.policy_action}")
    match change.replacement:
        case "False" if needs <= {"Never"}:
            return Verdict(Grade.SAFE, "changed in place")
        case "True":
            return _loss(change, f"replaced{old[change.policy_action]}")
        case "Conditional" | "False":
            return _loss(change, f"may be replaced{old[change.policy_action]}")
        case None if set(change.scope) and set(change.scope) <= {"Metadata", "Tags", *_KEEPING}:
            return Verdict(Grade.SAFE, "changed in place")
        case None:
            return _loss(change, "CloudFormation does not say whether it is replaced")
    return Verdict(Grade.DESTRUCTIVE, f"tap does not know the replacement {change.replacement}")


def _in_place(change: Change) -> Verdict:
    names = sorted({detail.name for detail in change.details
                    if detail.name and (change.resource_type, detail.name) in INTERRUPTING})
    if names:
        return Verdict(Grade.DISRUPTIVE, f"{', '.join(names)} interrupts it")
    if holds_data(change.resource_type) and (policies := [name for name in _KEEPING if name in change.scope]):
        return Verdict(Grade.DISRUPTIVE, f"{' and '.join(policies)}: its data protection changes")
    return Verdict(Grade.SAFE, "changed in place")


def verdicts(plan: ChangeSet) -> dict[str, Verdict]:
    """Return the verdict on each change of a change set, by logical id."""
    return {change.logical_id: judge(change) for change in plan.changes}


def unapproved(verdicts: Mapping[str, Verdict], approved: Iterable[str]) -> dict[str, Verdict]:
    """Return the verdicts that require an approval and have none, by logical id."""
    return {logical_id: verdict for logical_id, verdict in verdicts.items()
            if verdict.grade >= Grade.DESTRUCTIVE and not verdict.final and logical_id not in set(approved)}


def check(verdicts: Mapping[str, Verdict], approved: Iterable[str]) -> None:
    """Raise Refused unless each change that is destructive or will fail can be approved and is, by its logical id."""
    if final := [f"{name}: {verdict.reason}" for name, verdict in verdicts.items() if verdict.final]:
        raise Refused("\n  - ".join(["this plan would cause harm:", *final]))
    blocking = unapproved(verdicts, approved)
    parts = [f"{grade}: {'; '.join(reasons)}" for grade in (Grade.WILL_FAIL, Grade.DESTRUCTIVE)
             if (reasons := [f"{logical_id}: {verdict.reason}" for logical_id, verdict in blocking.items()
                             if verdict.grade is grade])]
    if parts:
        raise Refused(f"{'. '.join(parts)}. To approve: --approve {','.join(blocking)}")
