"""Custom resource that empties the bucket BucketName of its own stack when the stack is deleted."""

import json
import time
import urllib.request
from typing import Any

# Milliseconds for two AWS calls with retries (78 s) and the response with retries (18 s).
MARGIN = 100_000


def _client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": 3}
    return boto3.client(service, config=Config(connect_timeout=2, read_timeout=10, retries=retries))


def _send(url: str, answer: bytes, sleep: Any = time.sleep) -> None:
    for pause in 0, 1, 2:
        sleep(pause)
        try:
            # CloudFormation's presigned URL requires an empty Content-Type.
            request = urllib.request.Request(url, answer, {"Content-Type": ""}, method="PUT")
            urllib.request.urlopen(request, timeout=5).close()
            return
        except Exception as e:
            # Not the message, which may contain the URL: it is a secret.
            error = type(e).__name__
    raise RuntimeError(f"cannot send the response to CloudFormation: {error}")


def _empty(bucket: str, stack: str, context: Any, client: Any) -> str:
    cloudformation = client("cloudformation")
    # A stack update that removes this resource also sends Delete, but may keep the bucket.
    state = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    if state not in ("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
        return f"{bucket} was not emptied: the stack's status is {state}"
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    own = [r.get("PhysicalResourceId") for page in pages for r in page["StackResourceSummaries"]
           if r["ResourceType"] == "AWS::S3::Bucket"]
    if bucket not in own:
        raise PermissionError(f"{bucket} is not a bucket of this stack")
    s3 = client("s3")
    deleted, before = 0, -1
    try:
        # Repeat while a pass deletes something: errors may be transient.
        while deleted > before:
            before, refused = deleted, []
            for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
                if context.get_remaining_time_in_millis() <= MARGIN:
                    raise TimeoutError(f"{deleted} versions deleted, more remain: delete the stack again to continue")
                found = page.get("Versions", []) + page.get("DeleteMarkers", [])
                if found:
                    ids = [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in found]
                    result = s3.delete_objects(Bucket=bucket, Delete={"Objects": ids, "Quiet": True})
                    errors = result.get("Errors", [])
                    refused += errors
                    deleted += len(ids) - len(errors)
    except s3.exceptions.NoSuchBucket:
        return f"{bucket} is already deleted"
    if refused:
        named = ", ".join(f"{e['Key']} ({e['Code']})" for e in refused)
        raise RuntimeError(f"{deleted} versions deleted, {len(refused)} could not be deleted: {named}")
    return f"{deleted} versions deleted"


def handler(event: Any, context: Any, client: Any = _client, send: Any = _send) -> None:
    """Send SUCCESS or FAILED to CloudFormation in any case; raise RuntimeError only if sending fails."""
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer["PhysicalResourceId"] = event.get("PhysicalResourceId") or event["LogicalResourceId"]
    status, reason = "SUCCESS", "The bucket will be emptied when the stack is deleted"
    try:
        bucket = event["ResourceProperties"]["BucketName"]
        if event["RequestType"] == "Delete":
            reason = _empty(bucket, event["StackId"], context, client)
        else:
            answer["PhysicalResourceId"] = bucket
    except Exception as e:
        status, reason = "FAILED", f"{type(e).__name__}: {e}"
    answer |= {"Status": status, "Reason": reason.encode("ascii", "replace").decode()[:500]}
    body = json.dumps(answer)
    print(body)
    send(event["ResponseURL"], body.encode())
