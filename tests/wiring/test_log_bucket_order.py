"""E9305."""

DEPENDS_ON = "    DependsOn: LogBucketPolicy\n"


def test_a_load_balancer_that_does_not_wait_for_the_policy_of_its_log_bucket_is_found(found):
    assert found((DEPENDS_ON, "")) == [
        "E9305 `Balancer` → `LogBucketPolicy`: the load balancer does not wait for the policy of `LogBucket`. Add the "
        "bucket policy to the load balancer's DependsOn."]


def test_waiting_by_a_reference_counts(found):
    assert found((DEPENDS_ON, "    Metadata: {WaitsFor: !Ref LogBucketPolicy}\n")) == []
    by_policy = "bucket, Value: !Ref LogBucket", "bucket, Value: !Ref LogBucketPolicy"
    assert found((DEPENDS_ON, ""), by_policy) == []


def test_a_policy_from_elsewhere_is_not_waited_for(found):
    bucket = "access_logs.s3.bucket, Value: !Ref LogBucket", "access_logs.s3.bucket, Value: !ImportValue bucket"
    assert found((DEPENDS_ON, ""), bucket) == []
