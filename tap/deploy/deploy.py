"""The order of a deployment: plan, ask, apply."""

from collections.abc import Callable

from tap.deploy.models import ChangeSet, Cloud, Environment, OnEvent, Outcome


def deploy(
    env: Environment,
    template: str,
    cloud: Cloud,
    confirm: Callable[[ChangeSet], bool],
    on_event: OnEvent = lambda _event: None,
) -> Outcome:
    """Bring the stack of `env` to what the template text says, if `confirm` agrees to the changes.

    Nothing is left behind where nothing is applied. Raises TapError.
    """
    plan = cloud.plan(env, template)
    if plan.empty:
        cloud.discard(env, plan)
        return Outcome.NO_CHANGES
    try:
        agreed = confirm(plan)
    except BaseException:
        cloud.discard(env, plan)
        raise
    if not agreed:
        cloud.discard(env, plan)
        return Outcome.DECLINED
    cloud.apply(env, plan, on_event)
    return Outcome.APPLIED
