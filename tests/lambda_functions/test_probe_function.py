"""The probe: it succeeds where a visitor gets through, and fails where none does."""

import http.server
import importlib.util
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PATH = Path(__file__).parents[2] / "lambda/probe/index.py"


@pytest.fixture(scope="module")
def probe() -> Any:
    spec = importlib.util.spec_from_file_location("probe", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A site that answers with the status that its path names, and leads from /away to /200."""

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = 302 if self.path == "/away" else int(self.path[1:])
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/200")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("path", ["/200", "/204", "/away"])
def test_success_is_told_after_redirections_too(probe: Any, site: str, path: str) -> None:
    assert probe.handler({"url": site + path}, None) in (200, 204)


@pytest.mark.parametrize("path", ["/403", "/404", "/500", "/503"])
def test_every_other_status_is_an_error(probe: Any, site: str, path: str) -> None:
    with pytest.raises(OSError, match=path[1:]):
        probe.handler({"url": site + path}, None)


def test_who_is_not_there_is_an_error(probe: Any) -> None:
    with pytest.raises(OSError, match="refused"):
        probe.handler({"url": "http://127.0.0.1:9"}, None)


def test_it_gives_up_after_a_while(probe: Any) -> None:
    seen: dict[str, Any] = {}

    def request(url: str, **options: Any) -> Any:
        seen.update(options, url=url)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        probe.handler({"url": "https://pay.payments.test"}, None, request)
    assert seen == {"url": "https://pay.payments.test", "timeout": 10}
