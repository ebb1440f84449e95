"""W9106: redirect to a port of the load balancer without a listener."""

from collections.abc import Iterator

from tap.wiring.balancing import LISTENER, LISTENER_RULE, LOAD_BALANCER, actions, listeners
from tap.wiring.graph import Stack
from tap.wiring.rule import Broken, WiringRule
from tap.wiring.values import at, number


class RedirectToListener(WiringRule):
    """A redirect to the load balancer itself requires a listener on its port."""

    id = "W9106"
    shortdesc = "Redirect to a port of the load balancer without a listener"
    description = (
        "A redirect that keeps the host sends the client to the same load balancer, which has no listener on that "
        "port.")
    source_url = (
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html#redirect-actions")
    fix = "Add a listener for that port, or forward instead."
    types = (LISTENER, LISTENER_RULE, LOAD_BALANCER)

    def broken(self, stack: Stack) -> Iterator[Broken]:
        """Yield listeners and rules that redirect to a port without a listener."""
        for listening in stack.of_type(LISTENER, LISTENER_RULE):
            listener = stack.target(listening.at("ListenerArn"), LISTENER) or listening
            balancer = stack.target(listener.at("LoadBalancerArn"), LOAD_BALANCER)
            if not balancer or stack.is_shared(balancer):
                continue
            ports = [number(other.at("Port")) for other in listeners(stack, balancer)]
            for action in actions(listening):
                port = number(at(action, "RedirectConfig", "Port"))
                host = at(action, "RedirectConfig", "Host")
                if port and host in (None, "#{host}") and port not in ports and None not in ports:
                    place = "Actions" if listening.type == LISTENER_RULE else "DefaultActions"
                    yield Broken(listening, balancer, place, f"it redirects to port {port}, which has no listener")
