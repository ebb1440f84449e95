"""Check everything that a deployment needs besides the template, without changing anything."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from tap.deploy.artifacts import bucket_name, make_bucket_command, storage
from tap.deploy.aws import AwsClient, Call
from tap.deploy.existing_vpc import questions
from tap.deploy.images import find_digest
from tap.deploy.models import CallFailed, Environment, InputError


@dataclass(frozen=True)
class Examined:
    """The result of one check."""

    what: str
    ok: bool | None  # None: could not be checked
    told: str


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
_ROLES = {
    "AWSServiceRoleForECS": "ecs.amazonaws.com", "AWSServiceRoleForRDS": "rds.amazonaws.com",
    "AWSServiceRoleForElasticLoadBalancing": "elasticloadbalancing.amazonaws.com",
    "AWSServiceRoleForApplicationAutoScaling_ECSService": "ecs.application-autoscaling.amazonaws.com",
}
# Service, quota code, name, and the maximum that one stack uses; the codes are Service Quotas' own.
_QUOTAS = (("vpc", "L-F678F1CE", "VPCs", 1), ("ec2", "L-0263D0A3", "elastic IP addresses", 3),
           ("rds", "L-952B80B8", "DB clusters", 1),
           # 10 are reserved by default, and Lambda keeps 100 unreserved.
           # https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
           ("lambda", "L-B99A9384", "concurrent executions", 110))


_DAYS = 30  # before a certificate expires, as in the alarm


def examine(aws: AwsClient, env: Environment, in_us_east_1: Callable[[], AwsClient]) -> list[Examined]:
    """Return the results of all checks: what deploying an environment and being notified of its alarms requires.

    `in_us_east_1` returns a client for the region of CloudFront's certificates.
    """
    account, store = aws.account, storage(aws, env)
    bucket = bucket_name(env, store)
    allowed = not env.target.accounts or account in env.target.accounts
    checks = [
        Examined("account", allowed, account if allowed else
                 f"{account}, but {env.name} may only be deployed to {', '.join(env.target.accounts)}"),
        Examined("region", True, aws.endpoint),
        _asked("CloudFormation", partial(_stacks, aws.call))]
    if env.target.role_arn:
        checks.append(_asked("execution role", partial(_role, aws, env.target.role_arn.rpartition("/")[2])))
    if bucket:
        checks.append(_asked("artifact bucket", partial(_bucket, aws, bucket, store.bucket_owner),
                             f"{env.command('bootstrap')}, or {make_bucket_command(bucket, aws.region)}"))
    checks += [_asked(f"role for {role.removeprefix('AWSServiceRoleFor')}", partial(_role, aws, role),
                      f"aws iam create-service-linked-role --aws-service-name {service}")
               for role, service in _ROLES.items()]
    if image := env.values.parameters.get("ContainerImage"):
        checks.append(_asked("image", partial(_image, aws, env, image)))
    if env.values.parameters.get("MonthlyBudget", "0") != "0":
        checks.append(_asked("cost allocation tag", partial(_cost_tag, aws)))
    if env.values.parameters.get("AlertEmail") or env.values.parameters.get("Protected") == "true":
        checks.append(_asked("alerts", partial(subscriptions, aws, env)))
    if certificate := env.values.parameters.get("CdnCertificateArn"):
        checks.append(_asked("certificate of the CDN", lambda: _certificate(in_us_east_1(), certificate)))
    checks += [_asked(what, question) for what, question in questions(aws.service("ec2"), env.values.parameters)]
    return checks + [_asked(f"quota of {what}", partial(_quota, aws, service, code, least))
                     for service, code, what, least in _QUOTAS]


def _stacks(call: Call) -> tuple[bool, str]:
    limits = {limit["Name"]: limit["Value"] for limit in call("describe_account_limits")["AccountLimits"]}
    return True, f"responds; up to {limits['StackLimit']} stacks" if "StackLimit" in limits else "responds"


def _role(aws: AwsClient, name: str) -> tuple[bool, str]:
    return True, str(aws.service("iam")("get_role", RoleName=name)["Role"]["Arn"])


def _bucket(aws: AwsClient, name: str, owner: str) -> tuple[bool, str]:
    aws.service("s3")("head_bucket", Bucket=name, ExpectedBucketOwner=owner)
    return True, name


def _quota(aws: AwsClient, service: str, code: str, least: int) -> tuple[bool, str]:
    value = aws.service("service-quotas")("get_service_quota", ServiceCode=service, QuotaCode=code)["Quota"]["Value"]
    return value >= least, f"{value:g}, of which a stack uses up to {least}"


def _image(aws: AwsClient, env: Environment, image: str) -> tuple[bool | None, str]:
    try:
        digest = find_digest(aws, env, image)
    except InputError as error:
        return False, error.message
    return (True, digest) if digest else (None, f"the digest of {image} is not known here: only ECR in this region is "
                                                f"checked, where {env.command('bootstrap')} --repository NAME creates "
                                                "a repository")


def _cost_tag(aws: AwsClient) -> tuple[bool, str]:
    """Return whether budgets can tell environments apart; only the management account may read that.

    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
    """
    tags = aws.service("ce")("list_cost_allocation_tags", TagKeys=["Environment"])["CostAllocationTags"]
    if any(tag["Status"] == "Active" for tag in tags):
        return True, "Environment is active"
    return False, ("Environment is not active, so MonthlyBudget counts nothing. Activate it with: aws ce "
                   "update-cost-allocation-tags-status --cost-allocation-tags-status TagKey=Environment,Status=Active")


def subscriptions(aws: AwsClient, env: Environment) -> tuple[bool, str]:
    """Return whether somebody is notified of alarms; a protected environment requires a confirmed subscription.

    An unconfirmed subscription has the ARN PendingConfirmation. One that was confirmed with the link in the email
    ends when anyone clicks the link in a later email. Only ConfirmSubscription can prevent that, so
    CloudFormation cannot: https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
    """
    sns = aws.service("sns")
    unconfirmed, open_to_all = [], []
    for topic in ("AlertsTopic", "AlertPathTopic"):
        arn = aws.call("describe_stack_resource", StackName=env.stack_name, LogicalResourceId=topic)[
            "StackResourceDetail"]["PhysicalResourceId"]
        arns = [subscription["SubscriptionArn"] for subscription in sns(
            "list_subscriptions_by_topic", TopicArn=arn)["Subscriptions"]]
        confirmed = [text for text in arns if text.startswith("arn:")]
        if not confirmed:
            unconfirmed.append(topic)
        attributes = [sns("get_subscription_attributes", SubscriptionArn=subscription)["Attributes"]
                      for subscription in confirmed]
        open_to_all += [topic for entry in attributes if entry.get("ConfirmationWasAuthenticated") != "true"]
    if unconfirmed:
        has_pager = bool(env.values.parameters.get("PagerTopicArn"))
        return has_pager or env.values.parameters.get("Protected") != "true", (
            f"no confirmed subscription of {' and '.join(unconfirmed)}: confirm it with the link in the email")
    if open_to_all:
        return True, ("confirmed; any recipient of its emails can unsubscribe it. To prevent that, subscribe again and "
                      "use the token of the confirmation link: aws sns confirm-subscription "
                      "--authenticate-on-unsubscribe true --topic-arn ARN --token TOKEN")
    return True, "confirmed; unsubscribing requires permission"


def _certificate(aws: AwsClient, arn: str) -> tuple[bool, str]:
    """Return whether a certificate is valid for another month; alarms can check this only in us-east-1."""
    certificate = aws.service("acm")("describe_certificate", CertificateArn=arn)["Certificate"]
    if certificate["Status"] != "ISSUED":
        return False, f"is {certificate['Status']}"
    days = (certificate["NotAfter"] - datetime.now(UTC)).days
    return days >= _DAYS, f"expires in {days} days"


def _asked(what: str, question: Callable[[], tuple[bool | None, str]], remedy: str = "") -> Examined:
    try:
        ok, message = question()
        return Examined(what, ok, message)
    except CallFailed as error:
        if error.code in ("NoSuchEntity", "404", "NoSuchBucket"):
            return Examined(what, False, f"does not exist{'. Create it with: ' + remedy if remedy else ''}")
        # EC2's codes, such as InvalidSubnetID.NotFound; the message names the id.
        return Examined(what, False if error.code and error.code.endswith(".NotFound") else None, error.message)
    except (LookupError, TypeError) as error:
        return Examined(what, None, f"no response: {error}")
