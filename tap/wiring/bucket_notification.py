"""E9401: bucket notification to a function without its permission, or made before it."""

from collections.abc import Iterator

from tap.wiring.graph import Stack
from tap.wiring.iam import BUCKET
from tap.wiring.invoking import INVOKED, PERMISSION, permissions
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_maps


class BucketNotification(WiringRule):
    """S3 validates the function of a notification."""

    id = "E9401"
    shortdesc = "Bucket notification to a function without a permission, or created before it"
    description = (
        "S3 validates destinations when notifications are set and rejects functions that it may not invoke. Nothing in "
        "the bucket refers to the permission.")
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
        "aws-properties-s3-bucket-notificationconfiguration.html")
    error = "Unable to validate the following destination configurations"
    fix = "Add an AWS::Lambda::Permission for s3.amazonaws.com, and add it to the bucket's DependsOn."
    types = (BUCKET, PERMISSION, *INVOKED)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield buckets that notify functions without, or before, a permission."""
        for bucket in stack.of_type(BUCKET):
            for entry in as_maps(bucket.at("NotificationConfiguration", "LambdaConfigurations")):
                invoked = stack.target(entry.get("Function"), *INVOKED)
                if not invoked or stack.is_handed_out(invoked):
                    continue
                granted = permissions(stack, invoked, "s3")
                if not granted:
                    yield Broken(bucket, invoked, "NotificationConfiguration", "no permission allows S3 to invoke it")
                elif not any(stack.waits_for(bucket, found) for found in granted):
                    yield Broken(bucket, granted[0], "NotificationConfiguration",
                                 f"the bucket does not wait for the permission to invoke `{invoked.logical_id}`")
