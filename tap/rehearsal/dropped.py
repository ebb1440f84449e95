"""Set properties that MiniStack's CloudFormation drops, through the service's own API after creation.

Imported inside the emulator's process only. Each function of `DROPPED` takes the clients of MiniStack's APIs,
the resource's physical id and its properties.
"""

from collections.abc import Callable
from typing import Any

from tap.rehearsal.handler_types import Client, Created, Handler, Properties

Apply = Callable[[Client, str, Properties], None]


def is_true(value: Any) -> bool:
    """Return a template's boolean, which may be text."""
    return str(value).lower() == "true"


def also(apply: Apply, *names: str) -> Callable[[Handler, Client], Handler]:
    """Return a correction that sets dropped properties: `apply` calls the service's own API."""
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
            "Enabled": is_true(specification["Enabled"]), "AttributeName": specification["AttributeName"]})


def _apply_point_in_time_recovery(client: Client, table: str, properties: Properties) -> None:
    specification = properties.get("PointInTimeRecoverySpecification", {})
    client("dynamodb").update_continuous_backups(TableName=table, PointInTimeRecoverySpecification={
        "PointInTimeRecoveryEnabled": is_true(specification.get("PointInTimeRecoveryEnabled"))})


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


def _apply_table_key(client: Client, table: str, properties: Properties) -> None:
    specification = properties.get("SSESpecification", {"SSEEnabled": False})
    names = {"SSEType": "SSEType", "KMSMasterKeyId": "KMSMasterKeyId"}
    client("dynamodb").update_table(TableName=table, SSESpecification={
        "Enabled": is_true(specification["SSEEnabled"]),
        **{api: specification[name] for name, api in names.items() if name in specification}})


def _apply_function_key(client: Client, function: str, properties: Properties) -> None:
    client("lambda").update_function_configuration(
        FunctionName=function, KMSKeyArn=properties.get("KmsKeyArn", ""))


def _apply_topic_key(client: Client, topic: str, properties: Properties) -> None:
    client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=properties.get("KmsMasterKeyId", ""))


def _apply_bucket_encryption(client: Client, bucket: str, properties: Properties) -> None:
    if not (encryption := properties.get("BucketEncryption")):
        client("s3").delete_bucket_encryption(Bucket=bucket)
        return
    client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [{
        "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
        "BucketKeyEnabled": is_true(rule.get("BucketKeyEnabled"))}
        for rule in encryption["ServerSideEncryptionConfiguration"]]})


def _apply_bucket_logging(client: Client, bucket: str, properties: Properties) -> None:
    logging = properties.get("LoggingConfiguration")
    client("s3").put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {
        "TargetBucket": logging.get("DestinationBucketName", bucket),
        "TargetPrefix": logging.get("LogFilePrefix", "")}} if logging else {})


def _apply_parameter_group(client: Client, cluster: str, properties: Properties) -> None:
    client("rds").modify_db_cluster(
        DBClusterIdentifier=cluster, DBClusterParameterGroupName=properties["DBClusterParameterGroupName"])


def _apply_boundary(client: Client, role: str, properties: Properties) -> None:
    if boundary := properties.get("PermissionsBoundary"):
        client("iam").put_role_permissions_boundary(RoleName=role, PermissionsBoundary=boundary)
    else:
        client("iam").delete_role_permissions_boundary(RoleName=role)


DROPPED: dict[str, list[Callable[[Handler, Client], Handler]]] = {
    "AWS::DynamoDB::Table": [
        also(_apply_time_to_live, "TimeToLiveSpecification"),
        also(_apply_point_in_time_recovery, "PointInTimeRecoverySpecification"),
        also(_apply_table_key, "SSESpecification")],
    "AWS::ECS::Service": [also(_apply_grace_period, "HealthCheckGracePeriodSeconds")],
    "AWS::IAM::Role": [also(_apply_boundary, "PermissionsBoundary")],
    "AWS::Lambda::Function": [
        also(_apply_reserved_concurrency, "ReservedConcurrentExecutions"), also(_apply_function_key, "KmsKeyArn")],
    "AWS::RDS::DBCluster": [also(_apply_parameter_group, "DBClusterParameterGroupName")],
    "AWS::S3::Bucket": [
        also(_apply_bucket_encryption, "BucketEncryption"), also(_apply_bucket_logging, "LoggingConfiguration")],
    "AWS::SNS::Topic": [also(_apply_topic_key, "KmsMasterKeyId")],
}
