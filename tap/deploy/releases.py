"""Releases: deploy a new image to a stack and change nothing else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from tap.deploy import constraints
from tap.deploy.aws import AwsClient, Call
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.deployed import Deployed, physical_ids, read_deployed
from tap.deploy.images import digest_of, find_digest
from tap.deploy.models import ChangeSet, Detail, Environment, InputError, Refused, Values
from tap.deploy.pending import PendingChangeSet
from tap.deploy.template import Rendered, parsed

IMAGE = "ContainerImage"  # the parameter
CONTAINER = "WebApp"  # of the service's task definition
_MOST_REVISIONS = 20  # of DescribeServiceRevisions


@dataclass(frozen=True)
class Release:
    """An image to release, and the stack to release it to."""

    env: Environment  # all parameters keep their values, except the image
    template: Rendered  # the deployed one
    old: str
    new: str
    old_digest: str | None
    new_digest: str | None  # None: unknown


def prepare(cloud: CloudFormation, env: Environment, image: str | None) -> Release:
    """Return the release of an image; None stands for the previously deployed one.

    Raises InputError if there is no stack, or a lookup shows that the image does not exist; Refused for an image
    without a digest in a protected environment.
    """
    cloud.check_account(env)
    deployed = read_deployed(cloud.aws.call, env)
    if deployed is None:
        raise InputError(f"stack {env.stack_name} does not exist. Create it with: {env.command('deploy')}")
    body = cloud.aws.call("get_template", StackName=deployed.stack_id, TemplateStage="Original")["TemplateBody"]
    template = Rendered(parsed(body), body if isinstance(body, str) else json.dumps(body))
    old = deployed.parameters.get(IMAGE)
    if old is None:
        raise InputError(f"stack {env.stack_name} has no parameter {IMAGE}: nothing to release")
    history = images(cloud.aws, env)
    new = image or _before(history, env)
    if problem := constraints.violation(IMAGE, new, template.document["Parameters"][IMAGE], "the command"):
        raise InputError(problem.replace(IMAGE, "the image", 1))
    digest = find_digest(cloud.aws, env, new)
    if deployed.parameters.get("Protected") == "true" and "@" not in new:
        known = f": {env.command('release')} {new}@{digest}" if digest else f": {new}@sha256:…"
        raise Refused(f"stack {env.stack_name} is protected and requires images by digest{known}")
    return Release(_only_image(env, deployed, template, new), template, old, new,
                   digest_of(old) or (digest_of(history[0]) if history else None), digest)


def _only_image(env: Environment, deployed: Deployed, template: Rendered, image: str) -> Environment:
    declarations = template.document["Parameters"]
    values = Values(
        {IMAGE: image}, previous=frozenset(declarations) - {IMAGE}, overridden=frozenset({IMAGE}),
        # Tags that a request omits are removed. Requests may not contain AWS's own.
        tags={tag["Key"]: tag["Value"] for tag in deployed.stack.get("Tags", []) if not tag["Key"].startswith("aws:")},
        secrets=frozenset(name for name, declaration in declarations.items() if constraints.is_no_echo(declaration)),
        hidden=env.values.hidden)
    return replace(env, values=values, target=replace(env.target, termination_protection=deployed.is_protected))


@contextmanager
def change_set(cloud: CloudFormation, release: Release) -> Iterator[PendingChangeSet]:
    """Yield the change set of a release, as `CloudFormation.change_set` does. Raises Refused if more would change."""
    with cloud.change_set(release.env, release.template, as_deployed=True) as change:
        if others := others_than_image(change.content):
            raise Refused(f"more than the image would change: {', '.join(others)}. Review it with: "
                          f"{release.env.command('plan')}")
        yield change


def others_than_image(change_set: ChangeSet) -> list[str]:
    """Return the logical ids of changes that are not a consequence of the image's.

    A change is a consequence if each of its details refers to the parameter, or to a resource whose own change
    is one. CloudFormation lists a property once for each cause, and once more as a direct modification.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html
    """
    causes, left = {IMAGE}, list(change_set.changes)
    while follows := [change for change in left if change.action == "Modify" and _follows(change.details, causes)]:
        causes |= {change.logical_id for change in follows}
        left = [change for change in left if change not in follows]
    return [change.logical_id for change in left]


def _follows(details: tuple[Detail, ...], causes: set[str]) -> bool:
    def is_caused(detail: Detail) -> bool:
        return (detail.cause or "").partition(".")[0] in causes

    explained = {(detail.attribute, detail.name) for detail in details if is_caused(detail)}
    return bool(details) and all(
        is_caused(detail) or (detail.cause is None and (detail.attribute, detail.name) in explained)
        for detail in details)


def images(aws: AwsClient, env: Environment) -> list[str]:
    """Return the images of the service's successful deployments by digest, the current one first.

    ECS records the digest that a tag stood for, no matter who deployed it.
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html
    """
    ids, ecs = physical_ids(aws.call, env), aws.service("ecs")
    if not {"Cluster", "Service"} <= ids.keys():
        return []
    deployments = _pages(ecs, "list_service_deployments", "serviceDeployments", cluster=ids["Cluster"],
                         service=ids["Service"], status=["SUCCESSFUL"])
    latest_first = sorted(deployments, key=lambda deployment: deployment["createdAt"])[::-1]
    arns = [deployment["targetServiceRevisionArn"] for deployment in latest_first]
    arns = list(dict.fromkeys(arns))[:_MOST_REVISIONS]
    if not arns:
        return []
    revisions = {revision["serviceRevisionArn"]: revision for revision in ecs(
        "describe_service_revisions", serviceRevisionArns=arns)["serviceRevisions"]}
    return [_by_digest(container) for arn in arns if arn in revisions
            for container in revisions[arn].get("containerImages", []) if container["containerName"] == CONTAINER]


def _pages(call: Call, method: str, member: str, **request: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    while True:
        page = call(method, **request)
        items += page[member]
        if not page.get("nextToken"):
            return items
        request["nextToken"] = page["nextToken"]


def _by_digest(container: dict[str, str]) -> str:
    image, digest = container["image"], container.get("imageDigest")
    return image if "@" in image or not digest else f"{image}@{digest}"


def _before(history: list[str], env: Environment) -> str:
    earlier = [image for image in history if image != history[0]]
    if not earlier:
        raise InputError(f"ECS has no record of an earlier image of stack {env.stack_name}. Name it: "
                         f"{env.command('release')} IMAGE")
    return earlier[0]
