"""docs/application.md: what the container is given, and what each role may do."""

from tap.docs.application import page

REFUSED = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
SEND = {
    "Effect": "Allow", "Action": ["sqs:SendMessage", "sqs:GetQueueUrl"],
    "Resource": [{"Fn::GetAtt": ["Queue", "Arn"]}, {"Fn::Sub": "arn:${AWS::Partition}:sqs:*"}],
    "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}}
TEMPLATE = {"Resources": {
    "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{
        "Name": "App",
        "Environment": [{"Name": "QUEUE", "Value": {"Fn::If": ["HasQueue", {"Ref": "Queue"}, "none"]}}],
        "Secrets": [{"Name": "PASSWORD", "ValueFrom": {"Fn::Sub": "${Secret}:password::"}}]}]}},
    "TaskPolicy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": {"Statement": [
        {"Fn::If": ["HasQueue", SEND, {"Ref": "AWS::NoValue"}]}, REFUSED]}}},
    "TaskRole": {"Type": "AWS::IAM::Role", "Condition": "HasTask", "Properties": {
        "ManagedPolicyArns": [{"Ref": "TaskPolicy"}]}}}}


def test_it_lists_variables_and_secrets():
    lines = page(TEMPLATE).splitlines()
    assert "## Variables of App" in lines
    assert "| `QUEUE` | `${Queue} where HasQueue, else none` |" in lines
    assert "| `PASSWORD` | secret `${Secret}:password::` |" in lines


def test_a_role_has_a_row_for_each_action_with_resources_and_conditions():
    lines = page(TEMPLATE).splitlines()
    rows = lines[lines.index("## TaskRole, where HasTask") + 4:]
    rest = "`${Queue.Arn}`, `arn:${AWS::Partition}:sqs:*` | where HasQueue, StringEquals aws:SourceAccount: "
    assert rows == [
        f"| `sqs:SendMessage` | {rest}`${{AWS::AccountId}}` |", f"| `sqs:GetQueueUrl` | {rest}`${{AWS::AccountId}}` |",
        "| Deny: `s3:*` | `*` |  |"]
