"""What charts and tables say, in the languages of the pages that show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from bench.budget import Verdict

BEGIN: Final = "<!-- bench -->\n"
END: Final = "<!-- /bench -->"

Label = tuple[str, str]
"""What is measured, and in which case; with places for the sizes measured."""


class Words(NamedTuple):
    """One language. ``section``: heading and opening of the section, where a page has none yet;
    ``between`` the two parts of a label, ``among`` several rows. ``costs_less`` has a place for the peer."""

    chart: str
    meaning: str
    absolute: str
    peer_line: str
    must: str
    aim: str
    verdicts: Mapping[Verdict, str]
    costs_less: str
    labels: Mapping[str, Label]
    between: str
    among: str
    section: str
    head: str
    others_summary: str
    others_head: str
    peers_win: str
    nowhere: str
    win: str
    source: str
    quick: str


ENGLISH: Final = Words(
    chart="CPU of the server for each unit of work, as a ratio to the peer's",
    meaning="shorter is better · the hub saves before it acknowledges, peers keep all in memory",
    absolute="absolute",
    peer_line="peer = 1 ×",
    must="must",
    aim="aim",
    verdicts={
        "aim reached": "aim reached",
        "must reached": "must reached",
        "missed": "missed",
        "not measured": "not measured",
    },
    costs_less="{peer} costs less here",
    labels={
        "documents": ("One document update", "3 devices a document, beside y-websocket"),
        "hocuspocus": ("One document update", "3 devices a document, beside Hocuspocus"),
        "documents20": ("One document update", "20 devices a document, beside y-websocket"),
        "statements": ("One ledger statement", "3 devices an inbox, beside y-websocket's update"),
        "away": ("One statement to an inbox nobody has open", "beside y-websocket's update"),
        "memory": ("An idle connection", "authenticated, its inbox open: resident memory"),
        "fanout": ("One frame to 1,000 readers", "all of them together, beside Node ws"),
        "latency": ("Push to ok at half of capacity", "p99, less a bare commit's"),
        "connect": ("Connection set-up", "with token, beside Node ws without"),
        "scale": ("One statement at {many:,} connections", "beside the hub at {few:,}"),
        "history": ("One statement after {many:,} others", "in the same inbox, beside the hub after {few:,}"),
    },
    between=", ",
    among="; ",
    section="""\
## What it costs

`make bench` puts the hub beside its peers in one run, on your machine: CPU time of the server process for
each unit of work. The hub saves to disk, with `fdatasync`, before it acknowledges; the peers keep everything
in memory. How it is measured, and what each row means: [the bench](bench/README.md).
""",
    head="| work | hub | beside it | measured | must | aim | |\n|---|--:|--:|--:|--:|--:|---|",
    others_summary="The other servers of the same run",
    others_head="| work | beside | hub | it | ratio |\n|---|---|--:|--:|--:|",
    peers_win="**Where a peer costs less:** {rows}.",
    nowhere="No peer costs less at any of this.",
    win="{work} ({peer}: {ratio:.2f} of the hub's cost)",
    source="""\
Medians of the rounds, least and greatest in brackets; *must* and *aim* are the project's own budget.
From [{file}]({folder}/{file}){quick}: commit {commit}, {date}, {cpu}, kernel {kernel}; {versions}.""",
    quick=", a quick run",
)

CHINESE: Final = Words(
    chart="每单位工作所用的服务器 CPU 时间，与对照者之比",
    meaning="越短越好 · 本服务器先存盘再确认，对照者都只放在内存里",
    absolute="绝对值",
    peer_line="对照 = 1 ×",
    must="要求",
    aim="目标",
    verdicts={
        "aim reached": "达到目标",
        "must reached": "达到要求",
        "missed": "未达要求",
        "not measured": "未测量",
    },
    costs_less="此处 {peer} 更省",
    labels={
        "documents": ("一次文档更新", "每个文档 3 台设备，对照 y-websocket"),
        "hocuspocus": ("一次文档更新", "每个文档 3 台设备，对照 Hocuspocus"),
        "documents20": ("一次文档更新", "每个文档 20 台设备，对照 y-websocket"),
        "statements": ("一句陈述", "每个收件箱 3 台设备，对照 y-websocket 的更新"),
        "away": ("对无人打开的收件箱的一句陈述", "对照 y-websocket 的更新"),
        "memory": ("一个空闲连接", "已认证，收件箱已打开：常驻内存"),
        "fanout": ("一条更新发给 1,000 个读者", "全部读者合计，对照 Node ws"),
        "latency": ("半载时从推送到确认", "p99，减去单纯一次提交的 p99"),
        "connect": ("建立一个连接", "带令牌，对照不带令牌的 Node ws"),
        "scale": ("{many:,} 个连接时的一句陈述", "对照 {few:,} 个连接时的本服务器"),
        "history": ("已有 {many:,} 句之后的一句陈述", "同一收件箱，对照已有 {few:,} 句时的本服务器"),
        "fanout1": ("一条更新发给 {readers:,} 个读者", "一次一条，全部读者合计"),
        "fanout10k": ("一条更新发给 {readers:,} 个读者", "全部读者合计"),
    },
    between="，",
    among="；",
    section="""\
## 它的代价

`make bench` 在你的机器上，用同一轮测试把本服务器与同类放在一起：每单位工作用掉多少服务器进程的 CPU
时间。本服务器先用 `fdatasync` 存盘再确认；对照者把一切都只放在内存里。怎样测量、每一行是什么意思，见
[测试说明（英文）](../../bench/README.md)。
""",
    head="| 工作 | 本服务器 | 对照 | 测得 | 要求 | 目标 | |\n|---|--:|--:|--:|--:|--:|---|",
    others_summary="同一轮里的其他服务器",
    others_head="| 工作 | 对照 | 本服务器 | 它 | 比值 |\n|---|---|--:|--:|--:|",
    peers_win="**对照者更省的地方：**{rows}。",
    nowhere="以上各项，没有哪个对照者更省。",
    win="{work}（{peer}：为本服务器的 {ratio:.2f}）",
    source="""\
各轮的中位数，括号里是最小与最大；“要求”和“目标”是本项目给自己定的预算。
出自 [{file}]({folder}/{file}){quick}：提交 {commit}，{date}，{cpu}，内核 {kernel}；{versions}。""",
    quick="（快速测试）",
)
