"""E9303."""

import pytest


@pytest.mark.parametrize("algorithm", ["aws:kms", "aws:kms:dsse"])
def test_a_bucket_for_load_balancer_logs_with_a_kms_key_is_found(found, algorithm):
    assert found(("SSEAlgorithm: AES256", f"SSEAlgorithm: '{algorithm}'")) == [
        f"E9303 `Balancer` → `LogBucket`: logs cannot be delivered to a bucket encrypted with {algorithm}. "
        "Set SSEAlgorithm: AES256 on the bucket."]


def test_connection_logs_are_judged_as_well(found):
    assert len(found(("access_logs.s3.enabled", "connection_logs.s3.enabled"),
                     ("access_logs.s3.bucket", "connection_logs.s3.bucket"), ("AES256", "'aws:kms'"))) == 1


@pytest.mark.parametrize("change", [
    ("access_logs.s3.enabled, Value: 'true'", "access_logs.s3.enabled, Value: 'false'"),
    ("access_logs.s3.bucket, Value: !Ref LogBucket", "access_logs.s3.bucket, Value: !ImportValue bucket"),
    ("      LoadBalancerAttributes:\n", "      Type: network\n      LoadBalancerAttributes:\n"),
])
def test_other_buckets_are_not_judged(found, change):
    assert [item for item in found(("AES256", "'aws:kms'"), change) if item.startswith("E930")] == []


def test_an_algorithm_that_is_not_known_is_not_found(found):
    assert found(("SSEAlgorithm: AES256", "SSEAlgorithm: !Ref Image")) == []
