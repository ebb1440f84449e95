"""What the tests of tap.deploy run against: an account in memory, and the emulator."""

from account_fixtures import aws, stack, tap
from emulator_fixtures import client, cloud, emulator, shared_client, topic_template

__all__ = ["aws", "client", "cloud", "emulator", "shared_client", "stack", "tap", "topic_template"]
