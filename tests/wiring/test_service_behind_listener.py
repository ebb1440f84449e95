"""E9101."""

import pytest

FORWARD = "        - {Type: forward, TargetGroupArn: !Ref TargetGroup}\n"
NOT_FOUND = "        - {Type: fixed-response, FixedResponseConfig: {StatusCode: '404'}}\n"
HTTPS_FORWARD = "DefaultActions: [{Type: forward, TargetGroupArn: !Ref TargetGroup}]"
HTTPS_NOT_FOUND = "DefaultActions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: '404'}}]"
NOTHING_FORWARDS = (FORWARD, NOT_FOUND), (HTTPS_FORWARD, HTTPS_NOT_FOUND)
FINDING = (
    "E9101 `Service` → `TargetGroup`: no listener forwards to it. Add a listener or listener rule that forwards to the "
    "target group.")
RULE = """
  {title}:
    Type: {type}
    Properties:
      ListenerArn: !Ref HttpListener
      Priority: 1
      Conditions: [{{Field: path-pattern, Values: ['/*']}}]
      Actions: [{action}]
"""
WAITING = "    DependsOn: HttpListener\n    Metadata", "    DependsOn: ListenerRule\n    Metadata"


def test_a_service_whose_target_group_no_listener_forwards_to_is_found(found):
    assert found(*NOTHING_FORWARDS) == [FINDING]


def test_the_finding_says_under_which_condition_it_is_so(found):
    assert found((FORWARD, NOT_FOUND)) == [f"{FINDING} (Where HasCertificate is false.)"]


def test_it_is_found_with_the_parameters_that_make_it_so_and_not_with_others(found):
    certificate = {"CertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1"}
    assert found((FORWARD, NOT_FOUND), parameters=({"CertificateArn": ""},)) == [FINDING]
    assert found((FORWARD, NOT_FOUND), parameters=(certificate,)) == []


@pytest.mark.parametrize("action", [
    "{Type: forward, TargetGroupArn: !Ref TargetGroup}",
    "{Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: !Ref TargetGroup, Weight: 1}]}}",
    "!If [HasCertificate, {Type: forward, TargetGroupArn: !Ref TargetGroup}, "
    "{Type: forward, ForwardConfig: {TargetGroups: [{TargetGroupArn: !Ref TargetGroup}]}}]",
])
def test_a_listener_rule_that_forwards_is_enough(found, action):
    rule = RULE.format(title="ListenerRule", type="AWS::ElasticLoadBalancingV2::ListenerRule", action=action)
    assert found(*NOTHING_FORWARDS, WAITING, add=rule) == []


@pytest.mark.parametrize("kind", ["Custom::ListenerRule", "AWS::CloudFormation::Stack", "My::Listener::Rule::MODULE"])
def test_what_gets_hold_of_the_target_group_may_put_it_behind_a_listener(found, kind):
    opaque = RULE.format(title="Opaque", type=kind, action="!Ref TargetGroup")
    assert found(*NOTHING_FORWARDS, add=opaque) == []


def test_target_groups_from_elsewhere_are_not_judged(found):
    own, imported = "8080, TargetGroupArn: !Ref TargetGroup", "8080, TargetGroupArn: !ImportValue web"
    assert found(*NOTHING_FORWARDS, (own, imported)) == []


def test_a_template_that_a_macro_may_change_is_not_judged(found):
    left_out, = found(*NOTHING_FORWARDS, ("AWSTemplateFormatVersion: '2010-09-09'", "Transform: Balancers"))
    assert left_out.startswith("I9001 ")
