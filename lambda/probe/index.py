"""Requests a URL as a visitor does, every minute. What goes wrong is raised: an alarm counts the errors."""

from urllib.request import urlopen

# Seconds; of the load balancer's, a visitor waits for 60 at the most.
PATIENCE = 10


def handler(event, _context, request=urlopen):
    """Return the status of the answer to event["url"]; raise an OSError for anything but success.

    That includes a name that leads nowhere, a certificate that is not the name's or has expired, a timeout, and,
    after redirections, every status from 400 on. Tests pass a request of their own.
    """
    with request(event["url"], timeout=PATIENCE) as response:
        return response.status
