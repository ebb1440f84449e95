"""E9201."""

import pytest

MEND = "Add the service's principal to the role's AssumeRolePolicyDocument."
TASK = "Principal: {Service: ecs-tasks.amazonaws.com}"


@pytest.mark.parametrize(("trusted", "finding"), [
    ("ecs-tasks", "`Task` → `ExecutionRole`: ecs-tasks.amazonaws.com may not assume it (ecs may)."),
    ("lambda", "`Function` → `FunctionRole`: lambda.amazonaws.com may not assume it (ecs may)."),
    ("vpc-flow-logs", "`FlowLog` → `FlowLogRole`: vpc-flow-logs.amazonaws.com may not assume it (ecs may)."),
    ("monitoring.rds", "`Writer` → `MonitoringRole`: monitoring.rds.amazonaws.com may not assume it (ecs may)."),
])
def test_a_role_that_does_not_trust_its_user_is_found(found, trusted, finding):
    assert found((f"Principal: {{Service: {trusted}.amazonaws.com}}", "Principal: {Service: ecs.amazonaws.com}")) == [
        f"E9201 {finding} {MEND}"]


def test_a_task_role_is_judged_as_well(found):
    change = "ExecutionRoleArn: !GetAtt ExecutionRole.Arn", (
        "ExecutionRoleArn: !GetAtt ExecutionRole.Arn\n      TaskRoleArn: !GetAtt FunctionRole.Arn")
    assert found(change) == [
        f"E9201 `Task` → `FunctionRole`: ecs-tasks.amazonaws.com may not assume it (lambda may). {MEND}"]


def test_a_role_that_denies_is_no_trust(found):
    statement = f"{{Effect: Allow, Action: 'sts:AssumeRole', {TASK}}}"
    assert found((statement, statement.replace("Allow", "Deny"))) == [
        f"E9201 `Task` → `ExecutionRole`: ecs-tasks.amazonaws.com may not assume it (no service may). {MEND}"]


@pytest.mark.parametrize("principal", [
    "{Service: [ec2.amazonaws.com, ecs-tasks.amazonaws.com]}",
    "{Service: !Sub 'ecs-tasks.${AWS::URLSuffix}'}",
    "{Service: ecs-tasks.amazonaws.com.cn}",
    "{Service: !If [HasCertificate, ecs-tasks.amazonaws.com, [ecs-tasks.amazonaws.com, ec2.amazonaws.com]]}",
    "{Service: !Ref Image}",
    "{AWS: '*'}",
    "'*'",
    "!ImportValue principals",
])
def test_trust_in_whatever_form_and_what_is_not_known_are_not_found(found, principal):
    assert found((TASK, f"Principal: {principal}")) == []


def test_a_role_from_elsewhere_is_not_judged(found):
    assert found((TASK, "Principal: {Service: ec2.amazonaws.com}"),
                 ("ExecutionRoleArn: !GetAtt ExecutionRole.Arn", "ExecutionRoleArn: !ImportValue role")) == []


@pytest.mark.parametrize(("user", "service"), [
    ("AWS::Scheduler::Schedule, Properties: {Target: {RoleArn: !GetAtt Role.Arn}}", "scheduler"),
    ("AWS::KinesisFirehose::DeliveryStream, Properties: {ExtendedS3DestinationConfiguration: "
     "{RoleARN: !GetAtt Role.Arn}}", "firehose"),
    ("AWS::StepFunctions::StateMachine, Properties: {RoleArn: !GetAtt Role.Arn}", "states"),
    ("AWS::CodePipeline::Pipeline, Properties: {RoleArn: !GetAtt Role.Arn}", "codepipeline"),
    ("AWS::Pipes::Pipe, Properties: {RoleArn: !GetAtt Role.Arn}", "pipes"),
])
def test_schedules_streams_state_machines_and_pipelines_assume_their_role(found_in_example, user, service):
    function = "!GetAtt Role.Arn}", "!ImportValue role}"
    add = f"  User: {{Type: {user}}}\n"
    [message] = found_in_example("E9201", function, add=add)
    assert message.startswith(f"E9201 `User` → `Role`: {service}.amazonaws.com may not assume it (ec2 may).")
    assert found_in_example("E9201", function, ("ec2.amazonaws.com", f"{service}.amazonaws.com"), add=add) == []
