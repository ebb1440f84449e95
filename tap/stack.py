"""The stack: its tiers and how they depend on each other. Start reading here."""

from troposphere import Template

from tap.access_logs import add_access_logs
from tap.alarms import Tiers, add_alarms
from tap.alerts import add_alerts
from tap.application import add_application, add_more_tasks
from tap.assets import add_assets
from tap.backup import add_backup
from tap.budget import add_budget
from tap.dashboard import add_dashboard
from tap.database import add_database
from tap.deployment import add_deployment
from tap.domain import add_domain
from tap.environment import add_environment
from tap.events import add_events
from tap.existing_vpc import add_existing_vpc
from tap.firewall import add_firewall
from tap.flow_logs import add_flow_logs
from tap.health import add_health
from tap.job import add_default_job
from tap.keys import add_keys
from tap.load_balancer import add_load_balancer
from tap.logs import add_logs
from tap.migration import add_migration
from tap.network import add_network
from tap.parts import Stack, tag_all
from tap.probe import add_probe
from tap.queries import add_queries
from tap.rules import add_rules
from tap.service import add_service
from tap.sessions import add_sessions
from tap.strategy import add_alternate
from tap.tasks import Platform, add_tasks
from tap.validation import add_validation
from tap.worker import add_default_worker, add_worker_queue


def build() -> Template:
    """Return the template of the whole stack, for every environment."""
    t = Stack("Transaction-processing web application")
    environment = t.add(add_environment)
    keys = t.add(add_keys)
    logs = t.add(add_logs, keys)
    access_logs = t.add(add_access_logs, logs)
    alerts = t.add(add_alerts, keys)
    network = t.add(add_network, t.add(add_existing_vpc))
    t.add(add_flow_logs, logs, network)
    database = t.add(add_database, logs, network, environment.has_deletion_protection)
    sessions = t.add(add_sessions, keys, environment.has_deletion_protection)
    domain = t.add(add_domain)
    assets = t.add(add_assets, keys, logs, access_logs, domain)
    balancer = t.add(add_load_balancer, network, domain, access_logs, environment.has_deletion_protection)
    firewall = t.add(add_firewall, logs, balancer)
    validation = t.add(add_validation, keys, logs, sessions)
    alternate = t.add(add_alternate, network)
    health = t.add(add_health, balancer, validation, alternate)
    deployment = t.add(add_deployment, balancer, alternate, health)
    platform = Platform(keys, logs, alerts, network, database, sessions, assets, validation)
    application = t.add(add_application, platform)
    worker = t.add(add_worker_queue, platform)
    tasks = t.add(add_tasks, platform, balancer.port, application, worker.given())
    tasks = t.add(add_migration, tasks)
    service = t.add(add_service, tasks, balancer, deployment)
    t.add(add_default_worker, tasks, worker)
    t.add(add_default_job, tasks)
    t.add(add_more_tasks, tasks)
    backups = t.add(add_backup, database, sessions)
    tiers = Tiers(
        network, database, sessions, domain, balancer, firewall, validation, service, alternate, health, backups)
    t.add(add_alarms, alerts, tiers)
    t.add(add_probe, logs, alerts)
    t.add(add_events, alerts, tiers)
    t.add(add_queries, validation, service, firewall)
    t.add(add_dashboard, health.composite, tiers)
    t.add(add_budget, alerts)
    t.add(add_rules)
    tag_all(t, environment.tags)
    return t
