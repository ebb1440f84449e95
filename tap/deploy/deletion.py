"""Plan a deletion: what is deleted, what stays, what blocks it, and what keeps costing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tap.deploy.aws import AwsClient, Call
from tap.deploy.deployed import Deployed
from tap.deploy.guard import STATEFUL
from tap.deploy.models import CallFailed, Environment, TapError
from tap.deploy.stacks import find_stack, pages
from tap.template.resolve import Reference

# The default DeletionPolicy of these types is Snapshot.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
_SNAPSHOT_BY_DEFAULT = ("AWS::RDS::DBCluster",)
# Properties that make the service refuse a deletion.
_PROTECTIONS = {"AWS::RDS::DBCluster": "DeletionProtection", "AWS::RDS::DBInstance": "DeletionProtection",
                "AWS::DynamoDB::Table": "DeletionProtectionEnabled", "AWS::EC2::Instance": "DisableApiTermination",
                "AWS::ElasticLoadBalancingV2::LoadBalancer": "deletion_protection.enabled"}
_COSTS = {"AWS::KMS::Key": "1 USD a month", "AWS::Logs::LogGroup": "by the GB of what it holds",
          "AWS::S3::Bucket": "by the GB of what it holds", "AWS::Backup::BackupVault": "by the GB of what it holds",
          "AWS::RDS::DBCluster": "by the GB of its snapshot",
          "AWS::DynamoDB::Table": "by the GB of what it holds", "AWS::RDS::DBInstance": "by the GB of its snapshot"}


@dataclass(frozen=True)
class Deletion:
    """What happens to each resource, by logical id, and what to know before deleting."""

    stack_id: str
    protected: bool
    lost: tuple[str, ...] = ()  # with data
    goes: tuple[str, ...] = ()
    snapshot: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    costs: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def plan_deletion(aws: AwsClient, env: Environment) -> Deletion | None:
    """Return what deleting the environment's stack does, None if the stack does not exist. Changes nothing."""
    call = aws.call
    stack = find_stack(call, env.stack_name)
    if stack is None:
        return None
    deployed = Deployed(stack)
    stack_id = deployed.stack_id
    entries, warnings = _entries(call, env, deployed)
    there = {resource["LogicalResourceId"]: resource for resource in
             pages(call, "list_stack_resources", "StackResourceSummaries", StackName=stack_id)
             if resource["ResourceStatus"] != "DELETE_COMPLETE"}
    policies = {name: _policy(entries.get(name, {})) for name in there}
    emptied = _emptied(entries) & set(there)
    blocks = [f"output {output['OutputKey']} is imported by {importers}" for output in stack.get("Outputs", ())
              if "ExportName" in output and (importers := _importers(call, output["ExportName"]))]
    for name, resource in there.items():
        if policies[name] in ("Retain", "RetainExceptOnCreate"):
            continue
        if flag := _protection(entries.get(name, {})):
            blocks.append(f"{name} has {flag}: turn it off with a deployment first")
        if resource["ResourceType"] == "AWS::S3::Bucket" and name not in emptied and _holds_objects(
                aws.service("s3"), resource.get("PhysicalResourceId", "")):
            blocks.append(f"{name} is not empty")
    kept = tuple(name for name, policy in policies.items() if policy in ("Retain", "RetainExceptOnCreate"))
    snapshot = tuple(name for name, policy in policies.items() if policy == "Snapshot")
    goes = [name for name in there if name not in kept and name not in snapshot]
    # Instances of a cluster hold no data of their own.
    lost = tuple(name for name in goes if there[name]["ResourceType"] in STATEFUL
                 and "DBClusterIdentifier" not in entries.get(name, {}).get("Properties", {}))
    costs = [f"{name}: {cost}" for name in (*kept, *snapshot)
             if (cost := _COSTS.get(there[name]["ResourceType"]))]
    return Deletion(
        stack_id, deployed.is_protected,
        lost, tuple(name for name in goes if name not in lost), snapshot, kept,
        tuple(sorted(emptied)), tuple(blocks), tuple(costs), warnings)


def _entries(call: Call, env: Environment, deployed: Deployed) -> tuple[
        Mapping[str, Mapping[str, Any]], tuple[str, ...]]:
    """Return the deployed template's resources; nothing, and a warning, if the template does not resolve."""
    try:
        return deployed.resolved(call, env, "Processed").resources, ()
    except (TapError, ValueError) as error:
        return {}, (env.masked(f"the deployed template cannot be read ({error}): whether it keeps or protects a "
                               "resource is not known, and this list is CloudFormation's"),)


def _protection(entry: Mapping[str, Any]) -> str:
    """Return the property, or load balancer attribute, that makes the service refuse a deletion; empty if none."""
    properties = entry.get("Properties", {})
    attributes = {attribute["Key"]: attribute["Value"] for attribute in properties.get("LoadBalancerAttributes", ())}
    flag = _PROTECTIONS.get(entry.get("Type", ""), "")
    return flag if str({**attributes, **properties}.get(flag, "")).lower() == "true" else ""


def _policy(entry: Mapping[str, Any]) -> str:
    kind = entry.get("Type")
    alone = kind == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in entry.get("Properties", {})
    return str(entry.get("DeletionPolicy", "Snapshot" if kind in _SNAPSHOT_BY_DEFAULT or alone else "Delete"))


def _emptied(entries: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Return the buckets that custom resources refer to: these empty them when they are deleted."""
    buckets = set()
    for entry in entries.values():
        if entry["Type"] == "AWS::CloudFormation::CustomResource" or entry["Type"].startswith("Custom::"):
            buckets |= {value.logical_id for value in entry.get("Properties", {}).values()
                        if isinstance(value, Reference) and entries.get(value.logical_id, {}).get(
                          "Type") == "AWS::S3::Bucket"}
    return buckets


def _importers(call: Call, export: str) -> str:
    try:
        return ", ".join(call("list_imports", ExportName=export)["Imports"])
    except CallFailed:  # so it answers where nobody imports it
        return ""


def _holds_objects(s3: Call, bucket: str) -> bool:
    try:
        versions = s3("list_object_versions", Bucket=bucket, MaxKeys=1)
    except CallFailed:
        return False
    return bool(versions.get("Versions") or versions.get("DeleteMarkers"))
