"""E9310."""

import pytest

BALANCER = """
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    DependsOn: Policy
    Properties:
      Type: network
      Scheme: internal
      Subnets: [!ImportValue subnet]
      LoadBalancerAttributes:
      - {Key: access_logs.s3.enabled, Value: 'true'}
      - {Key: access_logs.s3.bucket, Value: !Ref Logs}
"""
TRAIL = "S3BucketName: !Ref Logs", "S3BucketName: logs"
PUT = "          Principal: {Service: delivery.logs.amazonaws.com}\n          Action: s3:PutObject"


def test_a_trail_whose_bucket_lets_another_service_deliver_is_found(found_in_example):
    [message] = found_in_example("E9310")
    assert message.startswith(
        "E9310 `Trail` → `Logs`: no bucket policy allows s3:PutObject for cloudtrail.amazonaws.com.")


def test_a_network_load_balancer_delivers_under_another_name_than_an_application_one(found_in_example):
    assert found_in_example("E9310", TRAIL, add=BALANCER) == []
    application = PUT, PUT.replace("delivery.logs", "logdelivery.elasticloadbalancing")
    [message] = found_in_example("E9310", TRAIL, application, add=BALANCER)
    assert message.startswith(
        "E9310 `Balancer` → `Logs`: no bucket policy allows s3:PutObject for delivery.logs.amazonaws.com.")


@pytest.mark.parametrize("change", [
    TRAIL, (PUT, PUT.replace("{Service: delivery.logs.amazonaws.com}", "'*'")),
    ("Bucket: !Ref Logs", "Bucket: !ImportValue logs")])
def test_buckets_and_policies_from_elsewhere_are_not_judged(found_in_example, change):
    assert len(found_in_example("E9310", change)) == (1 if "ImportValue" in change[1] and "Bucket:" in change[0] else 0)
