"""What visitors see, asked of a server on this machine."""

import ssl
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tap.rehearsal import outside
from tap.rehearsal.outside import Site

Answers = Callable[[str, str], tuple[int, dict[str, str]]]
NAME = "shop.example"
pytestmark = pytest.mark.needs("openssl")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of NAME, with its key, in one file."""
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
                    "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", path, "-out", path.with_suffix(".crt")],
                   check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


def context(certificate: Path, *, only_old: bool = False) -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(certificate)
    if only_old:
        found.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            found.minimum_version = found.maximum_version = ssl.TLSVersion.TLSv1_1
    return found


@contextmanager
def served(answers: Answers, secured: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that gives status and headers for a Host and a path; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers = answers(self.headers["Host"], self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_arguments: object) -> None:
            pass  # a refused handshake

        def finish_request(self, request, client_address) -> None:
            if not secured:
                return super().finish_request(request, client_address)
            with secured.wrap_socket(request, server_side=True) as wrapped:
                return super().finish_request(wrapped, client_address)

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def ok(_host: str, _path: str) -> tuple[int, dict[str, str]]:
    return 200, {}


@pytest.fixture
def site(certificate: Path) -> Site:
    return Site(NAME, "127.0.0.1", trust=lambda: ssl.create_default_context(cafile=certificate.with_suffix(".crt")))


@contextmanager
def secured_site(site: Site, certificate: Path, answers: Answers = ok, *, only_old: bool = False) -> Iterator[Site]:
    with served(answers, context(certificate, only_old=only_old)) as port:
        yield replace(site, https_port=port)


@pytest.mark.parametrize(("status", "location", "seen"), [
    (301, f"https://{NAME}:443/", "redirects to HTTPS"),
    (301, "https://elsewhere.example/", "301 https://elsewhere.example/"),
    (301, f"http://{NAME}/", f"301 http://{NAME}/"),
    (200, "", "200"),
])
def test_http_has_to_redirect_to_https_on_the_same_name(site: Site, status: int, location: str, seen: str) -> None:
    with served(lambda _host, _path: (status, {"Location": location} if location else {})) as port:
        check = outside.redirects("redirect", replace(site, http_port=port))

    assert (check.seen, check.ok) == (seen, seen == "redirects to HTTPS")


def test_a_name_is_asked_for_at_an_address_that_is_not_its_own(site: Site, certificate: Path) -> None:
    with secured_site(site, certificate, lambda host, _path: (200 if host == NAME else 404, {})) as secured:
        assert outside.get(secured).status == 200


def test_tls_1_2_is_accepted_and_1_1_refused(site: Site, certificate: Path) -> None:
    with secured_site(site, certificate) as secured:
        assert outside.modern_tls("new", secured).seen == "TLSv1.2, certificate trusted"
        assert (outside.old_tls("old", secured).seen, outside.old_tls("old", secured).ok) == ("refused", True)


@pytest.mark.skipif(not ssl.HAS_TLSv1_1, reason="this OpenSSL has no TLS 1.1")
def test_a_server_that_accepts_tls_1_1_differs(site: Site, certificate: Path) -> None:
    with secured_site(site, certificate, only_old=True) as secured:
        check = outside.old_tls("old", secured)

    assert (check.seen, check.ok) == ("accepted", False)


def test_a_server_without_tls_1_2_is_not_taken_for_one_that_has_it(site: Site, certificate: Path) -> None:
    with secured_site(site, certificate, only_old=True) as secured, pytest.raises(ssl.SSLError):
        outside.modern_tls("new", secured)


def test_a_certificate_that_nobody_trusts_is_an_error(site: Site, certificate: Path) -> None:
    with (secured_site(replace(site, trust=ssl.create_default_context), certificate) as secured,
          pytest.raises(ssl.SSLCertVerificationError)):
        outside.modern_tls("new", secured)


def test_a_server_that_does_not_answer_is_not_taken_for_one_that_refuses_tls_1_1(site: Site) -> None:
    with served(ok) as port:
        closed = replace(site, https_port=port)
    with pytest.raises(ConnectionRefusedError):
        outside.old_tls("old", closed)


@pytest.mark.parametrize(("plain", "attack", "is_ok"), [(200, 403, True), (200, 200, False), (403, 403, False)])
def test_a_firewall_refuses_the_pattern_and_nothing_else(
        site: Site, certificate: Path, plain: int, attack: int, is_ok: bool) -> None:
    def answers(_host: str, path: str) -> tuple[int, dict[str, str]]:
        return (attack if "%3Cscript%3E" in path else plain), {}

    with secured_site(site, certificate, answers) as secured:
        assert outside.firewall("firewall", secured, "/", https=True).ok is is_ok


def test_a_header_that_is_missing_differs(site: Site, certificate: Path) -> None:
    headers = dict.fromkeys(outside.HEADERS, "x")
    with secured_site(site, certificate, lambda _host, _path: (200, headers)) as secured:
        assert outside.security_headers("headers", secured).ok
    del headers["X-Frame-Options"]
    with secured_site(site, certificate, lambda _host, _path: (200, headers)) as secured:
        check = outside.security_headers("headers", secured)
    assert (check.ok, "X-Frame-Options" in check.seen) == (False, False)


@pytest.mark.parametrize(("status", "answers", "refuses"), [
    (200, True, False), (403, False, True), (503, False, False)])
def test_what_is_served_and_what_is_refused_are_told_apart(
        site: Site, certificate: Path, status: int, answers: bool, refuses: bool) -> None:
    with secured_site(site, certificate, lambda _host, _path: (status, {})) as secured:
        assert outside.answers("page", secured, "/").ok is answers
        assert outside.refuses("bucket", secured, "/index.html").ok is refuses
