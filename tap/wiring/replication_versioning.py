"""E9413: replication from or to a bucket without versioning."""

from collections.abc import Iterator

from tap.wiring.graph import Resource, Stack
from tap.wiring.iam import BUCKET
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps, at


class ReplicationVersioning(WiringRule):
    """S3 replicates object versions."""

    id = "E9413"
    shortdesc = "Replication from or to a bucket without versioning"
    description = "S3 rejects a replication configuration unless versioning is enabled on source and destination."
    source_url = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html"
    error = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
    fix = "Set VersioningConfiguration with Status: Enabled on the bucket."
    types = (BUCKET,)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield buckets that replicate without versioning at either end."""
        for bucket in stack.of_type(BUCKET):
            rules = as_maps(bucket.at("ReplicationConfiguration", "Rules"))
            destinations = [stack.named(_name(at(rule, "Destination", "Bucket")), BUCKET, "BucketName")
                            for rule in rules if rule.get("Status") != "Disabled"]
            ends = {end.logical_id: end for end in [bucket if rules else None, *destinations] if end}
            for end in ends.values():
                if _is_unversioned(end):
                    yield Broken(bucket, end, "ReplicationConfiguration", "versioning is not enabled on it")


def _name(arn: object) -> object:
    """Return the bucket's name in an ARN that is known, and anything else as it is."""
    return arn.removeprefix("arn:aws:s3:::") if isinstance(arn, str) else arn


def _is_unversioned(bucket: Resource) -> bool:
    status = bucket.at("VersioningConfiguration", "Status")
    return bucket.at("VersioningConfiguration") is None or status == "Suspended"
