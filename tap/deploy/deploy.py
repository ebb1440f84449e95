"""The order of a deployment: plan, ask, apply."""

from collections.abc import Callable

from tap.deploy import guard
from tap.deploy.models import ChangeSet, Cloud, Environment, OnEvent, Outcome, TapError


def deploy(
    env: Environment,
    template: str,
    cloud: Cloud,
    confirm: Callable[[ChangeSet], bool],
    on_event: OnEvent = lambda _event: None,
) -> Outcome:
    """Bring the stack of `env` to what the template text says, if `confirm` agrees to the changes.

    Nothing is left behind where nothing is applied; where there is nothing to apply, the stack still gets its
    stack policy and termination protection. Raises TapError, Refused among them where the guard does not let it.
    """
    plan = cloud.plan(env, template)
    if plan.empty:
        cloud.discard(env, plan)
        return Outcome.PROTECTED if cloud.protect(env) else Outcome.NO_CHANGES
    return execute(env, plan, cloud, confirm, on_event)


def execute(
    env: Environment,
    plan: ChangeSet,
    cloud: Cloud,
    confirm: Callable[[ChangeSet], bool],
    on_event: OnEvent = lambda _event: None,
) -> Outcome:
    """Execute a change set if `confirm` agrees and the guard lets it; otherwise delete it. Raises TapError."""
    try:
        agreed = confirm(plan)
        if agreed:
            guard.check(plan, env.approved)
    except BaseException as error:
        discard_after(error, env, plan, cloud)
        raise
    if not agreed:
        cloud.discard(env, plan)
        return Outcome.DECLINED
    cloud.apply(env, plan, on_event)
    return Outcome.APPLIED


def discard_after(error: BaseException, env: Environment, plan: ChangeSet, cloud: Cloud) -> None:
    """Delete a change set after an error; should that fail too, the error says what is left."""
    try:
        cloud.discard(env, plan)
    except (TapError, KeyboardInterrupt) as second:
        for note in getattr(second, "__notes__", ()):
            error.add_note(note)
