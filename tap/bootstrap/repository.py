"""A repository for the application's images, in a separate stack that outlives the environments.

Not part of the bootstrap stack, whose template has no room left in a request (51,200 bytes), and since a repository is
of one application.
"""

import json
from typing import Any

from awacs import ecr
from awacs.aws import Allow, AWSPrincipal, Statement
from troposphere import Equals, Not, Output, Parameter, Sub, Template
from troposphere.ecr import EncryptionConfiguration, ImageScanningConfiguration, LifecyclePolicy, Repository

from tap.bootstrap.repository_names import KEEP, NAME
from tap.deploy.images import DEPLOYED
from tap.environment import add_tags
from tap.parts import Stack, add_parameter, only_if, policy, suppress, tag_all

_UNTAGGED_DAYS = 7
_ALL = 9999
SAMPLES = {"sample": {
    "RepositoryName": "payments/web", "DeployerRoleArn": "arn:aws:iam::000000000000:role/bootstrap/deployer"}}


def build() -> Template:
    """Return the template of one repository."""
    t = Stack("A repository for the images of an application, which outlives the stacks that run them")
    tags = add_tags(t, "Tags")
    t.add(_add_repository)
    tag_all(t, tags)
    return t


def _add_repository(t: Template) -> None:
    name = add_parameter(t, "Repository", "Name", Parameter(
        "RepositoryName", Type="String", AllowedPattern=NAME, MinLength=2, MaxLength=256,
        ConstraintDescription="must be the name of an ECR repository, such as payments/web",
        Description="Name of the repository. Another name is another repository."))
    kept = add_parameter(t, "Repository", "Images kept", Parameter(
        KEEP, Type="Number", Default="100", MinValue=1, MaxValue=_ALL,
        ConstraintDescription=f"must be between 1 and {_ALL:,}",
        Description="The newest images that are kept; every image that was deployed is kept besides."))
    deployer = add_parameter(t, "Repository", "Deployer", Parameter(
        "DeployerRoleArn", Type="String", Default="", AllowedPattern=r"(arn:[a-z-]+:iam::\d{12}:role/.+)?",
        ConstraintDescription="must be the ARN of a role, or empty",
        Description="Role that deploys, and marks the images that it deploys; empty for none."))
    has_deployer = t.add_condition("HasDeployer", Not(Equals(deployer.ref(), "")))
    repository = t.add_resource(Repository(
        "Repository", DeletionPolicy="RetainExceptOnCreate", UpdateReplacePolicy="Retain", RepositoryName=name.ref(),
        ImageTagMutability="IMMUTABLE", ImageScanningConfiguration=ImageScanningConfiguration(ScanOnPush=True),
        EncryptionConfiguration=EncryptionConfiguration(EncryptionType="AES256"),
        # Instead of a statement on every repository of the account in the deployer's policy.
        RepositoryPolicyText=only_if(has_deployer, policy(Statement(
            Sid="MarkDeployedImages", Effect=Allow, Principal=AWSPrincipal(deployer.ref()),
            Action=[ecr.BatchGetImage, ecr.PutImage]))),
        LifecyclePolicy=LifecyclePolicy(LifecyclePolicyText=Sub(_lifecycle(f"${{{kept.title}}}")))))
    suppress(repository, {"CKV_AWS_136": "Images hold no data and no secrets"})
    t.add_output(Output("RepositoryUri", Description="Push images there", Value=repository.get_att("RepositoryUri")))


def _lifecycle(kept: str) -> str:
    """Return the lifecycle rules, which never expire an image that was deployed.

    ECR does not know what runs. So `tap` gives each image a tag that begins with DEPLOYED before it deploys it, and
    the first rule selects these and keeps all of them: "An image that matches the tagging requirements of a rule cannot
    be expired by a rule with a lower priority". Tags do not move here, so what was deployed is never untagged.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html

    An image for several platforms is an index, which has the tag, and untagged images: "If an image is referenced by a
    manifest list, it cannot be expired or archived without the manifest list being deleted or archived first" (ibid.).
    """
    def rule(priority: int, description: str, **selection: Any) -> str:
        return json.dumps({"rulePriority": priority, "description": description, "selection": selection,
                           "action": {"type": "expire"}})

    rules = ",\n".join((
        rule(1, "Keep what was deployed", tagStatus="tagged", tagPrefixList=[DEPLOYED],
             countType="imageCountMoreThan", countNumber=_ALL),
        rule(2, f"Expire untagged images after {_UNTAGGED_DAYS} days", tagStatus="untagged",
             countType="sinceImagePushed", countUnit="days", countNumber=_UNTAGGED_DAYS),
        rule(3, "Keep the newest images", tagStatus="tagged", tagPatternList=["*"],
             countType="imageCountMoreThan", countNumber=kept).replace(f'"{kept}"', kept)))
    return f'{{"rules": [\n{rules}]}}'
