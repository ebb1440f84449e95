"""Upload templates that are too large for a request to the artifact bucket, under the hash of their content."""

import base64
import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from tap.deploy.aws import AwsClient, Call
from tap.deploy.models import TEMPLATE_BODY_LIMIT, CallFailed, Environment, InputError

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE_OBJECT_LIMIT = 1_048_576  # bytes, in a bucket (1 MB)
# Where `tap plan` uploads. The role of planning jobs, which run pull requests' code, can write only here.
PLANS = "plans/"
_NOT_THERE = ("404", "NoSuchBucket", "NoSuchKey", "NotFound")


@dataclass(frozen=True)
class Storage:
    """Where an S3 client stores objects, as a TemplateURL must name it."""

    account: str
    region: str
    url_suffix: str  # amazonaws.com, in China amazonaws.com.cn
    endpoint: str  # the client's own
    owner: str = ""  # the account that owns the artifact bucket, if it is another one

    @property
    def bucket_owner(self) -> str:
        """Return the account that must own the artifact bucket."""
        return self.owner or self.account

    @property
    def is_aws(self) -> bool:
        """Return whether the endpoint is AWS's own, not an emulator or a proxy."""
        return self.endpoint.partition("://")[2].partition("/")[0].partition(":")[0].endswith(self.url_suffix)

    def url(self, bucket: str, key: str) -> str:
        """Return the TemplateURL of an object.

        Custom endpoints and bucket names with dots, which no wildcard certificate covers, use path-style URLs.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
        """
        if not self.is_aws:
            return f"{self.endpoint.rstrip('/')}/{bucket}/{key}"
        if "." in bucket:
            return f"https://s3.{self.region}.{self.url_suffix}/{bucket}/{key}"
        return f"https://{bucket}.s3.{self.region}.{self.url_suffix}/{key}"


def storage(aws: AwsClient, env: Environment) -> Storage:
    """Return the S3 storage for an environment's objects."""
    from tap.deploy.boto import url_suffix

    meta = aws.meta("s3")
    return Storage(aws.account, meta.region_name, url_suffix(meta.partition), meta.endpoint_url,
                   env.target.artifact_bucket_owner or "")


def bucket_name(env: Environment, store: Storage) -> str | None:
    """Return the artifact bucket's name, `{account}` and `{region}` filled in; None if none is configured."""
    if env.target.artifact_bucket is None:
        return None
    return env.target.artifact_bucket.replace("{account}", store.account).replace("{region}", store.region)


def make_bucket_command(name: str, region: str) -> str:
    """Return the AWS CLI command that creates the bucket."""
    return f"aws s3 mb s3://{name} --region {region}"


def is_too_large(template: str) -> bool:
    """Return whether the template is too large for a request."""
    return len(template.encode()) > TEMPLATE_BODY_LIMIT


def check_bucket(aws: AwsClient, env: Environment, template: str) -> str:
    """Return the name of the bucket to upload templates to. Raises InputError if there is none."""
    name, store = _named_bucket(aws, env, template)
    with _explained(name, store):
        aws.service("s3")("head_bucket", Bucket=name, ExpectedBucketOwner=store.bucket_owner)
    return name


def _named_bucket(aws: AwsClient, env: Environment, template: str) -> tuple[str, Storage]:
    size, store = len(template.encode()), storage(aws, env)
    if size > TEMPLATE_OBJECT_LIMIT:
        raise InputError(f"the template has {size:,} bytes, more than CloudFormation's maximum of "
                         f"{TEMPLATE_OBJECT_LIMIT:,}: split it into several stacks")
    name = bucket_name(env, store)
    if name is None:
        suggestion = f"tap-artifacts-{store.account}-{store.region}"
        raise InputError(
            f"the template has {size:,} bytes, more than the {TEMPLATE_BODY_LIMIT:,} that fit in a request: "
            f"create a bucket (tap bootstrap ENV, or {make_bucket_command(suggestion, store.region)}) and set it in "
            f'parameters/targets.toml: artifact_bucket = "{suggestion}"')
    return name, store


def upload(aws: AwsClient, env: Environment, template: str) -> str:
    """Upload a template to the artifact bucket, unless it is already there, and return its TemplateURL.

    The bucket must belong to the account, or to the one that the target names: anyone can claim a bucket name.
    Raises InputError if the bucket does not exist or cannot be used.
    """
    (name, store), body = _named_bucket(aws, env, template), template.encode()
    key = env.target.artifact_prefix + hashlib.sha256(body).hexdigest()
    put(aws, store, name, key, body)
    return store.url(name, key)


def put(aws: AwsClient, store: Storage, bucket: str, key: str, body: bytes) -> None:
    """Upload an object to the artifact bucket unless it is already there with this content. Raises InputError.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    """
    call = aws.service("s3")
    owner = {"Bucket": bucket, "ExpectedBucketOwner": store.bucket_owner}
    with _explained(bucket, store):
        if not _is_there(call, owner, key, hashlib.sha256(body).digest()):
            call("put_object", **owner, Key=key, Body=body, ContentType="text/plain", ChecksumAlgorithm="SHA256")


@contextlib.contextmanager
def _explained(name: str, store: Storage) -> Iterator[None]:
    """Return the error for S3's response about an unusable bucket, with the next step."""
    try:
        yield
    except CallFailed as error:
        if error.code in _NOT_THERE:
            raise InputError(f"artifact bucket {name} does not exist. Create it with tap bootstrap, or with "
                             f"{make_bucket_command(name, store.region)}, then run this command again") from None
        if error.code in ("403", "AccessDenied"):
            raise InputError(
                f"artifact bucket {name} does not belong to account {store.bucket_owner}, or access to it is denied. "
                f"Check it with: aws s3api head-bucket --bucket {name}. If the bucket belongs to another account, set "
                "artifact_bucket_owner in parameters/targets.toml") from None
        if error.code in ("301", "PermanentRedirect"):
            raise InputError(f"artifact bucket {name} is not in region {store.region}: name one that is there in "
                             "parameters/targets.toml") from None
        raise


def _is_there(call: Call, owner: dict[str, str], key: str, digest: bytes) -> bool:
    """Return whether the object exists and has this SHA-256: others may write to the bucket, too.

    S3 computes the checksum itself: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
    """
    try:
        answer = call("head_object", **owner, Key=key, ChecksumMode="ENABLED")
    except CallFailed as error:
        # Without s3:ListBucket, S3 responds with 403 for a missing object. The upload shows which it is.
        if error.code in (*_NOT_THERE, "403"):
            return False
        raise
    return bool(answer.get("ChecksumSHA256") == base64.b64encode(digest).decode())
