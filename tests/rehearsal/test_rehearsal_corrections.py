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


KEY = {"Type": "AWS::KMS::Key", "Properties": {}}
KEY_ARN = {"Fn::GetAtt": ["Key", "Arn"]}


def under(resource, **properties):
    """The resource under a key, and the key."""
    return {"Key": KEY, "Thing": more(resource, **properties)}


def key_of(aws, stack):
    return aws("kms").describe_key(KeyId=stack.ids["Key"])["KeyMetadata"]["Arn"]


def test_a_table_has_its_key(aws, sandbox):
    stack = sandbox.create(under(TABLE, SSESpecification={
        "SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY_ARN}))
    found = aws("dynamodb").describe_table(TableName=stack.ids["Thing"])["Table"]
    assert found["SSEDescription"]["KMSMasterKeyArn"] == key_of(aws, stack)


def test_a_function_has_its_key(aws, sandbox):
    stack = sandbox.create(under(function(), KmsKeyArn=KEY_ARN))
    found = aws("lambda").get_function_configuration(FunctionName=stack.ids["Thing"])
    assert found["KMSKeyArn"] == key_of(aws, stack)


def test_a_topic_has_its_key(aws, sandbox):
    stack = sandbox.create(under({"Type": "AWS::SNS::Topic", "Properties": {}}, KmsMasterKeyId=KEY_ARN))
    found = aws("sns").get_topic_attributes(TopicArn=stack.ids["Thing"])["Attributes"]
    assert found["KmsMasterKeyId"] == key_of(aws, stack)


def test_a_bucket_has_its_key_until_the_template_has_none(aws, sandbox):
    def rule():
        answer = aws("s3").get_bucket_encryption(Bucket=stack.ids["Thing"])
        return answer["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"]

    stack = sandbox.create(under(BUCKET, BucketEncryption={"ServerSideEncryptionConfiguration": [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY_ARN}}]}))
    assert rule() == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_of(aws, stack)}
    sandbox.update(stack.name, {"Key": KEY, "Thing": BUCKET})
    assert rule() == {"SSEAlgorithm": "AES256"}


def test_a_bucket_logs_to_its_bucket_until_that_is_switched_off(aws, sandbox):
    def target():
        return aws("s3").get_bucket_logging(Bucket=stack.ids["Bucket"]).get("LoggingEnabled", {}).get("TargetBucket")

    stack = sandbox.create({"Logs": BUCKET, "Bucket": more(BUCKET, LoggingConfiguration={
        "DestinationBucketName": {"Ref": "Logs"}, "LogFilePrefix": "s3/"})})
    assert target() == stack.ids["Logs"]
    sandbox.update(stack.name, {"Logs": BUCKET, "Bucket": BUCKET})
    assert target() is None


def test_a_cluster_has_its_parameter_group(aws, sandbox):
    group = {"Type": "AWS::RDS::DBClusterParameterGroup", "Properties": {
        "Family": "aurora-postgresql17", "Description": "small", "Parameters": {"rds.force_ssl": "1"}}}
    stack = sandbox.create({"Group": group, "Cluster": more(CLUSTER, DBClusterParameterGroupName={"Ref": "Group"})})
    found, = aws("rds").describe_db_clusters(DBClusterIdentifier=stack.ids["Cluster"])["DBClusters"]
    assert found["DBClusterParameterGroup"] == stack.ids["Group"]


def test_a_role_has_its_boundary_until_that_is_taken_away(aws, sandbox):
    def boundary():
        role = aws("iam").get_role(RoleName=stack.ids["Role"])["Role"]
        return role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")

    arn = aws("iam").create_policy(PolicyName="limit", PolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}))["Policy"]["Arn"]
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}}}
    stack = sandbox.create({"Role": more(role, PermissionsBoundary=arn)})
    assert boundary() == arn
    sandbox.update(stack.name, {"Role": role})
    assert boundary() is None


BALANCER = {"Type": "AWS::ElasticLoadBalancingV2::LoadBalancer", "Properties": {}}


@pytest.mark.parametrize(("resource", "on", "off"), [
    (CLUSTER, {"DeletionProtection": True}, {"DeletionProtection": False}),
    (TABLE, {"DeletionProtectionEnabled": True}, {"DeletionProtectionEnabled": False}),
    *[(BALANCER, *({"LoadBalancerAttributes": [{"Key": "deletion_protection.enabled", "Value": value}]}
                   for value in ("true", "false")))],
])
def test_what_is_protected_is_not_deleted_until_that_is_lifted(sandbox, resource, on, off):
    stack = sandbox.create({"Vpc": VPC, "Thing": more(resource, **on)})
    refused = sandbox.delete(stack.name)
    assert refused.status == "DELETE_FAILED"
    assert "DeletionProtection is enabled" in refused.reasons
    stack = sandbox.create({"Vpc": VPC, "Thing": more(resource, **on)})
    sandbox.update(stack.name, {"Vpc": VPC, "Thing": more(resource, **off)})
    assert sandbox.delete(stack.name).status == "DELETE_COMPLETE"


ALARM = {"Type": "AWS::CloudWatch::Alarm", "Properties": {
    "EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 1}}


def expression(text):
    queries = [{"Id": name, "ReturnData": False, "MetricStat": {"Stat": "Sum", "Period": 300, "Metric": {
        "Namespace": "AWS/Lambda", "MetricName": "Errors"}}} for name in ("a", "b")]
    return {"Alarm": more(ALARM, AlarmActions=["arn:aws:sns:eu-central-1:123456789012:t"], Metrics=[
        {"Id": "result", "Expression": text}, *queries])}


def test_an_alarm_over_an_expression_is_there_until_it_goes(aws, sandbox):
    def alarms():
        return aws("cloudwatch").describe_alarms(AlarmNames=[stack.ids["Alarm"]])["MetricAlarms"]

    stack = sandbox.create(expression("a + b"))
    found, = alarms()
    assert (found["Threshold"], found["AlarmActions"]) == (1.0, ["arn:aws:sns:eu-central-1:123456789012:t"])
    sandbox.update(stack.name, expression("a - b"))
    assert len(alarms()) == 1
    sandbox.delete(stack.name)
    assert alarms() == []


def test_an_alarm_over_what_the_api_does_not_have_is_refused(sandbox):
    resources = expression("a + b")
    resources["Alarm"]["Properties"]["Metrics"][0]["Formula"] = "a"
    stack = sandbox.create(resources)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "Formula" in stack.reasons


def test_a_container_is_named_as_in_the_api(aws, sandbox):
    stack = sandbox.create({"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{
        "Name": "web", "Image": "registry.example.com/web:1", "Memory": {"Ref": "Memory"},
        "LinuxParameters": {"Capabilities": {"Drop": ["ALL"]}},
        "Secrets": [{"Name": "PASSWORD", "ValueFrom": "arn"}]}]}}}, Memory="512")
    answer = aws("ecs").describe_task_definition(taskDefinition=stack.ids["Task"])
    container, = answer["taskDefinition"]["containerDefinitions"]
    assert container["secrets"] == [{"name": "PASSWORD", "valueFrom": "arn"}]
    assert container["linuxParameters"] == {"capabilities": {"drop": ["ALL"]}}
    assert container["memory"] == 512


def changes(aws, name, template):
    client = aws("cloudformation")
    made = client.create_change_set(StackName=name, ChangeSetName="look", TemplateBody=json.dumps(template))["Id"]
    found = client.describe_change_set(ChangeSetName=made)["Changes"]
    client.delete_change_set(ChangeSetName=made)
    return {each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"] for each in found}


@pytest.mark.parametrize(("changed", "replacement"), [
    ({"RetentionInDays": 7}, "False"), ({"LogGroupName": "other"}, "True")])
def test_a_log_group_is_replaced_where_its_schema_says_so(aws, sandbox, changed, replacement):
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 1}}
    stack = sandbox.create({"Group": group})
    found = changes(aws, stack.name, {"Resources": {"Group": more(group, **changed)}})
    assert found["Group"]["Replacement"] == replacement


def test_a_change_set_has_no_resource_whose_condition_is_false(aws, sandbox):
    never = {"Never": {"Fn::Equals": ["a", "b"]}}
    stack = sandbox.create({"Topic": {"Type": "AWS::SNS::Topic"}})
    absent = {"Type": "AWS::SNS::Topic", "Condition": "Never"}
    resources = {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "x"}}, "Absent": absent}
    assert list(changes(aws, stack.name, {"Conditions": never, "Resources": resources})) == ["Topic"]
