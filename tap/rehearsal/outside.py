"""Check an environment as its visitors reach it: over HTTP and TLS, without AWS credentials."""

import ssl
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from socket import create_connection
from urllib.parse import quote

from tap.rehearsal.checks import Check, named, skip

SECONDS = 10.0  # timeout for a connection, and for each response
# Managed rules of AWS WAF block requests without this header.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html (NoUserAgent_HEADER)
AGENT = {"User-Agent": "tap-verify"}
# Harmless, but blocked by the rule CrossSiteScripting_QUERYARGUMENTS of the same page.
PATTERN = f"/?q={quote('<script>alert(1)</script>')}"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-response-headers-policies.html
HEADERS = ("Referrer-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options")
# Errors with which servers reject a TLS version.
REFUSALS = ("TLSV1_ALERT_PROTOCOL_VERSION", "SSLV3_ALERT_HANDSHAKE_FAILURE", "TLSV1_ALERT_INSUFFICIENT_SECURITY")
UNABLE = "this machine's OpenSSL does not speak TLS 1.1"


@dataclass(frozen=True)
class Site:
    """A served name and its address."""

    name: str  # for the Host header and the certificate
    address: str  # of the load balancer or CDN itself, independent of DNS
    http_port: int = 80
    https_port: int = 443
    trust: Callable[[], ssl.SSLContext] = ssl.create_default_context


@dataclass(frozen=True)
class Reply:
    """An HTTP response."""

    status: int
    headers: HTTPMessage


def get(site: Site, path: str = "/", *, https: bool = True) -> Reply:
    """Request a path without following redirects. Raises OSError and http.client.HTTPException."""
    connection = HTTPConnection(site.name, timeout=SECONDS)
    try:
        connection.sock = create_connection((site.address, site.https_port if https else site.http_port), SECONDS)
        if https:
            connection.sock = site.trust().wrap_socket(connection.sock, server_hostname=site.name)
        connection.request("GET", path, headers={"Host": site.name, "Connection": "close", **AGENT})
        with connection.getresponse() as reply:
            return Reply(reply.status, reply.headers)
    finally:
        connection.close()


def redirects(name: str, site: Site) -> Check:
    """Check that HTTP redirects to HTTPS on the same name."""
    reply = get(site, https=False)
    location = reply.headers.get("Location", "")
    is_right = reply.status in (301, 302, 307, 308) and location.startswith(f"https://{site.name}")
    return Check(name, "redirects to HTTPS", "redirects to HTTPS" if is_right else f"{reply.status} {location}".strip())


def modern_tls(name: str, site: Site) -> Check:
    """Check that TLS 1.2 is accepted, with a trusted certificate for the name."""
    context = site.trust()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with (create_connection((site.address, site.https_port), SECONDS) as connection,
          context.wrap_socket(connection, server_hostname=site.name) as secured):
        return Check(name, "TLSv1.2, certificate trusted", f"{secured.version()}, certificate trusted")


def old_tls(name: str, site: Site) -> Check:
    """Check that the server rejects TLS 1.1; skipped if this machine cannot offer it."""
    if not ssl.HAS_TLSv1_1:
        return skip(name, UNABLE)
    with create_connection((site.address, site.https_port), SECONDS) as connection:
        try:
            with _offering_tls_1_1().wrap_socket(connection, server_hostname=site.name):
                return Check(name, "refused", "accepted")
        except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            return Check(name, "refused", "refused")
        except ssl.SSLError as error:
            if error.reason in REFUSALS:
                return Check(name, "refused", "refused")
            if error.reason == "NO_PROTOCOLS_AVAILABLE":
                return skip(name, UNABLE)
            raise


def _offering_tls_1_1() -> ssl.SSLContext:
    """Return a context for handshakes only. No data is sent, so the certificate need not be trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    # Otherwise OpenSSL rejects it before the server does: https://docs.openssl.org/3.0/man3/SSL_CTX_set_security_level/
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the version, which is the point here
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


def answers(name: str, site: Site, path: str, *, https: bool = True) -> Check:
    """Check that a path is served."""
    status = get(site, path, https=https).status
    return Check(name, f"{path} answers", f"{path} answers" if status < 400 else f"{path} answers {status}")


def firewall(name: str, site: Site, path: str, *, https: bool) -> Check:
    """Check that the firewall blocks an attack pattern but not a plain request."""
    plain, attack = (get(site, target, https=https).status for target in (path, PATTERN))
    seen = [f"attack pattern: {attack}", f"{path}: {'not 403' if plain != 403 else '403'}"]
    return Check(name, f"attack pattern: 403, {path}: not 403", ", ".join(seen))


def security_headers(name: str, site: Site) -> Check:
    """Check that responses have the headers of CloudFront's managed policy."""
    headers = get(site).headers
    return Check(name, named(HEADERS), named(header for header in HEADERS if header in headers))


def refuses(name: str, site: Site, path: str) -> Check:
    """Check that a path requires credentials."""
    return Check(name, "403", str(get(site, path).status))
