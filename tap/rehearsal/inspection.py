"""Check a deployed stack through the services' own APIs instead of CloudFormation's."""

import json
import re
from collections.abc import Callable, Collection, Iterator
from functools import partial

from tap.rehearsal import ask, checks, existing_vpc, operations, safeguards
from tap.rehearsal.checks import Check
from tap.rehearsal.deployed import Stack
from tap.rehearsal.emulator import Clients

KINDS = {"Public": "internet gateway", "Private": "NAT gateway", "Isolated": "none"}
NAT_GATEWAYS = {"none": 0, "single": 1, "one-per-az": 3}
INTERFACES = "ecr.api, ecr.dkr, lambda, logs, secretsmanager"
# Alarms on a single metric. All others use expressions, whose metrics the emulator does not keep.
OF_ONE_METRIC = re.compile(
    "(High(Cpu|Memory)|UndeliveredAlerts|(Work|Job)Failures|ValidationFailure|(Cdn)?CertificateExpiry|Database.+|"
    "ServiceHealth)Alarm")
DATABASE_PORT = 5432


def look(aws: Clients, stack: Stack) -> Iterator[Check]:
    """Yield the checks of every tier of a stack in the emulator."""
    for name, tier in (TIERS | EMULATED).items():
        yield from attempt(name, partial(tier, aws, stack))


def attempt(name: str, tier: Callable[[], Iterator[Check]]) -> Iterator[Check]:
    """Yield a tier's checks; an error becomes a failed check."""
    try:
        yield from tier()
    except Exception as error:
        yield checks.trouble(name, error)


def _network(aws: Clients, stack: Stack) -> Iterator[Check]:
    yield from (existing_vpc.look if stack.parameter("VpcId") else _own_network)(aws, stack)


def _own_network(aws: Clients, stack: Stack) -> Iterator[Check]:
    ec2, vpc_id = aws("ec2"), stack.id("Vpc")
    in_vpc = [{"Name": "vpc-id", "Values": [vpc_id]}]
    vpc, = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
    yield checks.subnets(vpc, ec2.describe_subnets(Filters=in_vpc)["Subnets"], stack.parameter("VpcCidr"))
    nat = NAT_GATEWAYS[stack.parameter("NatGateways")]
    for kind, gateway in KINDS.items():
        tables = [
            ec2.describe_route_tables(
                Filters=[{"Name": "association.subnet-id", "Values": [stack.id(f"{kind}Subnet{zone}")]}],
            )["RouteTables"] for zone in (1, 2, 3)]
        yield checks.ways_out(kind, "none" if kind == "Private" and not nat else gateway, tables)
    gateways = ec2.describe_nat_gateways(Filters=in_vpc)["NatGateways"]
    available = [gateway for gateway in gateways if gateway["State"] == "available"]
    yield Check("NAT gateways", str(nat), str(len(available)))
    endpoints = ec2.describe_vpc_endpoints(Filters=in_vpc)["VpcEndpoints"]
    interfaces = INTERFACES + (", sqs" if stack.is_on("WorkerQueue") else "")
    for kind, expected in (("Gateway", "dynamodb, s3"),
                           ("Interface", interfaces if stack.is_on("InterfaceEndpoints") else "none")):
        yield Check(f"{kind} endpoints", expected, checks.named(
            endpoint["ServiceName"].split(".", 3)[-1] for endpoint in endpoints
            if endpoint["VpcEndpointType"] == kind))


def _load_balancer(aws: Clients, stack: Stack) -> Iterator[Check]:
    balancer = ask.balancer(aws, stack)
    yield Check("Load balancer", "active, internet-facing",
                f"{balancer['State']['Code']}, {balancer['Scheme']}")
    yield from checks.listeners(
        aws("elbv2").describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"],
        stack.id("TargetGroup"),
        https=stack.has_certificate())


def _service(aws: Clients, stack: Stack) -> Iterator[Check]:
    description = ask.service(aws, stack)
    yield from checks.service(
        description, stack.id("TargetGroup"), existing_vpc.subnet_ids(stack, "Private"))
    yield from checks.container(ask.task_definition(aws, stack), stack.parameter("ContainerImage"), {
        "DB_HOST": ask.cluster(aws, stack)["Endpoint"],
        "DYNAMODB_TABLE": stack.id("SessionsTable"),
        "S3_BUCKET": stack.id("AssetsBucket"),
        "VALIDATION_FUNCTION": stack.id("ValidationAlias")})


def _scaling(_aws: Clients, stack: Stack) -> Iterator[Check]:
    # The emulator has no Application Auto Scaling, which also holds the schedule.
    yield Check("Scaling of the service", "recorded",
                "recorded" if "ServiceScaling" in stack.ids else "not recorded", is_stand_in=True)


def _paths(aws: Clients, stack: Stack) -> Iterator[Check]:
    balancer = ask.balancer(aws, stack)
    service = ask.service(aws, stack)
    ids = [
        balancer["SecurityGroups"][0],
        service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"][0],
        ask.cluster(aws, stack)["VpcSecurityGroups"][0]["VpcSecurityGroupId"]]
    groups = {group["GroupId"]: group
              for group in aws("ec2").describe_security_groups(GroupIds=ids)["SecurityGroups"]}
    of_balancer, of_service, of_database = (groups[group_id] for group_id in ids)
    yield checks.path("Load balancer to service", of_balancer, of_service,
                      int(stack.parameter("ContainerPort")))
    yield checks.path("Service to database", of_service, of_database, DATABASE_PORT)


def _database(aws: Clients, stack: Stack) -> Iterator[Check]:
    cluster = ask.cluster(aws, stack)
    instances = [
        aws("rds").describe_db_instances(DBInstanceIdentifier=member["DBInstanceIdentifier"])["DBInstances"][0]
        for member in cluster["DBClusterMembers"]]
    yield from checks.database(
        cluster, instances, readers=int(stack.is_on("DatabaseReaderInstance")),
        instance_class=stack.parameter("DatabaseInstanceClass"))


def _secret(aws: Clients, stack: Stack) -> Iterator[Check]:
    cluster = ask.cluster(aws, stack)
    secret = json.loads(aws("secretsmanager").get_secret_value(
        SecretId=cluster["MasterUserSecret"]["SecretArn"])["SecretString"])
    yield Check("Database secret", "password, username", checks.named(secret))


def _sessions(aws: Clients, stack: Stack) -> Iterator[Check]:
    dynamodb, table = aws("dynamodb"), {"TableName": stack.id("SessionsTable")}
    yield checks.table(
        ask.table(aws, stack),
        dynamodb.describe_time_to_live(**table)["TimeToLiveDescription"],
        dynamodb.describe_continuous_backups(**table)["ContinuousBackupsDescription"])


def _assets(aws: Clients, stack: Stack) -> Iterator[Check]:
    s3, bucket = aws("s3"), {"Bucket": stack.id("AssetsBucket")}
    yield checks.bucket(s3.get_bucket_versioning(**bucket), s3.get_bucket_encryption(**bucket),
                        s3.get_public_access_block(**bucket),
                        algorithm="aws:kms" if stack.is_on("CustomerKeys") else "AES256")
    yield from checks.distribution(
        ask.distribution(aws, stack), stack.id("AssetsBucket"), s3.get_bucket_policy(**bucket)["Policy"])


def _validation(aws: Clients, stack: Stack) -> Iterator[Check]:
    reserved = aws("lambda").get_function_concurrency(FunctionName=stack.id("ValidationFunction"))
    yield Check("Validation's concurrency", stack.parameter("ValidationReservedConcurrency"),
                str(reserved.get("ReservedConcurrentExecutions", 0)))


def _transactions(aws: Clients, stack: Stack) -> Iterator[Check]:
    good = {"transaction_id": "t-1", "amount": "12.50", "account_id": "acc-1", "type": "debit"}
    without_amount = {name: value for name, value in good.items() if name != "amount"}
    accepted = {"valid": True, "transaction_id": "t-1", "code": "accepted"}
    for name, event, status, body in (
        ("Good transaction", good, 200, accepted),
        ("... again", good, 200, {**accepted, "duplicate": True}),
        ("... with other content", good | {"amount": "13"}, 409,
         {"reason": "Transaction id was used with other content"}),
        ("Transaction of abc", good | {"amount": "abc"}, 400, {"reason": "Invalid amount format"}),
        ("... without amount", without_amount, 400, {"reason": "Missing required field: amount"}),
    ):
        answer = aws("lambda").invoke(
            FunctionName=stack.id("ValidationAlias"), Payload=json.dumps({"transaction": event}))["Payload"].read()
        yield checks.transaction(
            name, {"statusCode": status, "body": json.dumps(body)}, json.loads(answer))


def _monitoring(aws: Clients, stack: Stack) -> Iterator[Check]:
    cloudwatch = aws("cloudwatch")
    # The certificate may be an existing one.
    region = cloudwatch.meta.region_name
    existing = _dimension_values(aws) | {
        "CertificateArn": {stack.parameter("CertificateArn"), stack.ids.get("Certificate", "")} - {""},
        # The firewall's metrics use the stack's name, which is also the dashboard's name.
        "Region": {"Global", region}, "Rule": {"ALL"}, "Role": {"WRITER"},
        "WebACL": {stack.id("Dashboard").removesuffix(f"-{region}")}}
    alarms = ask.every(
        cloudwatch, "describe_alarms", "MetricAlarms",
        AlarmNames=[physical_id for name, physical_id in stack.ids.items() if name.endswith(("Alarm", "Guard"))])
    # Deployment guards notify nobody; the alarm on undelivered alerts notifies a separate topic.
    telling = [alarm for alarm in alarms if alarm["AlarmName"] not in {
        stack.id("UndeliveredAlertsAlarm"), *(stack.id(name) for name in stack.ids if name.endswith("Guard"))}]
    yield Check("Alarms that notify the topic", f"{len(telling)} of {len(telling)}", "{} of {}".format(
        sum(stack.id("AlertsTopic") in alarm["AlarmActions"] for alarm in telling), len(telling)))
    yield checks.dimensions("Alarms' dimensions", checks.alarm_dimensions(alarms), existing)
    yield _expressions(stack, [alarm["AlarmName"] for alarm in alarms if "MetricName" not in alarm])
    body = cloudwatch.get_dashboard(DashboardName=stack.id("Dashboard"))["DashboardBody"]
    yield checks.dimensions("Dashboard's dimensions", checks.dashboard_dimensions(body), existing)
    subscriptions = ask.every(
        aws("sns"), "list_subscriptions_by_topic", "Subscriptions", TopicArn=stack.id("AlertsTopic"))
    yield Check("Alerts go to", stack.parameter("AlertEmail") or "none",
                checks.named(subscription["Endpoint"] for subscription in subscriptions))


def _expressions(stack: Stack, names: Collection[str]) -> Check:
    """Check the alarms on expressions, whose metrics the emulator does not keep."""
    wanted = [name for name in stack.ids if name.endswith(("Alarm", "Guard")) and not OF_ONE_METRIC.fullmatch(name)]
    seen = [name for name, physical_id in stack.ids.items() if physical_id in names]
    return Check("Alarms over expressions", checks.named(wanted), checks.named(seen), is_stand_in=bool(seen))


def _dimension_values(aws: Clients) -> dict[str, set[str]]:
    """Return the possible values of each CloudWatch dimension, from the services that publish the metrics."""
    ecs, elb, every = aws("ecs"), aws("elbv2"), ask.every
    clusters = [arn.split("/")[-1] for arn in every(ecs, "list_clusters", "clusterArns")]
    balancers = every(elb, "describe_load_balancers", "LoadBalancers")
    groups = every(elb, "describe_target_groups", "TargetGroups")
    distributions = [item for page in aws("cloudfront").get_paginator("list_distributions").paginate()
                     for item in page["DistributionList"].get("Items", [])]
    return {
        "ClusterName": set(clusters),
        "ServiceName": {arn.split("/")[-1] for cluster in clusters
                        for arn in every(ecs, "list_services", "serviceArns", cluster=cluster)},
        "LoadBalancer": {balancer["LoadBalancerArn"].split(":loadbalancer/")[1] for balancer in balancers},
        "TargetGroup": {group["TargetGroupArn"].split(":")[-1] for group in groups},
        "FunctionName": {function["FunctionName"] for function in every(aws("lambda"), "list_functions", "Functions")},
        "QueueName": {url.split("/")[-1] for url in every(aws("sqs"), "list_queues", "QueueUrls")},
        "TableName": set(every(aws("dynamodb"), "list_tables", "TableNames")),
        "DBClusterIdentifier": {
            cluster["DBClusterIdentifier"] for cluster in every(aws("rds"), "describe_db_clusters", "DBClusters")},
        "DBInstanceIdentifier": {
            instance["DBInstanceIdentifier"] for instance in every(aws("rds"), "describe_db_instances", "DBInstances")},
        "BucketName": {bucket["Name"] for bucket in aws("s3").list_buckets()["Buckets"]},
        "DistributionId": {distribution["Id"] for distribution in distributions},
    }


def _outputs(aws: Clients, stack: Stack) -> Iterator[Check]:
    values = {
        "CloudFrontURL": f"https://{ask.distribution(aws, stack)['DomainName']}",
        "DatabaseEndpoint": ask.cluster(aws, stack)["Endpoint"],
        "LoadBalancerDNS": ask.balancer(aws, stack)["DNSName"],
        "SessionsTableName": stack.id("SessionsTable"),
        "ValidationLambdaArn": aws("lambda").get_alias(
            FunctionName=stack.id("ValidationFunction"), Name="live")["AliasArn"],
    }
    values |= {output: f"https://{name}" for output, name in (
        ("ApplicationURL", stack.parameter("DomainName")), ("AssetsURL", stack.parameter("CdnDomainName"))) if name}
    right = checks.named(name for name, value in values.items() if stack.outputs.get(name) == value)
    yield Check("Outputs that are right", checks.named(values), right)


def retention(aws: Clients, stack: Stack, days: str) -> Check:
    """Return the retention of the stack's log groups."""
    names = {physical_id for name, physical_id in stack.ids.items() if name.endswith("LogGroup")}
    groups = ask.every(aws("logs"), "describe_log_groups", "logGroups")
    seen = {str(group.get("retentionInDays")) for group in groups if group["logGroupName"] in names}
    return Check("Log retention, updated", f"{days} days", f"{checks.named(seen)} days")


TIERS: dict[str, Callable[[Clients, Stack], Iterator[Check]]] = {
    "Network": _network,
    "Load balancer": _load_balancer,
    "Service": _service,
    "Security groups": _paths,
    "Database": _database,
    "Sessions": _sessions,
    "Assets": _assets,
    "Validation": _validation,
    "Monitoring": _monitoring,
    "Outputs": _outputs,
    "Keys": safeguards.keys,
    "Protection": safeguards.protection,
    "Transport": safeguards.transport,
    "Records": safeguards.records,
    "Containers": safeguards.containers,
    "Roles": safeguards.roles,
    "Edge": safeguards.edge,
    "Access logs": safeguards.access_logs,
    "Backups": safeguards.backups,
    "Alerts": operations.alerts,
    "Deployments": operations.deployments,
    "Live version": operations.live_version,
}
# Checks for the emulator only: they write, read a secret, or replace checks of `verification` that need AWS.
EMULATED: dict[str, Callable[[Clients, Stack], Iterator[Check]]] = {
    "Scaling": _scaling,
    "Database secret": _secret,
    "Transactions": _transactions,
    "Firewall's log": safeguards.firewall_log,
}
