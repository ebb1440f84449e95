"""Asks the services' own APIs for what protects the stack: keys, firewall, logs, backups, what rolls back.

What an environment has switched off is expected to be absent: "none".
"""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from tap.rehearsal import checks
from tap.rehearsal import safeguard_checks as told
from tap.rehearsal.checks import Check, named
from tap.rehearsal.deployed import Stack
from tap.rehearsal.emulator import Clients

MANAGED_RULES = "AmazonIpReputationList, CommonRuleSet, KnownBadInputsRuleSet, SQLiRuleSet"


def keys(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Yield which keys there are and rotate, and what is under each of them."""
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
    """Yield what is encrypted at rest, with the ARN of its key; None where it is AWS's own."""
    cluster, = aws("rds").describe_db_clusters(DBClusterIdentifier=stack.id("DatabaseCluster"))["DBClusters"]
    yield "database", cluster.get("KmsKeyId")
    yield "its password", aws("secretsmanager").describe_secret(
        SecretId=cluster["MasterUserSecret"]["SecretArn"]).get("KmsKeyId")
    table = aws("dynamodb").describe_table(TableName=stack.id("SessionsTable"))["Table"]
    yield "table", table.get("SSEDescription", {}).get("KMSMasterKeyArn")
    rule, = aws("s3").get_bucket_encryption(
        Bucket=stack.id("AssetsBucket"))["ServerSideEncryptionConfiguration"]["Rules"]
    yield "assets", rule["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID")
    yield "variables", aws("lambda").get_function_configuration(
        FunctionName=stack.id("ValidationFunction")).get("KMSKeyArn")
    yield "failed events", _queue(aws, stack.id("ValidationFailures")).get("KmsMasterKeyId")
    yield "alerts", _topic(aws, stack).get("KmsMasterKeyId")
    names = [physical_id for name, physical_id in stack.ids.items() if name.endswith("LogGroup")]
    groups = [group for group in aws("logs").describe_log_groups()["logGroups"] if group["logGroupName"] in names]
    of_groups = {group.get("kmsKeyId") for group in groups}
    yield "log groups", of_groups.pop() if len(of_groups) == 1 else "several"
    if "BackupVault" in stack.ids:
        yield "backups", aws("backup").describe_backup_vault(
            BackupVaultName=stack.id("BackupVault")).get("EncryptionKeyArn")


def _topic(aws: Clients, stack: Stack) -> dict[str, Any]:
    return dict(aws("sns").get_topic_attributes(TopicArn=stack.id("AlertsTopic"))["Attributes"])


def _queue(aws: Clients, url: str) -> dict[str, Any]:
    return dict(aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])


def protection(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Yield what refuses to be deleted."""
    yield Check("Protected from deletion", "database, load balancer, table" if stack.is_on("DeletionProtection")
                else "none", named(protected(aws, stack)))


def protected(aws: Clients, stack: Stack) -> list[str]:
    """Return what has its deletion protection on."""
    cluster, = aws("rds").describe_db_clusters(DBClusterIdentifier=stack.id("DatabaseCluster"))["DBClusters"]
    table = aws("dynamodb").describe_table(TableName=stack.id("SessionsTable"))["Table"]
    has = {"database": cluster["DeletionProtection"], "table": table["DeletionProtectionEnabled"],
           "load balancer": _balancer(aws, stack).get("deletion_protection.enabled") == "true"}
    return [name for name, is_on in has.items() if is_on]


def lift_protection(aws: Clients, stack: Stack) -> None:
    """Switch deletion protection off by each service's own API: the template's rule does not let prod do it."""
    aws("rds").modify_db_cluster(
        DBClusterIdentifier=stack.id("DatabaseCluster"), DeletionProtection=False, ApplyImmediately=True)
    aws("dynamodb").update_table(TableName=stack.id("SessionsTable"), DeletionProtectionEnabled=False)
    aws("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=stack.id("LoadBalancer"),
        Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}])


def _balancer(aws: Clients, stack: Stack) -> dict[str, str]:
    found = aws("elbv2").describe_load_balancer_attributes(LoadBalancerArn=stack.id("LoadBalancer"))["Attributes"]
    return {each["Key"]: each["Value"] for each in found}


def edge(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Yield what stands before the load balancer, and what the VPC's flow logs keep."""
    is_on, limit = stack.is_on("Firewall"), stack.parameter("FirewallRateLimit")
    yield Check("Firewall", f"blocks {MANAGED_RULES}; the rate limit" if is_on else "none",
                told.firewall(_acl(aws, stack), limit))
    if is_on or "WebAclLogging" in stack.ids:
        # The emulator's WAF has no logging to ask for.
        yield Check("Firewall's log", "recorded" if is_on else "none",
                    "recorded" if "WebAclLogging" in stack.ids else "none", is_stand_in=True)
    found = aws("ec2").describe_flow_logs(
        Filters=[{"Name": "resource-id", "Values": [stack.id("Vpc")]}])["FlowLogs"]
    yield Check("Flow logs", "ACTIVE, ALL to its log group" if stack.is_on("FlowLogs") else "none",
                told.flow_logs(found, stack.ids.get("FlowLogGroup", "")))


def _acl(aws: Clients, stack: Stack) -> dict[str, Any] | None:
    try:
        answer = aws("wafv2").get_web_acl_for_resource(ResourceArn=stack.id("LoadBalancer"))
    except ClientError as error:  # so MiniStack answers where AWS leaves the ACL out
        if error.response["Error"]["Code"] != "WAFNonexistentItemException":
            raise
        return None
    return dict(answer["WebACL"]) if "WebACL" in answer else None


def access_logs(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Yield who sends access logs to the bucket, what the bucket is like, and who may write to it."""
    is_on = stack.is_on("AccessLogs")
    s3, bucket = aws("s3"), stack.ids.get("LogsBucket")
    balancer = _balancer(aws, stack)
    of_cdn = aws("cloudfront").get_distribution(
        Id=stack.id("Distribution"))["Distribution"]["DistributionConfig"].get("Logging", {})
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
    """Yield what AWS Backup copies."""
    if "BackupPlan" not in stack.ids and "BackupVault" not in stack.ids:
        yield Check("Backups", "database, table" if stack.is_on("Backups") else "none", "none")
        return
    client, plan_id = aws("backup"), stack.id("BackupPlan")
    cluster, = aws("rds").describe_db_clusters(DBClusterIdentifier=stack.id("DatabaseCluster"))["DBClusters"]
    table = aws("dynamodb").describe_table(TableName=stack.id("SessionsTable"))["Table"]
    selection = client.get_backup_selection(BackupPlanId=plan_id, SelectionId=stack.id("BackupSelection"))
    days = stack.parameter("BackupRetentionDays")
    yield Check(
        "Backups", f"database, table: into the vault, kept {days} days" if stack.is_on("Backups") else "none",
        told.backups(client.get_backup_plan(BackupPlanId=plan_id)["BackupPlan"], selection["BackupSelection"],
                     stack.id("BackupVault"), {cluster["DBClusterArn"]: "database", table["TableArn"]: "table"}))


def alerts(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Yield who may tell the topic and fill the queues, which rules do, and what the budget tells."""
    yield told.admitted("Who publishes alerts", "budgets, cloudwatch, events", _topic(aws, stack)["Policy"])
    fallback = _queue(aws, stack.id("AlertsFallbackQueue"))
    yield told.admitted("Who fills the fallback", "events, sns", fallback["Policy"])
    yield told.admitted("Who sends failed events", "none", _queue(aws, stack.id("ValidationFailures"))["Policy"])
    events = aws("events")
    aims = [(stack.id("AlertsTopic"), fallback["QueueArn"])]
    rules = ("DatabaseEventRule", "DeploymentFailedRule")
    yield Check("Rules that tell the topic", named(rules), named(
        name for name in rules if [
            (target["Arn"], target.get("DeadLetterConfig", {}).get("Arn"))
            for target in events.list_targets_by_rule(Rule=stack.id(name))["Targets"]] == aims))
    yield Check("Budget", f"{stack.parameter('MonthlyBudget')} USD, to the topic at ACTUAL 80, FORECASTED 100"
                if stack.parameter("MonthlyBudget") != "0" else "none", _budget(aws, stack))


def _budget(aws: Clients, stack: Stack) -> str:
    account = {"AccountId": aws("sts").get_caller_identity()["Account"]}
    client, told_of = aws("budgets"), []
    budgets = client.describe_budgets(**account).get("Budgets", [])
    for budget in budgets:
        of = {**account, "BudgetName": budget["BudgetName"]}
        for found in client.describe_notifications_for_budget(**of)["Notifications"]:
            subscribers = client.describe_subscribers_for_notification(**of, Notification=found)["Subscribers"]
            if [each["Address"] for each in subscribers] == [stack.id("AlertsTopic")]:
                told_of.append(f"{found['NotificationType']} {found['Threshold']:g}")
    return named(f"{budget['BudgetLimit']['Amount']} {budget['BudgetLimit']['Unit']}, to the topic at "
                 f"{named(told_of)}" for budget in budgets)


def deployments(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Yield how a new version takes over, and what rolls it and an update of the stack back."""
    service, = aws("ecs").describe_services(
        cluster=stack.id("Cluster"), services=[stack.id("Service")])["services"]
    health = ("LatencyAlarm", "LoadBalancer5xxAlarm", "Target5xxAlarm")
    names = {stack.id(name): name for name in health}
    yield told.deployment(stack.parameter("DeploymentStrategy"), service["deploymentConfiguration"], names)
    is_shifted = stack.parameter("DeploymentStrategy") != "ROLLING"
    found = service["loadBalancers"][0].get("advancedConfiguration", {})
    logical = {physical_id: name for name, physical_id in stack.ids.items()}
    yield Check("Traffic is shifted by", "AlternateTargetGroup, ProductionRule, TestRule" if is_shifted else "none",
                named(logical.get(found.get(key, ""), "something else") for key in (
                    "alternateTargetGroupArn", "productionListenerRule", "testListenerRule") if found))
    listener = stack.ids.get("HttpsListener", stack.id("HttpListener"))
    yield Check("Listener's rules", "X-Test-Traffic: true to the service; /* to the service" if is_shifted else "none",
                told.rules(aws("elbv2").describe_rules(ListenerArn=listener)["Rules"], stack.id("TargetGroup")))
    composite, = aws("cloudwatch").describe_alarms(
        AlarmNames=[stack.id("ServiceHealthAlarm")], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    yield Check("Service health is over", named(health), named(
        names.get(part, part) for part in told.parts(composite["AlarmRule"])))
    yield Check("Output that rolls back", composite["AlarmName"], stack.outputs.get("ServiceHealthAlarm", "none"))


def live_version(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Yield which version of the function is live, and where the events go that it fails at."""
    function = {"FunctionName": stack.id("ValidationFunction")}
    version = stack.id("ValidationVersion").split(":")[-1]
    alias = aws("lambda").get_alias(**function, Name="live")
    yield Check("Validation's live version", version, alias["FunctionVersion"])
    config = aws("lambda").get_function_event_invoke_config(**function, Qualifier="live")
    queue = _queue(aws, stack.id("ValidationFailures"))["QueueArn"]
    aim = config["DestinationConfig"]["OnFailure"]["Destination"]
    yield Check("Events it fails at go to", "ValidationFailures", "ValidationFailures" if aim == queue else aim)
