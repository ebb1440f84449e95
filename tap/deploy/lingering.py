"""Find settings that a stack keeps although the project's files no longer set them."""

from collections.abc import Collection, Iterator

from tap.deploy import guard
from tap.deploy.deployed import Deployed
from tap.deploy.models import Environment

_FILE = "parameters/targets.toml"


def lingering(env: Environment, deployed: Deployed, policy: str | None) -> Iterator[str]:
    """Yield a line for each setting of a stack that the files do not have; `policy` is its stack policy."""
    if deployed.is_protected and not env.target.termination_protection:
        yield ("termination protection stays on, although the target does not set it. To turn it off: --approve "
               f"{guard.TERMINATION_PROTECTION}")
    if policy and not env.values.stack_policy:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html
        yield ("the stack keeps its stack policy, which can be replaced but not removed: set StackPolicy in "
               f"parameters/{env.name}.json")
    if deployed.role_arn and not env.target.role_arn:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
        yield (f"CloudFormation keeps using {deployed.role_arn}, the stack's service role, which can be replaced but "
               f"not removed: set role_arn in {_FILE}")
    if deployed.rollback_triggers and not env.target.rollback_alarms:
        yield (f"{', '.join(deployed.rollback_triggers)} no longer rolls updates back: {_FILE} has no rollback_alarms")
    topics = env.target.notification_topics
    if topics is None:
        for topic in deployed.topics:
            yield f"the stack's events go to {topic}, which is not in {_FILE}"
    elif set(topics) != set(deployed.topics):
        # AWS does not document whether a change of only the topics counts as one: an empty change set is not executed.
        yield (f"the stack's events go to {_listed(deployed.topics)}, and to {_listed(topics)} after the next update "
               "that changes anything else")


def _listed(topics: Collection[str]) -> str:
    return ", ".join(topics) or "no topic"
