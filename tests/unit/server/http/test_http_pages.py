"""``hub.server.http.pages``: the built web inbox, from memory, with its own headers."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from hub.config import ServerSettings
from hub.server.http.answer import json_answer
from hub.server.http.front import SECURITY, Front
from hub.server.http.pages import PAGE_SECURITY, TEMPLATE, Pages
from hub.telemetry.metrics import Metrics

BROWSER = {"accept": "text/html,application/xhtml+xml"}
SCRIPT = b"export const many = 0;\n" * 100


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(b"<!doctype html><title>Tongbu</title>")
    (tmp_path / "sw.js").write_bytes(b"// offline")
    (tmp_path / "manifest.webmanifest").write_bytes(b"{}")
    (tmp_path / "assets" / "app-1a2b.js").write_bytes(SCRIPT)
    (tmp_path / ".hidden").write_bytes(b"no")
    return tmp_path


class Site:
    """The front over an API that answers everything with its own path."""

    def __init__(self, folder: Path) -> None:
        self.metrics = Metrics()
        self._front = Front(self._api, ServerSettings(), self.metrics, Pages(folder))

    async def _api(self, scope: Any, receive: Any, send: Any) -> None:
        await json_answer({"api": scope["path"]})(scope, receive, send)

    async def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        if "host" not in headers:
            named.append((b"host", b"localhost:8787"))
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": named,
        }
        await self._front(scope, None, send)  # type: ignore[arg-type]  # nothing is received
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], told, b"".join(each.get("body", b"") for each in sent[1:])


@pytest.mark.parametrize("path", ["/", "/tasks", "/item/01JZ", "/somewhere/else"])
async def test_a_browser_gets_the_page_at_any_address_that_is_not_the_apis(built: Path, path: str) -> None:
    status, headers, body = await Site(built).get(path, **BROWSER)
    assert (status, body) == (200, b"<!doctype html><title>Tongbu</title>")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/v1/users/me", "/healthz", "/metrics", "/openapi.json", "/assets/gone.js"])
async def test_the_apis_addresses_and_missing_assets_never_show_the_page(built: Path, path: str) -> None:
    _, _, body = await Site(built).get(path, **BROWSER)
    assert b'{"api":' in body


@pytest.mark.parametrize("headers", [{}, {"accept": "*/*"}, {"accept": "application/json"}])
async def test_a_program_gets_the_apis_own_answer_at_the_root(built: Path, headers: dict[str, str]) -> None:
    assert (await Site(built).get("/", **headers))[2] == b'{"api":"/"}'


async def test_nothing_but_get_and_head_finds_the_page(built: Path) -> None:
    site = Site(built)
    assert (await site.get("/", "POST", **BROWSER))[2] == b'{"api":"/"}'
    assert (await site.get("/", "HEAD", **BROWSER))[1]["content-type"].startswith("text/html")


async def test_what_the_build_named_by_content_is_kept_for_ever_the_rest_is_asked_for_again(
    built: Path,
) -> None:
    site = Site(built)
    assert (await site.get("/assets/app-1a2b.js"))[1][
        "cache-control"
    ] == "public, max-age=31536000, immutable"
    for path in ("/sw.js", "/manifest.webmanifest"):
        status, headers, _ = await site.get(path)
        assert (status, headers["cache-control"]) == (200, "no-cache")
        again = await site.get(path, if_none_match=headers["etag"])
        assert (again[0], again[2]) == (304, b"")
        assert (await site.get(path, if_none_match='"else"'))[0] == 200


async def test_large_texts_are_sent_compressed_to_those_who_can_read_that(built: Path) -> None:
    site = Site(built)
    _, headers, body = await site.get("/assets/app-1a2b.js", accept_encoding="gzip, br")
    assert (headers["content-encoding"], gzip.decompress(body)) == ("gzip", SCRIPT)
    assert int(headers["content-length"]) == len(body)
    _, headers, body = await site.get("/assets/app-1a2b.js")
    assert ("content-encoding" in headers, body) == (False, SCRIPT)
    assert "accept-encoding" in headers["vary"]


async def test_the_pages_headers_let_nothing_run_but_what_the_hub_serves(built: Path) -> None:
    _, headers, _ = await Site(built).get("/", **BROWSER)
    for name, value in PAGE_SECURITY:
        assert headers[name.decode()] == value.decode()
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    _, headers, _ = await Site(built).get("/v1/users/me")
    assert headers["content-security-policy"] == dict(SECURITY)[b"content-security-policy"].decode()


@pytest.mark.parametrize("path", ["/.hidden", "/../pages.py", "/assets/../../secret", "/index.html"])
async def test_only_files_of_the_build_are_found_by_their_names(built: Path, path: str) -> None:
    assert (await Site(built).get(path))[2].startswith(b'{"api":')


async def test_its_files_are_counted_as_one_route(built: Path) -> None:
    site = Site(built)
    await site.get("/", **BROWSER)
    await site.get("/sw.js")
    assert site.metrics.http_requests["GET", TEMPLATE, 200] == 2


async def test_a_hub_without_the_build_answers_like_the_api(tmp_path: Path) -> None:
    assert (await Site(tmp_path / "none").get("/", **BROWSER))[2] == b'{"api":"/"}'


async def test_under_a_name_that_is_not_the_hubs_a_browser_is_told_so_and_gets_no_page(built: Path) -> None:
    status, _, body = await Site(built).get("/", host="evil.example", **BROWSER)
    assert (status, b"server.origins" in body) == (403, True)
