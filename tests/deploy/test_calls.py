"""How often AWS is asked: each request of a plan takes its time."""

from collections import Counter

import pytest
from memory_aws import NEW, MemoryAws
from memory_bucket import MemoryBucket
from memory_tap import Tap

AT_MOST = 14  # a plan, of a template that needs the artifact bucket, into an account that is checked
LARGE = {**NEW, "Metadata": {"Padding": "x" * 60_000}, "Outputs": {
    "Url": {"Value": "https://pay.payments.test", "Export": {"Name": "url"}}}}


@pytest.fixture
def bucket(tap: Tap, aws: MemoryAws) -> MemoryBucket:
    made = MemoryBucket()
    tap.services["s3"] = made
    tap.document = LARGE
    tap.write("parameters/targets.toml",
              f'[dev]\naccounts = ["{aws.account}"]\nartifact_bucket = "artifacts"\n')
    # CloudFormation reads the template from the bucket.
    real = aws.do_create_change_set
    aws.do_create_change_set = lambda *, TemplateURL="", **request: real(  # type: ignore[method-assign]
        TemplateBody=made.objects[TemplateURL.partition(".com/")[2]].decode() if TemplateURL else "", **request)
    return made


@pytest.mark.usefixtures("stack")
def test_a_plan_asks_aws_at_most_fourteen_times(tap: Tap, aws: MemoryAws, bucket: MemoryBucket) -> None:
    assert tap("plan", "dev") == 0

    calls = aws.calls + bucket.calls
    assert len(calls) <= AT_MOST, Counter(calls)
    assert {call for call in bucket.calls if call.startswith("head_")} == {"head_object"}
