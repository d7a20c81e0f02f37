"""Commands against a real hub: raise, watch, look after; while the hub comes and goes."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from tests.e2e.command_processes import PATIENCE, environment, hub_command, running
from tests.e2e.conftest import MakeHub
from tests.e2e.processes import HUB, HubProcess
from tests.kit.sandboxes import running_sandbox

KEY = "11111111-1111-4111-8111-111111111111"
SETTINGS = """
[channels.ops]
kind = "wecom_robot"
key = "{key}"
base_url = "{url}"

[[routes]]
channels = ["ops"]
"""
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


async def test_what_is_sent_again_under_its_id_happens_once(hub_process: HubProcess, tmp_path: Path) -> None:
    env = environment(hub_process, tmp_path, TONGBU_TOKEN=hub_process.token("ci", "publish"))
    command = ["send", "Disk 95 % full", "--level", "error", "--id", "disk-1", "--to", "ann"]
    for _ in range(2):
        assert await hub_command(*command, env=env) == (0, "disk-1\n", "")
    code, out, err = await hub_command(*command, "--body", "other", env=env)
    assert (code, out) == (1, "")
    assert "(exists)" in err
    _, page = await hub_process.http("GET", "/v1/users/me/items", token=hub_process.token("ann"))
    assert [(item["id"], item["level"]) for item in page["items"]] == [("disk-1", "error")]


async def test_on_the_hubs_own_machine_its_data_folder_is_enough(
    hub_process: HubProcess, tmp_path: Path
) -> None:
    env = environment(hub_process, tmp_path)
    code, name, _ = await hub_command("send", "Hello", "--data", str(hub_process.data), env=env)
    assert code == 0
    status, item = await hub_process.http(
        "GET", f"/v1/users/dev/items/{name.strip()}", token=hub_process.token("dev")
    )
    assert (status, item["title"]) == (200, "Hello")


async def test_a_token_that_is_refused_is_told_in_a_sentence_without_the_token(
    hub_process: HubProcess, tmp_path: Path
) -> None:
    token = hub_process.token("ann")
    code, _, err = await hub_command("send", "x", env=environment(hub_process, tmp_path, TONGBU_TOKEN=token))
    assert code == 1
    assert "publish" in err
    code, _, more = await hub_command(
        "tail", env=environment(hub_process, tmp_path, TONGBU_TOKEN=token[:-4] + "AAAA")
    )
    assert code == 1
    assert "hub token" in more
    assert token[:40] not in err + more


async def test_tail_shows_what_is_there_then_what_comes_through_a_crash_of_the_hub_until_ctrl_c(
    hub_process: HubProcess, tmp_path: Path
) -> None:
    env = environment(hub_process, tmp_path)
    data = ("--data", str(hub_process.data))
    for number in range(3):
        await hub_command("send", f"Number {number}", "--id", f"n{number}", *data, env=env)
    async with running("tail", "-n", "2", *data, env=env) as tail:
        await tail.wrote("Number 2")
        token = hub_process.token("dev")
        await hub_process.http("PATCH", "/v1/users/me/items/n2", {"read": True}, token)
        await tail.wrote("○  Number 2")
        hub_process.kill()
        await tail.wrote("Trying again")
        hub_process.start()
        await hub_command("send", "After the crash", *data, env=env)
        await tail.wrote("After the crash")
        await tail.wrote("the hub is back")
        assert await tail.interrupt() == 0
    assert [re.sub(r"^[\d:]+  ", "", line) for line in tail.lines] == [
        "●  Number 1",
        "●  Number 2",
        "○  Number 2",
        "●  After the crash",
    ]
    assert tail.err.count(b"hub: ") == 2


async def test_tail_follows_a_space_and_speaks_json(hub_process: HubProcess, tmp_path: Path) -> None:
    env, data = environment(hub_process, tmp_path), ("--data", str(hub_process.data))
    admin = hub_process.token("root", "admin")
    await hub_process.http("PUT", "/v1/spaces/team/members/dev", {"access": "write"}, admin)
    async with running("tail", "--space", "team", "--json", *data, env=env) as tail:
        await hub_command("send", "For all", "--id", "a", "--space", "team", *data, env=env)
        await tail.wrote("For all")
        assert await tail.interrupt() == 0
    item = json.loads(tail.lines[0])
    assert (item["id"], item["title"], item["read"]) == ("a", "For all", False)


async def test_in_a_terminal_a_task_that_moves_on_keeps_its_line(
    hub_process: HubProcess, tmp_path: Path
) -> None:
    env = environment(hub_process, tmp_path, TERM="xterm")
    token = hub_process.token("dev")
    task = {"kind": "task", "title": "Build", "id": "b"}
    await hub_process.http("POST", "/v1/users/me/items", task, token)
    async with running("tail", "--data", str(hub_process.data), env=env, terminal=True) as tail:
        await tail.wrote("Build")
        for progress in (0.3, 0.6):
            body = {"status": "running", "progress": progress}
            await hub_process.http("PATCH", "/v1/users/me/items/b", body, token)
            await tail.wrote(f"{progress:.0%}")
        tail.type("\x03")
        assert await tail.ended() == 0
    assert tail.out.count(b"\x1b[1A\x1b[2K") == 2
    assert "██████░░░░  60%  Build" in ESCAPE.sub("", tail.out.decode())


@pytest.mark.parametrize(
    "command",
    ["tail --json", "tail", "events --follow", "events", "deliveries list", "deliveries list --json"],
)
async def test_whoever_has_read_enough_ends_a_command_at_once_and_quietly(
    hub_process: HubProcess, tmp_path: Path, command: str
) -> None:
    env = environment(hub_process, tmp_path)
    for number in range(3):
        note = {"kind": "notification", "title": f"N{number}"}
        publisher = hub_process.token("dev", "user", "publish")
        assert (await hub_process.http("POST", "/v1/users/me/items", note, publisher))[0] == 201
    shell = f"{HUB} {command} --data {hub_process.data} | head -1; echo ${{PIPESTATUS[0]}}"
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", shell, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=env
    )
    async with asyncio.timeout(PATIENCE):
        out, err = await process.communicate()
    assert (out.splitlines()[-1], err) == (b"0", b"")


async def test_without_a_hub_a_command_says_so_with_exit_code_3(tmp_path: Path) -> None:
    env = environment(None, tmp_path, TONGBU_URL="http://127.0.0.1:9", TONGBU_TOKEN="t")
    for command in (["send", "x"], ["tail"], ["events", "--follow"], ["channel", "list"]):
        code, out, err = await hub_command(*command, env=env)
        assert (code, out) == (3, "")
        assert "No hub answers at http://127.0.0.1:9 (connection refused)" in err


async def test_an_operator_finds_what_is_dead_and_sends_it_again(make_hub: MakeHub, tmp_path: Path) -> None:
    async with running_sandbox(key=KEY) as wechat:
        hub = make_hub()
        hub.config.write_text(SETTINGS.format(key=KEY, url=wechat.url))
        hub.start()
        env, data = environment(hub, tmp_path), ("--data", str(hub.data))
        async with running("tail", *data, env=env) as tail:
            wechat.fault("40058")
            await hub_command("send", "Disk full", "--id", "disk", *data, env=env)
            await tail.wrote("→ ops")
            assert "✗" in tail.lines[-1]
            code, out, _ = await hub_command("deliveries", "list", "--state", "dead", *data, env=env)
            assert code == 0
            _, (name, state, channel, *rest) = [line.split() for line in out.splitlines()]
            assert (state, channel) == ("dead", "ops")
            assert "Disk full" in " ".join(rest)
            again = ("deliveries", "retry", "--state", "dead", "--channel", "ops")
            assert (await hub_command(*again, *data, env=env))[0] == 2
            assert await hub_command(*again, "--yes", *data, env=env) == (0, f"{name}  pending\n", "")
            await tail.wrote("✓")
            assert await tail.interrupt() == 0
        assert ["Disk full" in text for text in wechat.texts()] == [True]
        code, out, _ = await hub_command("deliveries", "show", name, "--json", *data, env=env)
        assert (code, json.loads(out)["state"]) == (0, "sent")
        told = hub.log.read_text() + out
    assert KEY not in told


async def test_a_channel_is_tested_and_its_mistake_told_with_what_to_do(
    make_hub: MakeHub, tmp_path: Path
) -> None:
    async with running_sandbox(key=KEY) as wechat:
        hub = make_hub()
        wrong = KEY.replace("1", "2")
        hub.config.write_text(SETTINGS.format(key=wrong, url=wechat.url))
        hub.start()
        env, data = environment(hub, tmp_path), ("--data", str(hub.data))
        code, out, err = await hub_command("channel", "test", "ops", *data, env=env)
        assert (code, out) == (1, "")
        assert "(bad_config)" in err
        assert "93000" in err
        assert "Check this channel's key" in err
        code, out, more = await hub_command("channel", "list", *data, env=env)
        assert (code, out.split()[:2]) == (0, ["ops", "wecom_robot"])
        assert wrong not in err + out + more
        code, _, err = await hub_command("channel", "test", "no-such", *data, env=env)
        assert (code, "not_found" in err) == (1, True)


async def test_events_are_followed_through_a_crash_each_once(hub_process: HubProcess, tmp_path: Path) -> None:
    env, data = environment(hub_process, tmp_path), ("--data", str(hub_process.data))
    async with running("events", "--follow", "--json", *data, env=env) as events:
        await hub_command("send", "one", "--id", "one", *data, env=env)
        await events.wrote('"item":"one"')
        hub_process.kill()
        await events.wrote("Trying again")
        hub_process.start()
        await hub_command("send", "two", "--id", "two", *data, env=env)
        await events.wrote('"item":"two"')
        assert await events.interrupt() == 0
    assert [json.loads(line)["item"] for line in events.lines] == ["one", "two"]
    first = json.loads(events.lines[0])["id"]
    code, out, _ = await hub_command("events", "--after", first, *data, env=env)
    assert (code, out.split()[3:]) == (0, ["notification.raised", "inbox/dev/two"])
