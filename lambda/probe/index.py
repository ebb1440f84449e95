"""Request a URL as a visitor does. Errors are raised, since an alarm counts the function's errors."""

from urllib.request import urlopen

# Seconds.
PATIENCE = 10


def handler(event, _context, request=urlopen):
    """Request event["url"] and return the status of the response; raise OSError unless it succeeds.

    Failures include an unknown host name, an invalid or expired certificate, a timeout and, after redirects, any status
    from 400. Tests inject `request`.
    """
    with request(event["url"], timeout=PATIENCE) as response:
        return response.status
