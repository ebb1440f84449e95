"""Every loop that waits for AWS: retrying a request, polling for a result, watching an operation to its end."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from tap.deploy.models import CallFailed, LeftRunning

if TYPE_CHECKING:
    from tap.deploy.aws import AwsClient

LONGEST_PAUSE = 1.6  # seconds
_TRIES = 5  # of a request whose response is lost
T = TypeVar("T")


def pauses() -> Iterator[float]:
    """Yield the seconds between polls: short at first, as an emulator and a small stack are quick."""
    yield from (0.1, 0.2, 0.4, 0.8)
    while True:
        yield LONGEST_PAUSE


def send_once(aws: "AwsClient", send: Callable[[], T],
              find: Callable[[CallFailed], T | None] = lambda _error: None) -> T:
    """Make a request that must take effect once, and retry it where its response is lost.

    `find` is called after each failure, with the error: it returns what an earlier try has done all the same, or
    None where it has done nothing. The request must be safe to repeat then. Raises CallFailed, and what `find` raises.
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
    """Return the first result of `look` that is no longer pending; after `limit` looks, the last one."""
    waits = pauses()
    looks = 1
    while is_pending(result := look()) and looks != limit:
        aws.sleep(next(waits))
        looks += 1
    return result


class _Patience:
    """How long an operation is watched that cannot be looked at for transient reasons."""

    # Failures in a row: with the pauses between them and the client's own retries that is more than a minute.
    _MOST_FAILURES = 40
    # Seconds of that: each look takes long where nothing responds, and a pipeline waits for it.
    _LONGEST_SILENCE = 300.0

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.renew()

    def renew(self) -> None:
        """Begin again: a look succeeded."""
        self._failures, self._since = 0, self._clock()

    def ends(self, error: CallFailed) -> bool:
        """Count a failed look; return whether to stop watching."""
        self._failures += 1
        return (not error.passing or self._failures > self._MOST_FAILURES
                or self._clock() - self._since > self._LONGEST_SILENCE)


def watch(aws: "AwsClient", look: Callable[[], T | None], left: Callable[[str], LeftRunning],
          on_wait: Callable[[], None] = lambda: None) -> T:
    """Return the first result of `look`, which watches something that AWS goes on with by itself.

    Transient failures are survived for some minutes. When interrupted, and where AWS can no longer be asked, raises
    what `left` makes of the reason. `on_wait` is called before each pause.
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
