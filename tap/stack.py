"""The stack: how its tiers are wired together. Read this first."""

from troposphere import Template

from tap.access_logs import add_access_logs
from tap.alarms import Tiers, add_alarms, add_events
from tap.alerts import add_alerts
from tap.assets import add_assets
from tap.backup import add_backup
from tap.budget import add_budget
from tap.dashboard import add_dashboard
from tap.database import add_database
from tap.deployment import add_alternate, add_deployment
from tap.domain import add_domain
from tap.environment import add_environment
from tap.firewall import add_firewall
from tap.health import add_health
from tap.keys import add_keys
from tap.load_balancer import add_load_balancer
from tap.logs import add_logs
from tap.network import add_network
from tap.parts import tag_all
from tap.rules import add_rules
from tap.service import add_service
from tap.sessions import add_sessions
from tap.validation import add_validation


def build() -> Template:
    """Return the template of the whole stack, for any environment."""
    t = Template(Description="Transaction-processing web application")
    t.set_version("2010-09-09")
    environment = add_environment(t)
    keys = add_keys(t)
    logs = add_logs(t, keys)
    access_logs = add_access_logs(t, logs)
    alerts = add_alerts(t, keys)
    network = add_network(t, logs)
    database = add_database(t, logs, network, environment.has_deletion_protection)
    sessions = add_sessions(t, keys, environment.has_deletion_protection)
    domain = add_domain(t)
    assets = add_assets(t, keys, logs, access_logs, domain)
    balancer = add_load_balancer(t, network, domain, access_logs, environment.has_deletion_protection)
    add_firewall(t, logs, balancer)
    validation = add_validation(t, keys, logs, sessions)
    alternate = add_alternate(t, network)
    health = add_health(t, alerts, balancer)
    deployment = add_deployment(t, balancer, alternate, health)
    service = add_service(
        t, logs, network, database, sessions, assets, balancer, validation, deployment)
    add_backup(t, database, sessions)
    tiers = Tiers(network, database, sessions, domain, balancer, validation, service, alternate)
    add_alarms(t, alerts, tiers)
    add_events(alerts, tiers)
    add_dashboard(t, health.composite, tiers)
    add_budget(t, alerts)
    add_rules(t)
    tag_all(t, environment.tags)
    return t
