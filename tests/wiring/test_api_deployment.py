"""E9410."""

import pytest


def test_a_deployment_that_waits_for_no_method_is_found(found_in_example):
    [message] = found_in_example("E9410")
    assert message.startswith("E9410 `Deployment` → `Method`: it does not wait for a method of `Api`.")


def test_a_deployment_of_a_websocket_api_waits_for_a_route(found_in_example):
    changes = [("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api"), ("GET", "ANY"),
               ("AWS::ApiGateway::Method", "AWS::ApiGatewayV2::Route"), ("RestApiId: !Ref Api\n", "ApiId: !Ref Api\n"),
               ("AWS::ApiGateway::Deployment", "AWS::ApiGatewayV2::Deployment"), ("{RestApiId", "{ApiId")]
    [message] = found_in_example("E9410", *changes)
    assert message.startswith("E9410 `Deployment` → `Method`")


@pytest.mark.parametrize("change", [
    ("{Name: api}", "{Body: {openapi: 3.0.1}}"), ("{RestApiId: !Ref Api}", "{RestApiId: !ImportValue api}"),
    ("      RestApiId: !Ref Api\n", "      RestApiId: !ImportValue api\n")])
def test_an_api_with_a_definition_or_from_elsewhere_is_not_judged(found_in_example, change):
    assert found_in_example("E9410", change) == []
