"""E9201: role that does not trust the service that uses it."""

from collections.abc import Iterator

from tap.wiring.facts import FACTS
from tap.wiring.graph import Stack
from tap.wiring.iam import ROLE, policies
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import as_list

_USERS = FACTS["role_users"]["users"]


class Trust(WiringRule):
    """A role must trust the service that uses it."""

    id = "E9201"
    shortdesc = "Role that does not trust the service that uses it"
    description = (
        "A service must be able to assume the roles of its functions, tasks, schedules, delivery streams, pipelines "
        "and flow logs: its principal must be in the role's AssumeRolePolicyDocument.")
    source_url = FACTS["role_users"]["source"]
    error = "The role defined for the function cannot be assumed by Lambda."
    fix = "Add the service's principal to the role's AssumeRolePolicyDocument."
    types = (ROLE, *dict.fromkeys(kind for kind, *_ in _USERS))

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield resources whose service cannot assume their role."""
        for kind, place, service, _ in _USERS:
            for user in stack.of_type(kind):
                for value in as_list(user.at(*place.split("."))):
                    role = stack.target(value, ROLE)
                    if not role:
                        continue
                    trust = policies(role.at("AssumeRolePolicyDocument"))
                    if not trust.allow_service([service], "sts:AssumeRole"):
                        trusted = ", ".join(trust.services()) or "no service"
                        yield Broken(user, role, place.split(".")[0],
                                     f"{service}.amazonaws.com may not assume it ({trusted} may)")
