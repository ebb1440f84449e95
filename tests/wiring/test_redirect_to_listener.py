"""W9106."""

import pytest

REDIRECT = "RedirectConfig: {Protocol: HTTPS, Port: '443', StatusCode: HTTP_301}"
FINDING = (
    "W9106 `HttpListener` → `Balancer`: it redirects to port 8443, which has no listener. "
    "Add a listener for that port, or forward instead. (Where HasCertificate is true.)")


def test_a_redirect_to_a_port_where_nothing_listens_is_found(found):
    assert found((REDIRECT, REDIRECT.replace("443", "8443"))) == [FINDING]


def test_a_redirect_in_a_listener_rule_is_found(found):
    rule = f"""
  ListenerRule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref HttpListener
      Priority: 1
      Conditions: [{{Field: path-pattern, Values: ['/old']}}]
      Actions: [{{Type: redirect, {REDIRECT.replace("443", "8443")}}}]
"""
    assert found(add=rule) == [
        FINDING.replace("HttpListener", "ListenerRule").removesuffix(" (Where HasCertificate is true.)")]


@pytest.mark.parametrize("port", ["80", "'#{port}'", "!Ref Image", "!ImportValue port"])
def test_ports_with_a_listener_or_not_known_are_not_found(found, port):
    assert found((REDIRECT, REDIRECT.replace("'443'", port))) == []


def test_another_host_is_not_judged(found):
    assert found((REDIRECT, REDIRECT.replace("443", "8443").replace("{", "{Host: example.com, "))) == []


def test_a_listener_on_a_port_that_is_not_known_may_be_the_one(found):
    assert found((REDIRECT, REDIRECT.replace("443", "8443")), ("Port: 443\n", "Port: !ImportValue port\n")) == []


def test_a_balancer_that_an_output_identifies_may_have_listeners_in_another_stack(found):
    port = "Port: '443'", "Port: '8443'"
    output = "\nOutputs:\n  Balancer: {Value: !Ref Balancer}\n"
    assert len(found(port)) == 1
    assert found(port, add=output) == []
