"""Cautions: consequences of an update that its list of changes does not show, one line each."""

from collections.abc import Iterator, Mapping
from typing import Any

from tap.deploy.guard import holds_data
from tap.deploy.inspection import EXPECTED_DRIFT
from tap.deploy.models import Change, ChangeSet
from tap.deploy.replacements import Update, value_at

_ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
_ROLLING = ("ROLLING", None)
# The consequence of removing or replacing a resource, by type.
_REMOVED: Mapping[str, str] = {
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backups.html
    "AWS::Backup::BackupPlan": "backups stop; recovery points stay until their retention ends",
    # https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html
    "AWS::KMS::Key": "what it encrypted can be read only for as long as the key exists",
    "AWS::Route53::RecordSet": "its name no longer resolves once resolvers have forgotten it",
}
_REPLACED: Mapping[str, str] = {
    # https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html
    "AWS::SNS::Subscription": "the new address gets nothing before its owner confirms, and the old one nothing more",
    # https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    "AWS::CertificateManager::Certificate": "the update waits until the new certificate's domain is validated",
    "AWS::Route53::RecordSet": "resolvers keep the old answer until its time to live ends",
}
# What an in-place change of a property does not change.
_IN_PLACE: Mapping[tuple[str, str], str] = {
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html
    ("AWS::S3::Bucket", "BucketEncryption"): "objects that exist keep the encryption that they have",
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    ("AWS::Logs::LogGroup", "KmsKeyId"): "log events that exist keep the encryption that they have",
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.tutorial.html
    ("AWS::DynamoDB::Table", "SSESpecification"): "the table stays available while it is encrypted anew",
}


def cautions(change: Update, change_set: ChangeSet) -> Iterator[tuple[str, str]]:
    """Yield logical ids with the consequences of their changes."""
    for resource in change_set.changes:
        if resource.action == "Import":
            yield from _of_import(change, resource)
        elif resource.action == "Remove" and resource.resource_type in _REMOVED:
            yield resource.logical_id, _REMOVED[resource.resource_type]
        elif resource.action == "Modify":
            yield from ((resource.logical_id, line) for line in _of_modification(change, resource))


def _of_import(change: Update, resource: Change) -> Iterator[tuple[str, str]]:
    policy = change.after.resources.get(resource.logical_id, {}).get("DeletionPolicy", "Delete")
    if policy == "Delete" and holds_data(resource.resource_type):
        yield resource.logical_id, ("from then on it is deleted, with what it holds, once the template or the stack "
                                    "goes: DeletionPolicy is Delete")


def _of_modification(change: Update, resource: Change) -> Iterator[str]:
    name, kind = resource.logical_id, resource.resource_type
    if name in change.new:
        if kind in _REPLACED:
            yield _REPLACED[kind]
        return
    for title in sorted({detail.name for detail in resource.details if detail.name and detail.deployed is not None}):
        if (kind, title) in EXPECTED_DRIFT:
            yield f"{title} differs because {EXPECTED_DRIFT[kind, title]}: this sets it back"
    for title in sorted({detail.name for detail in resource.details if detail.name}):
        if (kind, title) in _IN_PLACE:
            yield _IN_PLACE[kind, title]
    if name in change.before.resources and name in change.after.resources:
        before, after = change.before.properties(name), change.after.properties(name)
        if kind == "AWS::ElasticLoadBalancingV2::ListenerRule" and _shares_traffic(after):
            # https://github.com/aws/aws-cdk/issues/36649
            yield ("Amazon ECS moves the weights of its target groups, and CloudFormation may set them back to the "
                   "template's, whatever of the rule changes, its tags included")
        if kind == "AWS::ECS::Service" and _begins_to_shift(before, after):
            # The guide asks for a deployment in between, update-rolling-to-bluegreen.html; that a service that was
            # prepared once may change its strategy in one update is what the acceptance test
            # TestAccECSService_BlueGreenDeployment_changeStrategy of hashicorp/terraform-provider-aws shows.
            yield ("the service has never been prepared to shift traffic: deploy it once with DeploymentStrategy "
                   f"ROLLING_PREPARED first ({_ECS}update-rolling-to-bluegreen.html)")


def _shares_traffic(properties: Mapping[str, Any]) -> bool:
    return any(len(value_at(action, "ForwardConfig/TargetGroups") or ()) > 1
               for action in properties.get("Actions", ()))


def _begins_to_shift(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    old, new = (value_at(side, "DeploymentConfiguration/Strategy") for side in (before, after))
    prepared = any("AdvancedConfiguration" in balancer for balancer in before.get("LoadBalancers", ()))
    return old in _ROLLING and new not in _ROLLING and not prepared
