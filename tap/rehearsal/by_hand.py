"""Run the emulator for interactive use: settings for `tap` and the AWS CLI."""

from collections.abc import Callable, Mapping

from tap.rehearsal.emulator import ACCOUNT, REGION, emulator
from tap.rehearsal.new_types import skipped
from tap.template.registry import builder

ByHand = Callable[[Mapping[str, str]], None]
"""Called with the settings for a shell that uses the emulator; the emulator stops when it returns."""


def settings(endpoint: str, region: str) -> dict[str, str]:
    """Return the environment variables for processes that use the emulator."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,  # MiniStack uses a twelve-digit access key as the account id
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_REGION": region, "AWS_DEFAULT_REGION": region,
        "NO_PROXY": "127.0.0.1"}


def play(region: str | None, by_hand: ByHand) -> None:
    """Run an empty emulator until `by_hand` returns. Raises InputError and TapError as `emulator` does."""
    types = {str(resource.resource_type) for resource in builder("tap")().resources.values()}
    with emulator(skipped(types)) as endpoint:
        by_hand(settings(endpoint, region or REGION))
