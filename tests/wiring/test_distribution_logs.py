"""E9306."""

import pytest

FINDING = (
    "E9306 `Distribution` → `LogBucket`: its logs need ACLs, which the bucket has disabled. "
    "Set OwnershipControls with ObjectOwnership: BucketOwnerPreferred on the bucket, or use standard logging v2.")
CONTROLS = "      OwnershipControls: {Rules: [{ObjectOwnership: BucketOwnerPreferred}]}\n"


@pytest.mark.parametrize("controls", ["", CONTROLS.replace("BucketOwnerPreferred", "BucketOwnerEnforced")])
def test_a_log_bucket_without_acls_is_found(found, controls):
    assert found((CONTROLS, controls)) == [FINDING]


@pytest.mark.parametrize("ownership", ["ObjectWriter", "!Ref Image"])
def test_buckets_with_acls_or_not_known_are_not_found(found, ownership):
    assert found(("BucketOwnerPreferred", ownership)) == []


@pytest.mark.parametrize("change", [
    ("        Logging: {Bucket: !GetAtt LogBucket.RegionalDomainName}\n", ""),
    ("Bucket: !GetAtt LogBucket.RegionalDomainName", "Bucket: logs.s3.amazonaws.com"),
    ("Bucket: !GetAtt LogBucket.RegionalDomainName", "Bucket: !ImportValue bucket"),
])
def test_other_logging_is_not_judged(found, change):
    assert found((CONTROLS, ""), change) == []
