"""What parameters alone give an application: a file of variables, keys of a secret, policies of the task role."""

from typing import Any, NamedTuple

from awacs import kms, s3, secretsmanager
from awacs.aws import Condition, Statement, StringEquals
from troposphere import Equals, If, Join, Not, Parameter, Select, Split, Sub, Template
from troposphere.ecs import EnvironmentFile, Secret

from tap.parts import add_parameter, allow, only_if

GROUP = "Application"
MOST_KEYS = 10
# A role takes ten managed policies, unless its quota is raised, of which the stack's own is one.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
MOST_POLICIES = 5
_KEY = "[A-Za-z_][A-Za-z0-9_]{0,127}"
_POLICY = r"arn:[a-z-]+:iam::(aws|\d{12}):policy/[\w+=.@/-]+"


class Inputs(NamedTuple):
    """What every container is given beside the template's own variables."""

    environment_files: If
    secrets: list[If]
    execution: list[If]
    """What the execution role needs for both."""
    task_policies: list[If]
    """Managed policies of the task role."""


def add_inputs(t: Template) -> Inputs:
    """Declare the parameters of the application's variables, secrets and permissions."""
    files, may_read_file = _add_environment_file(t)
    secrets, may_read_secret = _add_secret(t)
    policies = add_parameter(t, GROUP, "Policies of tasks", Parameter(
        "TaskPolicyArns", Type="String", Default="", AllowedPattern=_list_of(_POLICY, MOST_POLICIES),
        ConstraintDescription=f"must be ARNs of up to {MOST_POLICIES} managed policies, separated by commas, or empty",
        Description=f"Up to {MOST_POLICIES} managed policies that the task role has besides its own, by ARN; they give "
                    "no more than the permissions boundary allows."))
    return Inputs(files, secrets, [*may_read_file, *may_read_secret],
                  [only_if(condition, arn) for condition, arn in _items(t, policies, MOST_POLICIES)])


def read_secret(arn: Any) -> tuple[Statement, Statement]:
    """Return what a role needs to read a secret whose key is not known.

    Decrypting is limited to this secret by the context that Secrets Manager encrypts it with; a key of one's own has to
    admit the account in its policy as well.
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """
    return (
        allow([secretsmanager.GetSecretValue], arn),
        allow([kms.Decrypt], Sub("arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/*"),
              condition=Condition(StringEquals({
                  "kms:ViaService": Sub("secretsmanager.${AWS::Region}.amazonaws.com"),
                  "kms:EncryptionContext:SecretARN": arn}))))


def secret_variable(arn: Any, key: Any) -> Secret:
    """Return the variable of a container that has the name and the value of a secret's key.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    return Secret(Name=key, ValueFrom=Sub("${Secret}:${Key}::", Secret=arn, Key=key))


def _add_environment_file(t: Template) -> tuple[If, list[If]]:
    """Return the container's file, and what reading it takes.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/use-environment-file.html
    """
    arn = add_parameter(t, GROUP, "File of variables", Parameter(
        "EnvironmentFileArn", Type="String", Default="",
        AllowedPattern=r"(arn:[a-z-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9!_.*'()/-]+\.env)?",
        ConstraintDescription="must be the ARN of an S3 object whose name ends in .env, or empty",
        Description="S3 object with variables for the container, one NAME=value a line, by ARN; its name ends in .env. "
                    "Empty for none. The stack's own variables take precedence. For secrets, use AppSecretArn. tap "
                    "sets it from parameters/ENVIRONMENT.env."))
    condition = t.add_condition("HasEnvironmentFile", Not(Equals(arn.ref(), "")))
    return only_if(condition, [EnvironmentFile(Type="s3", Value=arn.ref())]), [
        only_if(condition, allow([s3.GetObject], arn.ref())),
        only_if(condition, allow([s3.GetBucketLocation], Select(0, Split("/", arn.ref()))))]


def _add_secret(t: Template) -> tuple[list[If], list[If]]:
    """Return the container's variables, and what reading the secret takes."""
    arn = add_parameter(t, GROUP, "Secret", Parameter(
        "AppSecretArn", Type="String", Default="",
        # The name alone would not do: ECS finds a key by the whole ARN.
        AllowedPattern=r"(arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+-[A-Za-z0-9]{6})?",
        ConstraintDescription="must be the whole ARN of a secret, with the six characters at its end, or empty",
        Description="Secret in Secrets Manager, in this account and region, whose value is a JSON object, by ARN; "
                    "empty for none. Under the permissions boundary of tap bootstrap or the catalog, it must have the "
                    "stack's tag Application."))
    keys = add_parameter(t, GROUP, "Keys of the secret", Parameter(
        "AppSecretKeys", Type="String", Default="", AllowedPattern=_list_of(_KEY, MOST_KEYS),
        ConstraintDescription=f"must be up to {MOST_KEYS} names of variables, separated by commas, or empty",
        Description=f"Up to {MOST_KEYS} keys of AppSecretArn, separated by commas. The container gets each as a "
                    "variable of that name when it starts: a rotated secret needs a new deployment."))
    condition = t.add_condition("HasAppSecret", Not(Equals(arn.ref(), "")))
    return [only_if(has_key, secret_variable(arn.ref(), key)) for has_key, key in _items(t, keys, MOST_KEYS)], [
        only_if(condition, statement) for statement in read_secret(arn.ref())]


def _list_of(pattern: str, most: int) -> str:
    return f"({pattern}(,{pattern}){{0,{most - 1}}})?"


def _items(t: Template, parameter: Parameter, most: int) -> list[tuple[str, Select]]:
    """Return the items of a comma-separated parameter: the condition that there is one, and the item.

    CloudFormation has no loop without a transform, and refuses to select an item that does not exist: so the list is
    padded with empty ones. A CommaDelimitedList would not do, whose pattern says nothing of the number of items.
    """
    padded = Split(",", Join("", [parameter.ref(), "," * most]))
    name = str(parameter.title).removesuffix("s")
    return [(t.add_condition(f"Has{name}{place + 1}", Not(Equals(Select(place, padded), ""))), Select(place, padded))
            for place in range(most)]
