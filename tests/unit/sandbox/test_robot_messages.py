"""What a group robot takes: the documented limits, to the byte, and the vendor's words where it does not."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from hub.sandbox.messages import Rejected, glimpse, read

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def body(msgtype: str, **content: Any) -> bytes:
    return json.dumps({"msgtype": msgtype, msgtype: content}).encode()


def rejection(request: bytes) -> tuple[int, str]:
    with pytest.raises(Rejected) as caught:
        read(request)
    return caught.value.code, caught.value.words


def picture(raw: bytes, md5: str | None = None) -> bytes:
    return body("image", base64=base64.b64encode(raw).decode(), md5=md5 or hashlib.md5(raw).hexdigest())


@pytest.mark.parametrize(("msgtype", "limit"), [("text", 2048), ("markdown", 4096), ("markdown_v2", 4096)])
def test_the_limit_is_in_bytes_and_the_last_one_fits(msgtype: str, limit: int) -> None:
    fits = "步" * (limit // 3) + "x" * (limit % 3)
    assert read(body(msgtype, content=fits)).content == fits
    code, words = rejection(body(msgtype, content=fits + "x"))
    assert code == 40058
    assert words == f"{msgtype}.content exceed max length {limit}. invalid Request Parameter"


@pytest.mark.parametrize("request_body", [body("text", content=""), body("markdown"), b'{"msgtype": "text"}'])
def test_nothing_to_say_is_empty_content(request_body: bytes) -> None:
    assert rejection(request_body) == (44004, "empty content")


@pytest.mark.parametrize("request_body", [b"{}", body("html", content="x"), b'{"msgtype": ["text"]}'])
def test_an_unknown_type_is_refused(request_body: bytes) -> None:
    assert rejection(request_body) == (40008, "invalid message type")


@pytest.mark.parametrize("request_body", [b"", b"msgtype=text", b"[]", b"[" * 100_000, b"\xff\xfe"])
def test_what_is_no_json_object_is_refused(request_body: bytes) -> None:
    assert rejection(request_body) == (47001, "data format error")


def test_a_text_may_mention_people_and_a_markdown_does_it_inline() -> None:
    assert read(body("text", content="x", mentioned_list=["ann", "@all", 3])).mentioned == ("ann", "@all")
    assert read(body("markdown", content="x", mentioned_list=["ann"])).mentioned == ()


def test_content_that_is_no_text_is_refused() -> None:
    assert rejection(body("text", content=3))[0] == 40058


def test_a_picture_is_a_png_or_jpeg_of_at_most_2_mb_with_its_md5() -> None:
    assert read(picture(PNG)).content == "PNG, 1 KiB"
    assert rejection(picture(PNG, md5="0" * 32))[0] == 301019
    assert rejection(picture(b"GIF89a" + bytes(100)))[0] == 40005
    assert rejection(picture(PNG + bytes(2 * 1024 * 1024)))[0] == 45001
    assert rejection(body("image", base64="%%%", md5="x"))[0] == 40058
    assert rejection(body("image", base64="", md5="x"))[0] == 44004


def test_news_have_1_to_8_articles_and_long_titles_are_cut_as_the_vendor_cuts_them() -> None:
    article = {"title": "题" * 50, "description": "d" * 600, "url": "https://x.example"}
    title, description, url = read(body("news", articles=[article] * 8)).content.split("\n\n")[0].split("\n")
    assert (title, len(description), url) == ("题" * 42, 512, "https://x.example")
    assert rejection(body("news", articles=[article] * 9))[0] == 45008
    assert rejection(body("news", articles=[]))[0] == 45008
    assert rejection(body("news", articles=[{"title": "x"}]))[0] == 40058
    assert rejection(body("news", articles=["x"]))[0] == 40058


@pytest.mark.parametrize("msgtype", ["file", "voice"])
def test_a_file_is_named_by_its_media_id(msgtype: str) -> None:
    assert read(body(msgtype, media_id="3a8a")).content == "3a8a"
    assert rejection(body(msgtype, media_id=""))[0] == 40007


def test_a_card_needs_words_and_an_action() -> None:
    card: dict[str, Any] = {"card_type": "text_notice", "card_action": {"type": 1}}
    assert read(body("template_card", **card, main_title={"title": "t", "desc": "d"})).content == "t\nd"
    assert rejection(body("template_card", **card))[0] == 40058
    assert rejection(body("template_card", **card | {"card_type": "vote_interaction"}))[0] == 40058
    assert rejection(body("template_card", card_type="text_notice"))[0] == 40058


def test_of_a_refused_message_the_beginning_can_be_shown() -> None:
    seen = glimpse(body("markdown", content="x" * 5000))
    assert seen is not None
    assert (seen.msgtype, seen.content) == ("markdown", "x" * 300)
    assert glimpse(b"nonsense") is None
    assert glimpse(b"{}") is None
