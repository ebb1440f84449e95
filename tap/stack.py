"""The stack: how its tiers are wired together. Read this first."""

from troposphere import Parameter, Template

from tap.assets import add_assets
from tap.database import add_database
from tap.load_balancer import add_load_balancer
from tap.logs import add_logs
from tap.monitoring import add_monitoring
from tap.network import add_network
from tap.parts import add_parameter, tag_all
from tap.rules import add_rules
from tap.service import add_service
from tap.sessions import add_sessions
from tap.validation import add_validation

TAGS = {"Team": "platform-engineering", "CostCenter": "engineering", "Application": "transaction-processing"}


def build() -> Template:
    """Return the template of the whole stack, for any environment."""
    t = Template(Description="Transaction-processing web application")
    t.set_version("2010-09-09")
    environment = add_parameter(t, "Environment", "Name", Parameter(
        "Environment", Type="String", AllowedPattern="[a-z][a-z0-9]*(-[a-z0-9]+)*", MinLength=2, MaxLength=20,
        ConstraintDescription="must be lower-case letters, digits and single hyphens, such as pr-123",
        Description="Short name, such as dev or pr-123; prod obeys more rules."))
    tags = {"Environment": environment.ref()}
    for title, value in TAGS.items():
        tags[title] = add_parameter(t, "Environment", title, Parameter(
            title, Type="String", Default=value, AllowedPattern=r"[\w .:/=+@-]{1,256}",
            ConstraintDescription="must be a tag value",
            Description="Tag of every resource.")).ref()

    logs = add_logs(t)
    network = add_network(t)
    database = add_database(t, network)
    sessions = add_sessions(t)
    assets = add_assets(t, logs)
    balancer = add_load_balancer(t, network)
    validation = add_validation(t, logs, sessions)
    service = add_service(t, logs, network, database, sessions, assets, balancer, validation)
    add_monitoring(t, service, balancer, sessions, validation)
    add_rules(t)
    tag_all(t, tags)
    return t
