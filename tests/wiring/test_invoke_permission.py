"""W9205."""

import pytest

CALLER = """\
  Subscription:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !ImportValue topic, Protocol: lambda, Endpoint: !GetAtt Function.Arn}
"""
URI = "!Sub 'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${Function.Arn}/invocations'"
CALLERS = {
    "sns": "AWS::SNS::Topic, Properties: {Subscription: [{Protocol: lambda, Endpoint: !GetAtt Function.Arn}]}",
    "events": "AWS::Events::Rule, Properties: {Targets: [{Id: a, Arn: !GetAtt Function.Arn}]}",
    "apigateway": f"AWS::ApiGateway::Method, Properties: {{Integration: {{Type: AWS_PROXY, Uri: {URI}}}}}",
}
PERMISSION = """
  Permission:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref Function, Action: 'lambda:InvokeFunction', Principal: PRINCIPAL}
"""


def finding(found_in_example, caller, add=""):
    return found_in_example("W9205", (CALLER, f"  Caller: {{Type: {caller}}}\n"), add=add)


@pytest.mark.parametrize("service", CALLERS)
def test_a_service_that_may_not_invoke_its_function_is_found(found_in_example, service):
    assert finding(found_in_example, CALLERS[service]) == [
        f"W9205 `Caller` → `Function`: no permission allows {service}.amazonaws.com to invoke it. Add an "
        "AWS::Lambda::Permission for the service's principal."]


@pytest.mark.parametrize("service", CALLERS)
@pytest.mark.parametrize("principal", ["SERVICE.amazonaws.com", "'*'", "!ImportValue principal"])
def test_a_permission_for_the_service_or_for_whoever_is_enough(found_in_example, service, principal):
    add = PERMISSION.replace("PRINCIPAL", principal.replace("SERVICE", service))
    assert finding(found_in_example, CALLERS[service], add) == []


@pytest.mark.parametrize(("name", "count"), [
    ("!GetAtt Function.Arn", 0), ("!ImportValue function", 0), ("!Ref Alias", 0), ("!Ref Other", 1)])
def test_the_permission_names_the_function_its_alias_or_what_is_not_known(found_in_example, name, count):
    add = PERMISSION.replace("PRINCIPAL", "sns.amazonaws.com").replace("!Ref Function", name) + """
  Alias: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: !Ref Function, FunctionVersion: '1', Name: live}}
  Other: {Type: 'AWS::Lambda::Function'}
"""
    assert len(found_in_example("W9205", add=add)) == count


@pytest.mark.parametrize("caller", [
    CALLERS["apigateway"].replace("Uri:", "Credentials: !ImportValue role, Uri:"),
    CALLERS["events"].replace("Id: a,", "Id: a, RoleArn: !ImportValue role,"),
    CALLERS["sns"].replace("lambda", "sqs"),
    CALLERS["sns"].replace("!GetAtt Function.Arn", "!ImportValue function"),
])
def test_what_invokes_with_a_role_or_invokes_something_else_needs_no_permission(found_in_example, caller):
    assert finding(found_in_example, caller) == []
