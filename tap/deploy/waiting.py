"""All loops that wait for AWS: retry a request, poll for a result, watch an operation to completion."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from tap.deploy.models import CallFailed, LeftRunning

if TYPE_CHECKING:
    from tap.deploy.aws import AwsClient

LONGEST_PAUSE = 1.6  # seconds
_TRIES = 5  # attempts of a request whose response is lost
T = TypeVar("T")


def pauses() -> Iterator[float]:
    """Yield the seconds between polls: short at first, because emulators and small stacks are quick."""
    yield from (0.1, 0.2, 0.4, 0.8)
    while True:
        yield LONGEST_PAUSE


def send_once(aws: "AwsClient", send: Callable[[], T],
              find: Callable[[CallFailed], T | None] = lambda _error: None) -> T:
    """Send a request that must take effect only once; retry if its response is lost, and return the result.

    `find` is called with the error after each failure: it returns the result if an attempt succeeded after all, or
    None if the request had no effect and is safe to repeat. Raises CallFailed, and what `find` raises.
    """
    waits, tries = pauses(), 1
    while True:
        try:
            return send()
        except CallFailed as error:
            if (result := find(error)) is not None:
                return result
            if not error.passing or tries == _TRIES:
                raise
        aws.sleep(next(waits))
        tries += 1


def poll(aws: "AwsClient", look: Callable[[], T], is_pending: Callable[[T], bool], limit: int | None = None) -> T:
    """Return the first result of `look` that is no longer pending; after `limit` polls, the last one."""
    waits = pauses()
    looks = 1
    while is_pending(result := look()) and looks != limit:
        aws.sleep(next(waits))
        looks += 1
    return result


class _Patience:
    """Decides how long to keep watching an operation through transient errors."""

    # Consecutive failures: with the pauses and the client's own retries, more than a minute.
    _MOST_FAILURES = 40
    # Seconds of failures: each poll is slow if nothing responds, and a pipeline is waiting.
    _LONGEST_SILENCE = 300.0

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.renew()

    def renew(self) -> None:
        """Start over after a successful poll."""
        self._failures, self._since = 0, self._clock()

    def ends(self, error: CallFailed) -> bool:
        """Count a failed poll; return whether to stop watching."""
        self._failures += 1
        return (not error.passing or self._failures > self._MOST_FAILURES
                or self._clock() - self._since > self._LONGEST_SILENCE)


def watch(aws: "AwsClient", look: Callable[[], T | None], left: Callable[[str], LeftRunning],
          on_wait: Callable[[], None] = lambda: None) -> T:
    """Return the first result of `look`, which watches an operation that AWS continues on its own.

    Tolerates transient failures for some minutes. When interrupted, or when requests keep failing, raises
    the error that `left` returns for the reason. `on_wait` is called before each pause.
    """
    patience, waits = _Patience(aws.clock), pauses()
    try:
        while True:
            try:
                result = look()
                patience.renew()
                if result is not None:
                    return result
            except CallFailed as error:
                if patience.ends(error):
                    raise left(error.message) from None
            on_wait()
            aws.sleep(next(waits))
    except KeyboardInterrupt:
        raise left("interrupted") from None
