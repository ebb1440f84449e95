"""Deploy the bootstrap stack to the emulator before the environment, and check the result."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tap.bootstrap.settings import STACK, boundary_for
from tap.bootstrap.template import SAMPLES
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import Environment, Observer, Outcome, Target, Values
from tap.deploy.template import Rendered, rendered_template
from tap.rehearsal.checks import Check, named, trouble

Clients = Callable[[str], Any]
PARAMETERS = {**SAMPLES["given"], **SAMPLES["made"], "GitHubProviderArn": ""}


@dataclass
class Bootstrap:
    """The bootstrap stack in the emulator, with its outputs once it is deployed."""

    aws: Clients
    cloud: CloudFormation
    region: str
    template: Rendered = field(default_factory=lambda: rendered_template("bootstrap"))
    outputs: dict[str, str] = field(default_factory=dict)

    def checks(self) -> Iterator[Check]:
        """Deploy the stack twice and yield checks; an error is the last check."""
        env = Environment("bootstrap", Target(STACK, self.region, termination_protection=True), Values(PARAMETERS))
        try:
            outcome = self._deploy(env)
            yield Check("Bootstrap stack", Outcome.APPLIED.value, outcome.value)
            self.outputs = self.cloud.outputs(env)
            again = self._deploy(env)
            yield Check("Bootstrap stack again", Outcome.NO_CHANGES.value, again.value)
            yield self._bucket()
            yield self._execution_role()
            yield self._deployer()
        except Exception as error:
            yield trouble("Bootstrap stack", error)

    def _deploy(self, env: Environment) -> Outcome:
        with self.cloud.change_set(env, self.template) as change:
            return change.apply(Observer())

    def given(self, env: Environment, template: Rendered, *, as_in_files: bool = False) -> Environment:
        """Return an environment with bucket, role and boundary set as `tap bootstrap` writes them to its files.

        `as_in_files` gives it the bucket alone: who plans by hand has files without the others.
        """
        if as_in_files:
            return replace(env, target=replace(env.target, artifact_bucket=self.outputs.get("ArtifactBucketName")))
        boundary = boundary_for(template.document, self.outputs["PermissionsBoundaryArn"]) if self.outputs else {}
        target = replace(env.target, artifact_bucket=self.outputs.get("ArtifactBucketName"),
                         role_arn=self.outputs.get("ExecutionRoleArn"))
        return replace(env, target=target).with_parameters({**env.values.parameters, **boundary})

    def _bucket(self) -> Check:
        s3, name = self.aws("s3"), self.outputs["ArtifactBucketName"]
        rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
        blocked = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        denied = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
        return Check(
            "Artifact bucket", "versions Enabled, AES256, not public, 2 denials",
            f"versions {s3.get_bucket_versioning(Bucket=name).get('Status')}, "
            f"{rules[0]['ApplyServerSideEncryptionByDefault']['SSEAlgorithm']}, "
            f"{'not ' if all(blocked.values()) else ''}public, {len(denied)} denials")

    def _execution_role(self) -> Check:
        iam, arn = self.aws("iam"), self.outputs["ExecutionRoleArn"]
        attached = iam.list_attached_role_policies(RoleName=arn.rpartition("/")[2])["AttachedPolicies"]
        wanted = [title for title in self.template.document["Resources"] if title.startswith("ExecutionPolicy")]
        return Check("Execution role", f"{len(wanted)} policies", f"{len(attached)} policies")

    def _deployer(self) -> Check:
        iam, arn = self.aws("iam"), self.outputs["DeployerRoleArn"]
        trust = iam.get_role(RoleName=arn.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
        github, _ = trust["Statement"]
        subjects = github["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
        return Check("Deployer is trusted by", named(PARAMETERS["GitHubSubjects"].split(",")), named(subjects))
