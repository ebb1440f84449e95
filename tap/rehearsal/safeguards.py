"""Check security through the services' own APIs: keys, policies, TLS, firewall, logs, backups.

What an environment has switched off is expected to be absent: "none".
"""

from collections.abc import Collection, Iterator
from typing import Any

from botocore.exceptions import ClientError

from tap.rehearsal import ask, checks
from tap.rehearsal import safeguard_checks as told
from tap.rehearsal.checks import Check, named
from tap.rehearsal.deployed import Stack
from tap.rehearsal.emulator import Clients

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
MANAGED_RULES = "AmazonIpReputationList, CommonRuleSet, KnownBadInputsRuleSet, SQLiRuleSet"


def keys(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check the keys, their rotation, and what each of them encrypts."""
    kms = aws("kms")
    ids = {name: stack.id(name) for name in ("DatabaseKey", "DataKey", "OperationsKey") if name in stack.ids}
    own = stack.is_on("CustomerKeys")
    yield Check("Keys that rotate", named(["DatabaseKey", *(["DataKey", "OperationsKey"] if own else [])]), named(
        name for name, key in ids.items() if kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]))
    data, operations = ("DataKey", "OperationsKey") if own else (told.AWS_OWN, told.AWS_OWN)
    expected = {
        "database": "DatabaseKey", "its password": "DatabaseKey", "table": data, "assets": data, "variables": data,
        "failed events": data, "alerts": operations, "log groups": operations}
    if stack.is_on("Backups"):
        expected["backups"] = "DatabaseKey"
    arns = {name: kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] for name, key in ids.items()}
    yield from told.encryption(expected, arns, dict(_under(aws, stack)))


def _under(aws: Clients, stack: Stack) -> Iterator[tuple[str, str | None]]:
    """Yield everything that is encrypted at rest, with the ARN of its key; None for AWS owned keys."""
    cluster = ask.cluster(aws, stack)
    yield "database", cluster.get("KmsKeyId")
    yield "its password", aws("secretsmanager").describe_secret(
        SecretId=cluster["MasterUserSecret"]["SecretArn"]).get("KmsKeyId")
    table = ask.table(aws, stack)
    yield "table", table.get("SSEDescription", {}).get("KMSMasterKeyArn")
    rule, = aws("s3").get_bucket_encryption(
        Bucket=stack.id("AssetsBucket"))["ServerSideEncryptionConfiguration"]["Rules"]
    yield "assets", rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID")
    yield "variables", aws("lambda").get_function_configuration(
        FunctionName=stack.id("ValidationFunction")).get("KMSKeyArn")
    yield "failed events", ask.queue(aws, stack.id("ValidationFailures")).get("KmsMasterKeyId")
    yield "alerts", ask.topic(aws, stack).get("KmsMasterKeyId")
    names = [physical_id for name, physical_id in stack.ids.items() if name.endswith("LogGroup")]
    groups = [group for group in ask.every(aws("logs"), "describe_log_groups", "logGroups")
              if group["logGroupName"] in names]
    of_groups = {group.get("kmsKeyId") for group in groups}
    yield "log groups", of_groups.pop() if len(of_groups) == 1 else "several"
    if "BackupVault" in stack.ids:
        yield "backups", aws("backup").describe_backup_vault(
            BackupVaultName=stack.id("BackupVault")).get("EncryptionKeyArn")


def protection(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check which resources have deletion protection."""
    yield Check("Protected from deletion", "database, load balancer, table" if stack.is_on("DeletionProtection")
                else "none", named(protected(aws, stack)))


def protected(aws: Clients, stack: Stack) -> list[str]:
    """Return the names of resources with deletion protection."""
    cluster = ask.cluster(aws, stack)
    table = ask.table(aws, stack)
    has = {"database": cluster["DeletionProtection"], "table": table["DeletionProtectionEnabled"],
           "load balancer": ask.balancer_attributes(aws, stack).get("deletion_protection.enabled") == "true"}
    return [name for name, is_on in has.items() if is_on]


def lift_protection(aws: Clients, stack: Stack, names: Collection[str]) -> None:
    """Disable deletion protection through the services' own APIs: the template's rule forbids it in prod."""
    if "database" in names:
        aws("rds").modify_db_cluster(
            DBClusterIdentifier=stack.id("DatabaseCluster"), DeletionProtection=False, ApplyImmediately=True)
    if "table" in names:
        aws("dynamodb").update_table(TableName=stack.id("SessionsTable"), DeletionProtectionEnabled=False)
    if "load balancer" in names:
        aws("elbv2").modify_load_balancer_attributes(
            LoadBalancerArn=stack.id("LoadBalancer"),
            Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}])


def transport(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check where plain text is accepted: by the load balancer, CloudFront and the database."""
    listeners = aws("elbv2").describe_listeners(LoadBalancerArn=stack.id("LoadBalancer"))["Listeners"]
    yield Check("TLS of the load balancer", TLS_POLICY if stack.has_certificate() else "none", named(
        listener["SslPolicy"] for listener in listeners if listener["Protocol"] == "HTTPS"))
    yield Check("CloudFront serves", "index.html, redirect-to-https, security headers",
                told.serves(ask.distribution(aws, stack)["DistributionConfig"]))
    forced = []
    if group := ask.cluster(aws, stack).get("DBClusterParameterGroup"):
        pages = aws("rds").get_paginator("describe_db_cluster_parameters").paginate(DBClusterParameterGroupName=group)
        forced = [parameter["ParameterValue"] for page in pages for parameter in page["Parameters"]
                  if parameter["ParameterName"] == "rds.force_ssl"]
    yield Check("rds.force_ssl", "1", named(forced))


def records(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check the records in the hosted zone; skip a stack without a zone."""
    if not (zone := stack.parameter("HostedZoneId")):
        return
    name, cdn_name = stack.parameter("DomainName"), stack.parameter("CdnDomainName")
    expected = [f"{name} A to the load balancer"] if name else []
    expected += [f"{cdn_name} {kind} to CloudFront" for kind in ("A", "AAAA") if cdn_name]
    # Route 53 returns lower case. Other records of the zone do not belong to the stack.
    # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html
    aims = {ask.balancer(aws, stack)["DNSName"].lower(): "the load balancer",
            ask.distribution(aws, stack)["DomainName"].lower(): "CloudFront"}
    pages = aws("route53").get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
    yield Check("Names in the zone", named(expected), named(
        f"{record['Name'].rstrip('.')} {record['Type']} to "
        f"{aims.get(record['AliasTarget']['DNSName'].rstrip('.').lower(), 'something else')}"
        for page in pages for record in page["ResourceRecordSets"]
        if "AliasTarget" in record and record["Name"].rstrip(".") in (name.lower(), cdn_name.lower())))


def containers(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check the container's restrictions, and access to the database."""
    definition, cluster = ask.task_definition(aws, stack), ask.cluster(aws, stack)
    yield Check(
        "Container's confinement", f"user {stack.parameter('ContainerUser')}, not privileged, read-only but /tmp, "
        "capabilities dropped: ALL", told.confined(definition))
    yield Check("Container's secrets", "DB_PASSWORD, DB_USERNAME",
                told.secrets(definition, cluster["MasterUserSecret"]["SecretArn"]))
    yield Check("Database sign-in by IAM", "on", "on" if cluster["IAMDatabaseAuthenticationEnabled"] else "off")


def roles(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check that every role has the permissions boundary and only customer managed policies."""
    boundary = stack.parameter("PermissionsBoundary")
    account = aws("sts").get_caller_identity()["Account"]
    expected = f"arn:aws:iam::{account}:policy/{boundary}" if boundary else "none"
    iam, bounds, others = aws("iam"), set(), set()
    for title, name in stack.ids.items():
        if title.endswith("Role"):
            bounds.add(iam.get_role(RoleName=name)["Role"].get(
                "PermissionsBoundary", {}).get("PermissionsBoundaryArn", "none"))
            attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
            own = [stack.ids.get(title.removesuffix("Role") + "Policy")]
            if iam.list_role_policies(RoleName=name)["PolicyNames"] or [
                    policy["PolicyArn"] for policy in attached] != own:
                others.add(title)
    yield Check("Roles' boundary", expected, named(bounds))
    yield Check("Roles with other policies", "none", named(others))


def edge(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check what protects the load balancer, and the VPC's flow logs."""
    is_on, limit = stack.is_on("Firewall"), stack.parameter("FirewallRateLimit")
    yield Check("Firewall", f"blocks {MANAGED_RULES}; the rate limit" if is_on else "none",
                told.firewall(acl(aws, stack), limit))
    logs = aws("ec2").describe_flow_logs(
        Filter=[{"Name": "resource-id", "Values": [stack.parameter("VpcId") or stack.id("Vpc")]}])["FlowLogs"]
    yield Check("Flow logs", "ACTIVE, ALL to its log group" if stack.is_on("FlowLogs") else "none",
                told.flow_logs(logs, stack.ids.get("FlowLogGroup", "")))


def firewall_log(_aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check that the firewall has a log; the emulator's WAF only records the configuration."""
    is_on = stack.is_on("Firewall")
    if is_on or "WebAclLogging" in stack.ids:
        yield Check("Firewall's log", "recorded" if is_on else "none",
                    "recorded" if "WebAclLogging" in stack.ids else "none", is_stand_in=True)


def acl(aws: Clients, stack: Stack) -> dict[str, Any] | None:
    """Return the load balancer's web ACL, or None."""
    try:
        answer = aws("wafv2").get_web_acl_for_resource(ResourceArn=stack.id("LoadBalancer"))
    except ClientError as error:  # MiniStack's response where AWS omits the ACL
        if error.response["Error"]["Code"] != "WAFNonexistentItemException":
            raise
        return None
    return dict(answer["WebACL"]) if "WebACL" in answer else None


def access_logs(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check which services send access logs to the bucket, its settings, and who may write to it."""
    is_on = stack.is_on("AccessLogs")
    s3, bucket = aws("s3"), stack.ids.get("LogsBucket")
    balancer = ask.balancer_attributes(aws, stack)
    of_cdn = ask.distribution(aws, stack)["DistributionConfig"].get("Logging", {})
    of_assets = s3.get_bucket_logging(Bucket=stack.id("AssetsBucket")).get("LoggingEnabled", {})
    targets = {
        "load balancer": balancer.get("access_logs.s3.bucket") if balancer.get(
            "access_logs.s3.enabled") == "true" else None,
        "CloudFront": of_cdn.get("Bucket", "").split(".")[0] if of_cdn.get("Enabled") else None,
        "assets": of_assets.get("TargetBucket")}
    yield Check("Access logs of", "CloudFront, assets, load balancer" if is_on else "none", named(
        f"{name}" if target == bucket else f"{name} (to another bucket)"
        for name, target in targets.items() if target))
    if bucket:
        of = {"Bucket": bucket}
        yield checks.bucket(s3.get_bucket_versioning(**of), s3.get_bucket_encryption(**of),
                            s3.get_public_access_block(**of), name="Logs bucket")
        yield told.admitted("Who writes to it", "logdelivery.elasticloadbalancing, logging.s3",
                            s3.get_bucket_policy(**of)["Policy"])


def backups(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Check what AWS Backup copies."""
    if "BackupPlan" not in stack.ids and "BackupVault" not in stack.ids:
        yield Check("Backups", "database, table" if stack.is_on("Backups") else "none", "none")
        return
    client, plan_id = aws("backup"), stack.id("BackupPlan")
    cluster = ask.cluster(aws, stack)
    table = ask.table(aws, stack)
    selection_id, = (selection["SelectionId"] for selection in ask.every(
        client, "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan_id))
    selection = client.get_backup_selection(BackupPlanId=plan_id, SelectionId=selection_id)
    days = stack.parameter("BackupRetentionDays")
    yield Check(
        "Backups", f"database, table: into the vault, kept {days} days" if stack.is_on("Backups") else "none",
        told.backups(client.get_backup_plan(BackupPlanId=plan_id)["BackupPlan"], selection["BackupSelection"],
                     stack.id("BackupVault"), {cluster["DBClusterArn"]: "database", table["TableArn"]: "table"}))
