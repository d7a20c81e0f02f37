"""Pictures of the inbox as people have it. ``WEB_PICTURES=docs/images`` keeps them."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from tests.e2e.web.conftest import MakeProfile
from tests.e2e.web_pages import DESKTOP, PHONE, WebPage
from tests.e2e.web_people import Person

LARGEST: Final = 200 * 1024
"""Bytes that a picture of the documentation may have."""

Stories = list[dict[str, Any]]
ENGLISH: Final[Stories] = [
    {"title": "Certificate of api.example.com ends in 9 days", "level": "warning", "source": "certs",
     "body": "Renewal failed twice: the DNS challenge was not answered.\nhttps://status.example/certs"},
    {"title": "Invoice 2026-1183 was paid", "level": "success", "source": "billing", "tags": ["finance"],
     "body": "¥12,400.00 from Hangzhou Lantern Ltd."},
    {"title": "Disk on db1 is 91 % full", "level": "error", "source": "monitor", "tags": ["db1"],
     "body": "/var grew by 14 GB since yesterday. Largest: pg_wal (11 GB)."},
    {"title": "Mei left a comment on “Launch plan”", "level": "info", "source": "board",
     "body": "Could we move the dry run to Wednesday?"},
    {"title": "Build 2214 is green", "level": "success", "source": "ci", "tags": ["main"],
     "body": "1,204 checks in 3 min 12 s."},
]  # fmt: skip
CHINESE: Final[Stories] = [
    {"title": "api.example.com 的证书将在 9 天后到期", "level": "warning", "source": "证书",
     "body": "两次续期失败：DNS 验证没有响应。\nhttps://status.example/certs"},
    {"title": "发票 2026-1183 已付款", "level": "success", "source": "账务", "tags": ["财务"],
     "body": "杭州灯笼有限公司，¥12,400.00。"},
    {"title": "db1 磁盘已用 91%", "level": "error", "source": "监控", "tags": ["db1"],
     "body": "/var 从昨天起增长了 14 GB，最大的是 pg_wal（11 GB）。"},
    {"title": "小梅评论了“发布计划”", "level": "info", "source": "看板",
     "body": "演练可以改到周三吗？"},
    {"title": "构建 2214 通过", "level": "success", "source": "CI", "tags": ["main"],
     "body": "1,204 项检查，用时 3 分 12 秒。"},
]  # fmt: skip
WORDS: Final = {
    "en": (ENGLISH, "Nightly evaluation of 512 cases", "211 of 512 · 98.6 % right so far"),
    "zh": (CHINESE, "夜间评测 512 个用例", "已完成 211 / 512，正确率 98.6%"),
}
NOTES: Final = {
    "en": ("Compare with last week first.", ("Freeze the model", "Run all cases", "Write the summary")),
    "zh": ("发布前与上周结果对比。", ("冻结模型", "运行全部用例", "撰写总结")),
}  # fmt: skip


BERLIN: Final = ZoneInfo("Europe/Berlin")
"""Where the browsers are."""


async def told(ann: Person, language: str) -> tuple[str, str]:
    """An inbox worth looking at; a notification and a task in it."""
    stories, title, note = WORDS[language]
    ids = [await ann.notify(**story) for story in reversed(stories)]
    for item in ids[:2]:
        await ann.http("PATCH", f"/v1/users/me/items/{item}", {"read": True})
    await ann.http("PATCH", f"/v1/users/me/items/{ids[2]}", {"pinned": True})
    task = await ann.task(title, status="running", progress=0.41, note=note)
    tomorrow = datetime.now(BERLIN).replace(hour=18, minute=0, second=0) + timedelta(days=1)
    due = int(tomorrow.timestamp()) * 1000
    await ann.http("PATCH", f"/v1/users/me/items/{task}", {"due": due, "priority": 6})
    return ids[2], task


LOOKS: Final = {"light": ("en", False), "dark": ("en", True), "zh": ("zh", False)}
WANTED: Final = LOOKS if "WEB_PICTURES" in os.environ else {"zh": LOOKS["zh"]}
"""All of them are made only to be kept."""


def pictured(page: WebPage, path: Path) -> None:
    """Once all is quiet: seen, saved, nothing told."""
    page.hides(css=".row.is-new")
    page.hides(css=".toast")
    page.hides(css=".local-mark")
    page.screenshot(path)
    assert path.stat().st_size <= LARGEST


@pytest.mark.parametrize(("language", "dark"), WANTED.values(), ids=WANTED)
async def test_pictures(profile: MakeProfile, ann: Person, tmp_path: Path, language: str, dark: bool) -> None:
    folder = Path(os.environ.get("WEB_PICTURES", tmp_path))
    ending = {"zh": ".zh"}.get(language, "-dark" if dark else "")
    item, task = await told(ann, language)
    look = {"locale": "zh-CN" if language == "zh" else "en-GB", "dark": dark}
    laptop, phone = (
        ann.at(profile(**look, size=DESKTOP), f"/item/{item}"),
        ann.at(profile(**look, size=PHONE)),
    )
    for page in (laptop, phone):
        page.click(css=".toast .icon-button")
    laptop.shows(css=".pane-detail h1, .pane-detail h2")
    laptop.shows(css=f'.row[data-id="{task}"]')
    pictured(laptop, folder / f"web-inbox{ending}.png")
    phone.shows(css=f'.row[data-id="{task}"]')
    pictured(phone, folder / f"web-phone{ending}.png")
    laptop.goto(f"{ann.hub.url}/item/{task}")
    text, steps = NOTES[language]
    laptop.click(css=".notes-field")
    laptop.type(text)
    for step in steps:
        laptop.ask("fill", where={"css": ".entry-new"}, value=step)
        laptop.press("Enter")
    laptop.click(role="checkbox", nth=0)
    laptop.saved()
    pictured(laptop, folder / f"web-task{ending}.png")
