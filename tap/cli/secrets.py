"""Mask secrets in all output of a run of `tap`."""

from tap.deploy.masking import LONG, Mask
from tap.deploy.models import Environment


class Secrets:
    """Learns the secret values of environments, and masks what is printed.

    The last line of defence: without knowing fields, it masks only values too long to be part of other words.
    `Environment.masked` masks all values in AWS's messages.
    """

    def __init__(self) -> None:
        """Create an instance without secrets."""
        self._values: set[str] = set()
        self._mask = Mask(())

    def learn(self, env: Environment) -> None:
        """Mask an environment's secrets from now on."""
        self._values.update(env.unspeakable)
        self._mask = Mask(self._values, shortest=LONG)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return the spans of secrets in a text."""
        return self._mask.spans(text)

    def __call__(self, text: str) -> str:
        """Return a text with secrets masked."""
        return self._mask(text)
