"""Images in ECR: their digests, and the tag that keeps deployed images from expiring."""

import re

from tap.deploy.aws import AwsClient
from tap.deploy.models import CallFailed, Environment, InputError

DEPLOYED = "deployed-"  # prefix of the tag that keeps an image from expiring: see tap/bootstrap/repository.py
_DIGITS = 12  # of a digest, enough to tell a repository's images apart
# The media types of images and image indexes, in Docker's and OCI's formats.
_MANIFESTS = [
    "application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json"]
_ECR = re.compile(r"(?P<host>(?P<registry>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+)/"
                  r"(?P<repository>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>.+))?")


def digest_of(image: str) -> str | None:
    """Return the digest in an image's name, or None."""
    return image.partition("@")[2] or None


def _in_ecr(image: str) -> re.Match[str] | None:
    """Return the parts of an ECR image's name, in any partition; None for an image that is not in ECR."""
    from tap.deploy.boto import is_aws  # boto3 is slow to import

    match = _ECR.fullmatch(image)
    return match if match and is_aws(f"https://{match['host']}") else None


def find_digest(aws: AwsClient, env: Environment, image: str) -> str | None:
    """Return an image's digest, None if its name has none and it cannot be looked up.

    Raises InputError for an image that does not exist in its ECR repository.
    """
    parts = _in_ecr(image)
    if not parts or parts["region"] != aws.region:
        return digest_of(image)
    wanted = {"imageDigest": parts["digest"]} if parts["digest"] else {"imageTag": parts["tag"] or "latest"}
    try:
        details = aws.service("ecr")("describe_images", registryId=parts["registry"],
                                     repositoryName=parts["repository"], imageIds=[wanted])["imageDetails"]
    except CallFailed as error:
        if error.code == "RepositoryNotFoundException":
            raise InputError(f"image {image} does not exist: {error.message}. Create the repository with: "
                             f"{env.command('bootstrap')} --repository {parts['repository']}") from None
        if error.code == "ImageNotFoundException":
            raise InputError(f"image {image} does not exist: {error.message}") from None
        return digest_of(image)
    return str(details[0]["imageDigest"])


def mark_deployed(aws: AwsClient, image: str) -> str | None:
    """Add the tag that keeps an image from expiring; return why that failed, or None.

    Does nothing for an image outside ECR, or in another account or region, whose lifecycle rules are not tap's.
    Putting an image's own manifest is how ECR adds a tag:
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-retag.html
    """
    parts = _in_ecr(image)
    if not parts or parts["region"] != aws.region:
        return None
    repository = {"registryId": parts["registry"], "repositoryName": parts["repository"]}
    wanted = {"imageDigest": parts["digest"]} if parts["digest"] else {"imageTag": parts["tag"] or "latest"}
    try:
        if parts["registry"] != aws.account:
            return None
        ecr = aws.service("ecr")
        ecr_image, = ecr("batch_get_image", **repository, imageIds=[wanted], acceptedMediaTypes=_MANIFESTS)["images"]
        digest = ecr_image["imageId"]["imageDigest"]
        ecr("put_image", **repository, imageManifest=ecr_image["imageManifest"], imageDigest=digest,
            imageManifestMediaType=ecr_image["imageManifestMediaType"],
            imageTag=DEPLOYED + digest.partition(":")[2][:_DIGITS])
    except CallFailed as error:
        # It is already tagged. https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html
        there = error.code in ("ImageAlreadyExistsException", "ImageTagAlreadyExistsException")
        return None if there else error.message
    except ValueError:  # no such image, which find_digest rejects if it may read the repository
        return "ECR returns no such image"
    return None
