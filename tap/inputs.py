"""Application inputs set by parameters: an environment file, keys of a secret, managed policies of the task role."""

from typing import Any, NamedTuple

from awacs import kms, s3, secretsmanager
from awacs.aws import Condition, Statement, StringEquals
from troposphere import Equals, If, Join, Not, Parameter, Select, Split, Sub, Template
from troposphere.ecs import EnvironmentFile, Secret

from tap.parts import add_parameter, allow, only_if

GROUP = "Application"
MOST_KEYS = 10
# A role can have ten managed policies by default; the stack's own policy is one of them.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_POLICIES = 5
_KEY = "[A-Za-z_][A-Za-z0-9_]{0,127}"
_POLICY = r"arn:[a-z-]+:iam::(aws|\d{12}):policy/[\w+=.@/-]+"


class Inputs(NamedTuple):
    """What every container gets in addition to the template's own variables."""

    environment_files: If
    secrets: list[If]
    execution: list[If]
    """Permissions of the execution role to read both."""
    task_policies: list[If]
    """Managed policies for the task role."""


def add_inputs(t: Template) -> Inputs:
    """Declare the parameters for the application's variables, secrets and permissions; return what they add."""
    files, may_read_file = _add_environment_file(t)
    secrets, may_read_secret = _add_secret(t)
    policies = add_parameter(t, GROUP, "Task policies", Parameter(
        "TaskPolicyArns", Type="String", Default="", AllowedPattern=_list_of(_POLICY, MOST_POLICIES),
        ConstraintDescription=f"must be up to {MOST_POLICIES} comma-separated ARNs of managed policies, or empty",
        Description=f"ARNs of up to {MOST_POLICIES} managed policies to attach to the task role, comma-separated. The "
                    "permissions boundary still applies."))
    return Inputs(files, secrets, [*may_read_file, *may_read_secret],
                  [only_if(condition, arn) for condition, arn in _items(t, policies, MOST_POLICIES)])


def read_secret(arn: Any) -> tuple[Statement, Statement]:
    """Return the permissions to read a secret whose KMS key is not known.

    The encryption context limits decryption to this secret. The policy of a customer managed key must also allow this
    account.
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    return (
        allow([secretsmanager.GetSecretValue], arn),
        allow([kms.Decrypt], Sub("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"),
              condition=Condition(StringEquals({
                  "kms:ViaService": Sub("secretsmanager.${AWS::Region}.amazonaws.com"),
                  "kms:EncryptionContext:SecretARN": arn}))))


def secret_variable(arn: Any, key: Any) -> Secret:
    """Return a container variable with the name and value of a secret's key.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    return Secret(Name=key, ValueFrom=Sub("${Secret}:${Key}::", Secret=arn, Key=key))


def _add_environment_file(t: Template) -> tuple[If, list[If]]:
    """Return the container's environment file and the permissions to read it.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html
    """
    arn = add_parameter(t, GROUP, "Environment file", Parameter(
        "EnvironmentFileArn", Type="String", Default="",
        AllowedPattern=r"(arn:[a-z-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9!_.*'()/-]+\.env)?",
        ConstraintDescription="must be the ARN of an S3 object whose name ends in .env, or empty",
        Description="ARN of an S3 object with variables for the container, one NAME=value per line; its name must end "
                    "in .env. Empty for none. The stack's own variables take precedence. For secrets, use "
                    "AppSecretArn. tap sets it from parameters/ENVIRONMENT.env."))
    condition = t.add_condition("HasEnvironmentFile", Not(Equals(arn.ref(), "")))
    return only_if(condition, [EnvironmentFile(Type="s3", Value=arn.ref())]), [
        only_if(condition, allow([s3.GetObject], arn.ref())),
        only_if(condition, allow([s3.GetBucketLocation], Select(0, Split("/", arn.ref()))))]


def _add_secret(t: Template) -> tuple[list[If], list[If]]:
    """Return the container's variables and the permissions to read the secret."""
    arn = add_parameter(t, GROUP, "Secret", Parameter(
        "AppSecretArn", Type="String", Default="",
        # ECS needs the full ARN to select a key of the secret.
        AllowedPattern=r"(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6})?",
        ConstraintDescription="must be the full ARN of a secret, including the six characters at its end, or empty",
        Description="ARN of a Secrets Manager secret in this account and region whose value is a JSON object; empty "
                    "for none. With the permissions boundary of tap bootstrap or the catalog, the secret must have the "
                    "stack's Application tag."))
    keys = add_parameter(t, GROUP, "Secret keys", Parameter(
        "AppSecretKeys", Type="String", Default="", AllowedPattern=_list_of(_KEY, MOST_KEYS),
        ConstraintDescription=f"must be up to {MOST_KEYS} comma-separated variable names, or empty",
        Description=f"Up to {MOST_KEYS} comma-separated keys of AppSecretArn. Each becomes a container variable of the "
                    "same name, read when the task starts: after rotating the secret, deploy again."))
    condition = t.add_condition("HasAppSecret", Not(Equals(arn.ref(), "")))
    return [only_if(has_key, secret_variable(arn.ref(), key)) for has_key, key in _items(t, keys, MOST_KEYS)], [
        only_if(condition, statement) for statement in read_secret(arn.ref())]


def _list_of(pattern: str, most: int) -> str:
    return f"({pattern}(,{pattern}){{0,{most - 1}}})?"


def _items(t: Template, parameter: Parameter, most: int) -> list[tuple[str, Select]]:
    """Return the items of a comma-separated parameter, each with the condition that it exists.

    CloudFormation has no loops without a transform and rejects `Fn::Select` beyond the end of a list, so the list is
    padded with empty items. The pattern of a CommaDelimitedList could not limit the number of items.

    AWS's list of functions for `Fn::Equals` names Ref and Fn::FindInMap alone, but CloudFormation takes Fn::Select,
    Fn::Split and Fn::Join, too: AWS ParallelCluster was deployed by a template with such conditions
    (https://github.com/aws-cloudformation/cfn-lint/issues/876), and cfn-lint accepts them since. Only a list by itself
    is refused: "every Fn::Equals object requires a list of 2 string parameters" (ibid., issue 1639).
    """
    padded = Split(",", Join("", [parameter.ref(), "," * most]))
    name = str(parameter.title).removesuffix("s")
    return [(t.add_condition(f"Has{name}{place + 1}", Not(Equals(Select(place, padded), ""))), Select(place, padded))
            for place in range(most)]
