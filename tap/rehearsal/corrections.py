"""Correct MiniStack's CloudFormation where it is more lenient than AWS or lacks features.

Imported inside the emulator's process only. Each function takes MiniStack's own handler of a type and the
clients of its APIs, and answers the entries that take the place of the handler's own.
"""

import json
import uuid
from collections.abc import Callable
from typing import Any

from ministack.services import ecs, rds
from ministack.services.cloudformation import provisioners

from tap.rehearsal import change_sets
from tap.rehearsal.dropped import DROPPED, is_true
from tap.rehearsal.handler_types import Client, Created, Handler, Properties


def correct(client: Client) -> None:
    """Replace MiniStack's handlers and change set functions with the corrected ones."""
    change_sets.correct()
    table = provisioners._RESOURCE_HANDLERS
    for corrections in (CORRECTIONS, DROPPED):
        for resource_type, of_type in corrections.items():
            for correction in of_type:
                table[resource_type] = {**table[resource_type], **correction(table[resource_type], client)}
    ecs._ACTION_MAP["RunTask"] = task_ends(ecs._ACTION_MAP["RunTask"])


def task_ends(original: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """End a standalone task at once with exit code 0: the emulator runs no container, so the task would never end."""
    def run(request: Any) -> Any:
        before = set(ecs._tasks)
        response = original(request)
        for arn in set(ecs._tasks) - before:
            task = ecs._tasks[arn]
            task |= {"lastStatus": "STOPPED", "desiredStatus": "STOPPED", "stopCode": "EssentialContainerExited"}
            for container in task["containers"]:
                container |= {"lastStatus": "STOPPED", "exitCode": 0}
        return response

    return run


def vpc_has_its_range(original: Handler, _client: Client) -> Handler:
    """Return the VPC's CIDR block for `Fn::GetAtt: [Vpc, CidrBlock]`, as documented for the type."""
    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        physical_id, attributes = original["create"](logical_id, properties, stack_name)
        return physical_id, {**attributes, "CidrBlock": properties["CidrBlock"]}

    def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
        physical_id, attributes = original["update"](physical_id, old, new, *rest)
        return physical_id, {**attributes, "CidrBlock": new["CidrBlock"]}

    return {"create": create, "update": update}


def cluster_has_its_secret(original: Handler, client: Client) -> Handler:
    """Create the secret of ManageMasterUserPassword, `MasterUserSecret.SecretArn`, and delete it with the cluster."""
    def attributes_of(cluster_id: str, attributes: dict[str, str]) -> dict[str, str]:
        secret = rds._clusters[cluster_id].get("MasterUserSecret")
        return attributes | ({"MasterUserSecret.SecretArn": secret["SecretArn"]} if secret else {})

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        cluster_id, attributes = original["create"](logical_id, properties, stack_name)
        cluster = rds._clusters[cluster_id]
        cluster["KmsKeyId"] = properties.get("KmsKeyId", "")
        if is_true(properties.get("ManageMasterUserPassword")):
            user = {
                "username": properties["MasterUsername"], "password": rds._generate_master_user_password()}
            key = properties.get("MasterUserSecret", {}).get("KmsKeyId")
            secret = client("secretsmanager").create_secret(
                Name=f"rds!{cluster['DbClusterResourceId'].lower()}", SecretString=json.dumps(user),
                **({"KmsKeyId": key} if key else {}))
            cluster["MasterUserSecret"] = {
                "SecretArn": secret["ARN"], "SecretStatus": "active", "KmsKeyId": key}
        return cluster_id, attributes_of(cluster_id, attributes)

    def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
        cluster_id, attributes = original["update"](physical_id, old, new, *rest)
        return cluster_id, attributes_of(cluster_id, attributes)

    def delete(physical_id: str, properties: Properties) -> None:
        secret = rds._clusters.get(physical_id, {}).get("MasterUserSecret")
        original["delete"](physical_id, properties)
        if secret:
            client("secretsmanager").delete_secret(
                SecretId=secret["SecretArn"], ForceDeleteWithoutRecovery=True)

    return {"create": create, "update": update, "delete": delete}


def first_member_writes(original: Handler, _client: Client) -> Handler:
    """Make the first instance of a cluster its only writer."""
    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = original["create"](logical_id, properties, stack_name)
        cluster = rds._clusters.get(properties.get("DBClusterIdentifier", ""), {})
        for position, member in enumerate(cluster.get("DBClusterMembers", [])):
            member["IsClusterWriter"] = position == 0
        return created

    return {"create": create}


def only_empty_buckets_go(original: Handler, client: Client) -> Handler:
    """Refuse to delete a bucket that contains objects, versions or delete markers, as S3 does (DeleteBucket)."""
    def delete(physical_id: str, properties: Properties) -> None:
        held = client("s3").list_object_versions(Bucket=physical_id, MaxKeys=1)
        if held.get("Versions") or held.get("DeleteMarkers"):
            raise ValueError(
                "The bucket you tried to delete is not empty. You must delete all versions in the bucket. "
                "(Service: S3, Status Code: 409, Error Code: BucketNotEmpty)")
        original["delete"](physical_id, properties)

    return {"delete": delete}


def service_needs_a_listener(original: Handler, client: Client) -> Handler:
    """Refuse a service whose target group has no listener, as ECS does (CreateService)."""
    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        for balancer in properties.get("LoadBalancers", []):
            arn = balancer["TargetGroupArn"]
            group, = client("elbv2").describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
            if not group["LoadBalancerArns"]:
                raise ValueError(
                    f"The target group with targetGroupArn {arn} does not have an associated load balancer. "
                    "(Service: AmazonECS; Status Code: 400; Error Code: InvalidParameterException)")
        created: Created = original["create"](logical_id, properties, stack_name)
        return created

    return {"create": create}


def takes_numbers(original: Handler, _client: Client) -> Handler:
    """Convert numbers that parameters pass as text, as CloudFormation does by the type's schema."""
    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = original["create"](logical_id, _with_numbers(properties), stack_name)
        return created

    def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
        updated: Created = original["update"](physical_id, _with_numbers(old), _with_numbers(new), *rest)
        return updated

    return {"create": create, "update": update}


INTEGERS = frozenset({
    "BakeTimeInMinutes", "Base", "CanaryBakeTimeInMinutes", "ContainerPort", "DesiredCount", "HostPort",
    "StepBakeTimeInMinutes", "Weight"})


def _with_numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: int(item) if key in INTEGERS else _with_numbers(item) for key, item in value.items()}
    return value


def containers_are_in_camel_case(original: Handler, _client: Client) -> Handler:
    """Name the properties of a container definition as the ECS API does, and make its memory a number."""
    nested = ("HealthCheck", "LinuxParameters", "Secrets")

    def as_the_api(properties: Properties) -> Properties:
        return {**properties, "ContainerDefinitions": [
            {name: provisioners._pascal_to_camel(value) if name in nested else int(value) if name == "Memory" else value
             for name, value in container.items()} for container in properties["ContainerDefinitions"]]}

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = original["create"](logical_id, as_the_api(properties), stack_name)
        return created

    def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
        updated: Created = original["update"](physical_id, as_the_api(old), as_the_api(new), *rest)
        return updated

    return {"create": create, "update": update}


def alarms_take_expressions(original: Handler, client: Client) -> Handler:
    """Create an alarm on an expression without its metrics, because MiniStack has no metric math.

    They go through botocore, which refuses what PutMetricAlarm's model does not have.
    """
    names = ("AlarmDescription", "AlarmActions", "OKActions", "ComparisonOperator", "TreatMissingData", "Metrics")

    def put(name: str, properties: Properties) -> Created:
        client("cloudwatch").put_metric_alarm(
            AlarmName=name, EvaluationPeriods=int(properties["EvaluationPeriods"]),
            Threshold=float(properties["Threshold"]),
            **{key: properties[key] for key in names if key in properties})
        alarm, = client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return name, {"Arn": alarm["AlarmArn"]}

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        if "Metrics" in properties:
            return put(f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:12]}", properties)
        created: Created = original["create"](logical_id, properties, stack_name)
        return created

    def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
        if "Metrics" in new:
            return put(physical_id, new)
        updated: Created = original["update"](physical_id, old, new, *rest)
        return updated

    return {"create": create, "update": update}


def protected_stay(is_protected: Callable[[Client, str], bool]) -> Callable[[Handler, Client], Handler]:
    """Return a correction that refuses to delete resources with deletion protection, as the services do."""
    def correction(original: Handler, client: Client) -> Handler:
        def delete(physical_id: str, properties: Properties) -> None:
            if is_protected(client, physical_id):
                raise ValueError(f"{physical_id} cannot be deleted because DeletionProtection is enabled")
            original["delete"](physical_id, properties)

        return {"delete": delete}

    return correction


def _is_cluster_protected(client: Client, cluster_id: str) -> bool:
    clusters = client("rds").describe_db_clusters(DBClusterIdentifier=cluster_id)["DBClusters"]
    return bool(clusters[0]["DeletionProtection"])


def _is_table_protected(client: Client, table: str) -> bool:
    return is_true(client("dynamodb").describe_table(TableName=table)["Table"]["DeletionProtectionEnabled"])


def _is_balancer_protected(client: Client, arn: str) -> bool:
    attributes = client("elbv2").describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {"Key": "deletion_protection.enabled", "Value": "true"} in attributes


CORRECTIONS: dict[str, list[Callable[[Handler, Client], Handler]]] = {
    "AWS::CloudWatch::Alarm": [alarms_take_expressions],
    "AWS::DynamoDB::Table": [protected_stay(_is_table_protected)],
    "AWS::EC2::VPC": [vpc_has_its_range],
    "AWS::ECS::Service": [takes_numbers, service_needs_a_listener],
    "AWS::ECS::TaskDefinition": [takes_numbers, containers_are_in_camel_case],
    "AWS::ElasticLoadBalancingV2::LoadBalancer": [protected_stay(_is_balancer_protected)],
    "AWS::RDS::DBCluster": [cluster_has_its_secret, protected_stay(_is_cluster_protected)],
    "AWS::RDS::DBInstance": [first_member_writes],
    "AWS::S3::Bucket": [only_empty_buckets_go],
}
