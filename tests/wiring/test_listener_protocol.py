"""E9110."""

import pytest

TARGET = "{VpcId: !ImportValue vpc, Protocol: HTTP, Port: 80, TargetType: ip}"


@pytest.mark.parametrize(("listener", "targets", "count"), [
    ("TLS", "HTTP", 1), ("TLS", "TCP", 0), ("TLS", "TLS", 0), ("TCP", "TLS", 1), ("UDP", "TCP_UDP", 0),
    ("TCP", "UDP", 1),
    ("HTTPS", "HTTP", 0), ("HTTP", "HTTPS", 0), ("HTTP", "TCP", 1), ("!ImportValue protocol", "HTTP", 0),
    ("TLS", "!ImportValue protocol", 0)])
def test_a_listener_forwards_to_protocols_of_its_own_layer(found_in_example, listener, targets, count):
    assert len(found_in_example("E9110", ("Protocol: TLS", f"Protocol: {listener}"),
                                (TARGET, TARGET.replace("HTTP", targets)))) == count


def test_the_rule_of_a_listener_is_judged_by_the_listener(found_in_example):
    rule = """
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties: {ListenerArn: !Ref Listener, Actions: [{Type: forward, TargetGroupArn: !Ref TargetGroup}]}
"""
    messages = found_in_example("E9110", add=rule)
    assert [message.split("`")[1] for message in messages] == ["Listener", "Rule"]
