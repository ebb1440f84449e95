"""Where MiniStack's CloudFormation is more lenient than AWS, or knows less: made to behave as documented.

Imported inside the emulator's process only. Each function takes MiniStack's own handler of a type and the
clients of its APIs, and answers the entries that take the place of the handler's own.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import rds
from ministack.services.cloudformation import provisioners

from tap.rehearsal.handlers import Client, Created, Properties

Handler = dict[str, Any]
Apply = Callable[[Client, str, Properties], None]


def correct(client: Client) -> None:
    """Put the corrected handlers in the place of MiniStack's own."""
    table = provisioners._RESOURCE_HANDLERS
    for resource_type, corrections in CORRECTIONS.items():
        for correction in corrections:
            table[resource_type] = {**table[resource_type], **correction(table[resource_type], client)}


def also(apply: Apply, *names: str) -> Callable[[Handler, Client], Handler]:
    """A correction for properties that MiniStack drops: `apply` sets them through the service's own API."""
    def correction(original: Handler, client: Client) -> Handler:
        def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
            created: Created = original["create"](logical_id, properties, stack_name)
            if any(name in properties for name in names):
                apply(client, created[0], properties)
            return created

        def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
            updated: Created = original["update"](physical_id, old, new, *rest)
            if any(old.get(name) != new.get(name) for name in names):
                apply(client, updated[0], new)
            return updated

        return {"create": create, "update": update}

    return correction


def _apply_time_to_live(client: Client, table: str, properties: Properties) -> None:
    if specification := properties.get("TimeToLiveSpecification"):
        client("dynamodb").update_time_to_live(TableName=table, TimeToLiveSpecification={
            "Enabled": _is_true(specification["Enabled"]), "AttributeName": specification["AttributeName"]})


def _apply_point_in_time_recovery(client: Client, table: str, properties: Properties) -> None:
    specification = properties.get("PointInTimeRecoverySpecification", {})
    client("dynamodb").update_continuous_backups(TableName=table, PointInTimeRecoverySpecification={
        "PointInTimeRecoveryEnabled": _is_true(specification.get("PointInTimeRecoveryEnabled"))})


def _apply_reserved_concurrency(client: Client, function: str, properties: Properties) -> None:
    reserved = properties.get("ReservedConcurrentExecutions")
    if reserved is None:
        client("lambda").delete_function_concurrency(FunctionName=function)
    else:
        client("lambda").put_function_concurrency(
            FunctionName=function, ReservedConcurrentExecutions=int(reserved))


def _apply_grace_period(client: Client, service: str, properties: Properties) -> None:
    client("ecs").update_service(
        cluster=properties["Cluster"], service=service,
        healthCheckGracePeriodSeconds=int(properties.get("HealthCheckGracePeriodSeconds", 0)))


def _is_true(value: Any) -> bool:
    """A template's boolean, which may arrive as text."""
    return str(value).lower() == "true"


def vpc_has_its_range(original: Handler, _client: Client) -> Handler:
    """`Fn::GetAtt: [Vpc, CidrBlock]` answers, as the type's page says."""
    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        physical_id, attributes = original["create"](logical_id, properties, stack_name)
        return physical_id, {**attributes, "CidrBlock": properties["CidrBlock"]}

    def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
        physical_id, attributes = original["update"](physical_id, old, new, *rest)
        return physical_id, {**attributes, "CidrBlock": new["CidrBlock"]}

    return {"create": create, "update": update}


def cluster_has_its_secret(original: Handler, client: Client) -> Handler:
    """ManageMasterUserPassword makes a secret, `MasterUserSecret.SecretArn`, which goes with the cluster."""
    def attributes_of(cluster_id: str, attributes: dict[str, str]) -> dict[str, str]:
        secret = rds._clusters[cluster_id].get("MasterUserSecret")
        return attributes | ({"MasterUserSecret.SecretArn": secret["SecretArn"]} if secret else {})

    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        cluster_id, attributes = original["create"](logical_id, properties, stack_name)
        cluster = rds._clusters[cluster_id]
        cluster["KmsKeyId"] = properties.get("KmsKeyId", "")
        if _is_true(properties.get("ManageMasterUserPassword")):
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
    """A cluster has one writer, the first of its instances."""
    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = original["create"](logical_id, properties, stack_name)
        cluster = rds._clusters.get(properties.get("DBClusterIdentifier", ""), {})
        for position, member in enumerate(cluster.get("DBClusterMembers", [])):
            member["IsClusterWriter"] = position == 0
        return created

    return {"create": create}


def only_empty_buckets_go(original: Handler, client: Client) -> Handler:
    """S3 refuses to delete a bucket that holds objects, versions or delete markers (DeleteBucket)."""
    def delete(physical_id: str, properties: Properties) -> None:
        held = client("s3").list_object_versions(Bucket=physical_id, MaxKeys=1)
        if held.get("Versions") or held.get("DeleteMarkers"):
            raise ValueError(
                "The bucket you tried to delete is not empty. You must delete all versions in the bucket. "
                "(Service: S3, Status Code: 409, Error Code: BucketNotEmpty)")
        original["delete"](physical_id, properties)

    return {"delete": delete}


def service_needs_a_listener(original: Handler, client: Client) -> Handler:
    """ECS refuses a service whose target group no listener forwards to (CreateService)."""
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
    """A parameter's number is text; CloudFormation makes it the number that the type's schema wants."""
    def create(logical_id: str, properties: Properties, stack_name: str) -> Created:
        created: Created = original["create"](logical_id, _with_numbers(properties), stack_name)
        return created

    def update(physical_id: str, old: Properties, new: Properties, *rest: str) -> Created:
        updated: Created = original["update"](physical_id, _with_numbers(old), _with_numbers(new), *rest)
        return updated

    return {"create": create, "update": update}


INTEGERS = frozenset({"Base", "ContainerPort", "DesiredCount", "HostPort", "Weight"})


def _with_numbers(value: Any) -> Any:
    if isinstance(value, list):
        return [_with_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: int(item) if key in INTEGERS else _with_numbers(item) for key, item in value.items()}
    return value


CORRECTIONS: dict[str, list[Callable[[Handler, Client], Handler]]] = {
    "AWS::DynamoDB::Table": [
        also(_apply_time_to_live, "TimeToLiveSpecification"),
        also(_apply_point_in_time_recovery, "PointInTimeRecoverySpecification")],
    "AWS::EC2::VPC": [vpc_has_its_range],
    "AWS::ECS::Service": [
        takes_numbers, service_needs_a_listener, also(_apply_grace_period, "HealthCheckGracePeriodSeconds")],
    "AWS::ECS::TaskDefinition": [takes_numbers],
    "AWS::Lambda::Function": [also(_apply_reserved_concurrency, "ReservedConcurrentExecutions")],
    "AWS::RDS::DBCluster": [cluster_has_its_secret],
    "AWS::RDS::DBInstance": [first_member_writes],
    "AWS::S3::Bucket": [only_empty_buckets_go],
}
