"""Where the emulator is corrected, it does what AWS documents."""

import json

import pytest

VPC = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": {
    "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}}
TIME_TO_LIVE = {"TimeToLiveSpecification": {"AttributeName": "expiresAt", "Enabled": True}}
RECOVERY = {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}}
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Enabled"}}}
CLUSTER = {"Type": "AWS::RDS::DBCluster", "DeletionPolicy": "Delete", "Properties": {
    "Engine": "aurora-postgresql", "MasterUsername": "admin1", "ManageMasterUserPassword": True}}


def more(resource, **properties):
    return resource | {"Properties": resource["Properties"] | properties}


def function(**properties):
    return more({"Type": "AWS::Lambda::Function", "Properties": {
        "Runtime": "python3.13", "Handler": "index.handler", "Role": "arn:aws:iam::123456789012:role/any",
        "Code": {"ZipFile": "def handler(event, context): return event"}}}, **properties)


def member(**attributes):
    return {"Type": "AWS::RDS::DBInstance", "Properties": {
        "Engine": "aurora-postgresql", "DBInstanceClass": "db.serverless",
        "DBClusterIdentifier": {"Ref": "Cluster"}}} | attributes


def behind(*listener, **properties):
    service = {"Type": "AWS::ECS::Service", "DependsOn": [*listener], "Properties": {
        "Cluster": {"Ref": "EcsCluster"}, "TaskDefinition": {"Ref": "Task"}, **properties,
        "LoadBalancers": [{
            "ContainerName": "web", "ContainerPort": 80, "TargetGroupArn": {"Ref": "Group"}}]}}
    return {
        "Vpc": VPC,
        "EcsCluster": {"Type": "AWS::ECS::Cluster", "Properties": {"CapacityProviders": ["FARGATE"]}},
        "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
            "ContainerDefinitions": [{"Name": "web", "Image": "registry.example.com/web:1"}]}},
        "Balancer": {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer"},
        "Group": {"Type": "AWS::ElasticLoadBalancingV2::TargetGroup", "Properties": {
            "VpcId": {"Ref": "Vpc"}, "Port": 80, "Protocol": "HTTP", "TargetType": "ip"}},
        "Listener": {"Type": "AWS::ElasticLoadBalancingV2::Listener", "DependsOn": ["Group"], "Properties": {
            "LoadBalancerArn": {"Ref": "Balancer"}, "Port": 80, "Protocol": "HTTP",
            "DefaultActions": [{"Type": "forward", "TargetGroupArn": {"Ref": "Group"}}] if listener else [
                {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]}},
        "Service": service,
    }


def the_service(aws, stack):
    found, = aws("ecs").describe_services(
        cluster=stack.ids["EcsCluster"], services=[stack.ids["Service"]])["services"]
    return found


def test_getatt_of_a_vpc_gives_its_range(sandbox):
    stack = sandbox.create({"Vpc": VPC}, {"Range": {"Fn::GetAtt": ["Vpc", "CidrBlock"]}})
    assert stack.outputs["Range"] == "10.0.0.0/16"


def test_a_table_has_its_time_to_live(aws, sandbox):
    stack = sandbox.create({"Table": more(TABLE, **TIME_TO_LIVE)})
    found = aws("dynamodb").describe_time_to_live(TableName=stack.ids["Table"])["TimeToLiveDescription"]
    assert found == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}


def test_a_table_has_its_point_in_time_recovery_until_it_is_switched_off(aws, sandbox):
    def status():
        answer = aws("dynamodb").describe_continuous_backups(TableName=stack.ids["Table"])
        description = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        return description["PointInTimeRecoveryStatus"]

    stack = sandbox.create({"Table": more(TABLE, **RECOVERY)})
    assert status() == "ENABLED"
    sandbox.update(stack.name, {"Table": TABLE})
    assert status() == "DISABLED"


def test_a_function_has_its_reserved_concurrency_until_it_is_taken_away(aws, sandbox):
    def reserved():
        answer = aws("lambda").get_function_concurrency(FunctionName=stack.ids["Function"])
        return answer.get("ReservedConcurrentExecutions")

    stack = sandbox.create({"Function": function(ReservedConcurrentExecutions=5)})
    assert reserved() == 5
    sandbox.update(stack.name, {"Function": function()})
    assert reserved() is None


def test_a_managed_password_is_a_secret_that_goes_with_the_cluster(aws, sandbox):
    stack = sandbox.create(
        {"Cluster": CLUSTER}, {"Secret": {"Fn::GetAtt": ["Cluster", "MasterUserSecret.SecretArn"]}})
    secret = aws("secretsmanager").get_secret_value(SecretId=stack.outputs["Secret"])["SecretString"]
    assert json.loads(secret)["username"] == "admin1"
    sandbox.delete(stack.name)
    secrets = aws("secretsmanager").list_secrets()["SecretList"]
    assert stack.outputs["Secret"] not in [each["ARN"] for each in secrets]


def test_a_cluster_has_one_writer(aws, sandbox):
    stack = sandbox.create({
        "Cluster": CLUSTER, "First": member(), "Second": member(DependsOn="First")})
    cluster, = aws("rds").describe_db_clusters(DBClusterIdentifier=stack.ids["Cluster"])["DBClusters"]
    members = {each["DBInstanceIdentifier"]: each["IsClusterWriter"] for each in cluster["DBClusterMembers"]}
    assert members == {stack.ids["First"]: True, stack.ids["Second"]: False}


@pytest.mark.parametrize("left", ["an object", "a delete marker"])
def test_a_bucket_that_holds_anything_is_not_deleted(aws, sandbox, left):
    stack = sandbox.create({"Bucket": BUCKET})
    bucket = stack.ids["Bucket"]
    if left == "an object":
        aws("s3").put_object(Bucket=bucket, Key="a", Body=b"")
    else:
        aws("s3").delete_object(Bucket=bucket, Key="a")
    deleted = sandbox.delete(stack.name)
    assert deleted.status == "DELETE_FAILED"
    assert "BucketNotEmpty" in deleted.reasons


def test_an_empty_bucket_is_deleted(sandbox):
    stack = sandbox.create({"Bucket": BUCKET})
    assert sandbox.delete(stack.name).status == "DELETE_COMPLETE"


def test_a_service_behind_no_listener_is_refused(sandbox):
    stack = sandbox.create(behind())
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "does not have an associated load balancer" in stack.reasons


def test_a_service_that_does_not_wait_for_its_listener_is_refused(sandbox):
    resources = behind("Listener")
    resources["Service"] = resources["Service"] | {"DependsOn": []}
    resources["Listener"] = resources["Listener"] | {"DependsOn": ["Service"]}
    assert sandbox.create(resources).status == "ROLLBACK_COMPLETE"


def test_a_service_has_its_grace_period(aws, sandbox):
    stack = sandbox.create(behind("Listener", HealthCheckGracePeriodSeconds=60))
    assert the_service(aws, stack)["healthCheckGracePeriodSeconds"] == 60


def test_a_service_takes_its_numbers_from_parameters(aws, sandbox):
    resources = behind("Listener", DesiredCount={"Ref": "Tasks"}, CapacityProviderStrategy=[
        {"CapacityProvider": "FARGATE", "Base": {"Ref": "Tasks"}, "Weight": {"Ref": "Tasks"}}])
    found = the_service(aws, sandbox.create(resources, Tasks="2"))
    assert found["desiredCount"] == 2
    assert found["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE", "base": 2, "weight": 2}]
