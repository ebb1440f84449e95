"""W9311."""

import pytest


def test_a_bucket_that_does_not_let_cloudfront_read_is_found(found_in_example):
    [message] = found_in_example("W9311")
    assert message.startswith(
        "W9311 `Distribution` → `Bucket`: no bucket policy allows s3:GetObject for cloudfront.amazonaws.com.")


@pytest.mark.parametrize("change", [
    ("          OriginAccessControlId: !ImportValue access-control\n", ""),
    ("DomainName: !GetAtt Bucket.RegionalDomainName", "DomainName: files.example.com")])
def test_origins_without_access_control_and_other_origins_are_not_judged(found_in_example, change):
    assert found_in_example("W9311", change) == []


def test_a_bucket_that_an_output_identifies_may_have_its_policy_in_another_stack(found_in_example):
    assert found_in_example("W9311", add="Outputs:\n  Bucket: {Value: !Ref Bucket}\n") == []
