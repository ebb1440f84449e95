"""What no output of one run of `tap` may show."""

from tap.deploy.masking import LONG, Mask
from tap.deploy.models import Environment


class Secrets:
    """Learns the secret values of environments, and masks what is printed.

    This is the last line: it knows no fields, so it hides only values that are too long to be part of other words.
    `Environment.masked` hides all of them in what AWS says.
    """

    def __init__(self) -> None:
        """Know none."""
        self._values: set[str] = set()
        self._mask = Mask(())

    def learn(self, env: Environment) -> None:
        """Hide an environment's secrets from now on."""
        self._values.update(env.unspeakable)
        self._mask = Mask(self._values, shortest=LONG)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where secrets are in a text."""
        return self._mask.spans(text)

    def __call__(self, text: str) -> str:
        """Return a text without secrets."""
        return self._mask(text)
