"""``hub task run``: any command as a task, with a real hub, real processes, real signals.

A command that shall wait for the test reads a line from its stdin, or waits for a file.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hub.cli.task import child as child_module
from hub.cli.task.child import Child
from hub.cli.task.streams import Streams
from tests.e2e.command_processes import PATIENCE, Running, environment, hub_command, running
from tests.e2e.processes import HUB, HubProcess
from tests.kit.devices import NativeDevice

RUN = ("task", "run", "--id", "b")
PIPE = asyncio.subprocess.PIPE
_numbers = count()


@dataclass(frozen=True)
class Place:
    """A hub, a user of their own in it, and a folder for what runs of theirs keep."""

    hub: HubProcess
    user: str
    folder: Path

    @property
    def env(self) -> Mapping[str, str]:
        return environment(self.hub, self.folder, TONGBU_TOKEN=self.hub.token(self.user))

    async def get(self, path: str) -> Any:
        status, found = await self.hub.http("GET", f"/v1/users/me{path}", token=self.hub.token(self.user))
        assert status == 200, found
        return found

    async def item(self) -> Any:
        return await self.get("/items/b")

    async def ends(self) -> list[tuple[str, int, str]]:
        """Finalized attempts in order: item, attempt, status."""
        query = f"/v1/events?type=task.finalized&user={self.user}"
        _, page = await self.hub.http("GET", query, token=self.hub.token("root", "admin"))
        return [(event["item"], event["attempt"], event["status"]) for event in page["items"]]

    @asynccontextmanager
    async def phone(self) -> AsyncIterator[Phone]:
        async with NativeDevice(self.hub.native_url, self.hub.token(self.user), "phone") as device:
            await device.open(f"inbox/{self.user}")
            yield Phone(device, f"inbox/{self.user}")


@dataclass(frozen=True)
class Phone:
    """Somebody who watches the task ``b``, and has a say."""

    device: NativeDevice
    inbox: str

    async def sees(self, field: str, value: object) -> None:
        await self.device.until(lambda: self.device.state.value(self.inbox, "b", field) == value)

    async def says(self, status: str) -> None:
        await self.device.act(self.inbox, "b", "status", [1, status])


@pytest.fixture(scope="module")
def lasting_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """One hub for all tests that don't harm it."""
    hub = HubProcess(tmp_path_factory.mktemp("hub"))
    hub.start()
    yield hub
    hub.close()


@pytest.fixture
def place(lasting_hub: HubProcess, tmp_path: Path) -> Place:
    """The lasting hub, and a user whom nobody else is."""
    return Place(lasting_hub, f"u{next(_numbers)}", tmp_path)


@pytest.fixture
def frail(hub_process: HubProcess, tmp_path: Path) -> Place:
    """A hub that may be killed."""
    return Place(hub_process, "dev", tmp_path)


def state_of(pid: int) -> str | None:
    """One letter of ``/proc``: T is stopped; None where there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return None


async def pid_in(command: Running) -> int:
    """The process that wrote its id as its first line."""
    await command.wrote("\n")
    return int(command.lines[0])


class TestPassingThrough:
    async def test_output_and_input_pass_byte_for_byte_and_the_end_is_told(self, place: Place) -> None:
        noise = os.urandom(300_000)
        process = await asyncio.create_subprocess_exec(
            HUB, *RUN, "--title", "Noise", "--", "sh", "-c", "cat; printf oops >&2",
            stdin=PIPE, stdout=PIPE, stderr=PIPE, env=place.env,
        )  # fmt: skip
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate(noise)
        assert (process.returncode, out == noise, err) == (0, True, b"oops")
        found = await place.item()
        assert (found["title"], found["status"]) == ("Noise", "succeeded")
        assert await place.ends() == [("b", 1, "succeeded")]

    async def test_lines_become_progress_while_the_command_runs_and_before_they_end(
        self, place: Place
    ) -> None:
        script = 'echo "Step 1 of 4"; read x; printf "\\rDownloading 50%%"; read x; echo; echo "token=abc"'
        async with (
            place.phone() as phone,
            running(*RUN, "--", "sh", "-c", script, env=place.env, stdin=PIPE) as command,
        ):
            keyboard = command.process.stdin
            assert keyboard is not None
            await command.wrote("Step 1 of 4")
            await phone.sees("progress", [1, 0.25, "Step 1 of 4"])
            keyboard.write(b"\n")
            await command.wrote("Downloading 50%")
            await phone.sees("progress", [1, 0.5, "Step 1 of 4"])
            keyboard.write(b"\n")
            assert await command.ended() == 0
        assert (await place.item())["note"] == "token=***"
        assert command.err == b""

    async def test_it_fails_with_the_exit_code_and_what_was_said_last(self, place: Place) -> None:
        code, _, err = await hub_command(*RUN, "--", "sh", "-c", "echo no such file; exit 3", env=place.env)
        assert (code, err) == (3, "")
        found = await place.item()
        assert (found["status"], found["note"]) == ("failed", "exit 3: no such file")
        assert found["title"] == "sh -c 'echo no such file; exit 3'"

    async def test_a_command_that_a_signal_ended_tells_which(self, place: Place) -> None:
        code, _, _ = await hub_command(*RUN, "--", "sh", "-c", "kill -9 $$", env=place.env)
        assert code == 137
        found = await place.item()
        assert (found["status"], found["note"]) == ("failed", "killed by SIGKILL")

    async def test_a_command_that_is_not_there_is_a_task_that_failed(self, place: Place) -> None:
        code, _, err = await hub_command(*RUN, "no-such-command", env=place.env)
        assert (code, err) == (127, "hub: no-such-command: not found\n")
        found = await place.item()
        assert (found["status"], found["note"]) == ("failed", "no-such-command: not found")

    async def test_without_progress_only_start_and_end_are_told(self, place: Place) -> None:
        command = [*RUN, "--no-progress", "--tag", "x", "--source", "cron", "--", "echo", "50%"]
        assert await hub_command(*command, env=place.env) == (0, "50%\n", "")
        found = await place.item()
        assert (found["status"], found.get("note"), found["tags"]) == ("succeeded", None, ["x"])
        assert found["source"] == "cron"

    async def test_many_lines_are_at_most_two_statements_a_second(self, place: Place) -> None:
        script = "i=0; while [ $i -lt 100 ]; do i=$((i+1)); echo $i/100; echo line $i; sleep 0.01; done"
        began = time.monotonic()
        code, out, _ = await hub_command(*RUN, "--", "sh", "-c", script, env=place.env)
        seconds = time.monotonic() - began
        assert (code, out.count("\n")) == (0, 200)
        async with place.phone() as phone:
            assert phone.device.state.replica(phone.inbox).seq <= 2 * seconds + 5

    async def test_a_reader_that_goes_ends_the_command_as_without_us(self, place: Place) -> None:
        shell = f"{HUB} task run --id b -- yes | head -1; echo ${{PIPESTATUS[0]}}"
        process = await asyncio.create_subprocess_exec("bash", "-c", shell, stdout=PIPE, env=place.env)
        async with asyncio.timeout(PATIENCE):
            out, _ = await process.communicate()
        assert out == b"y\n141\n"
        assert (await place.item())["note"].startswith("killed by SIGPIPE")


class TestInATerminal:
    async def test_the_command_has_a_terminal_of_the_same_size_and_its_keyboard(self, place: Place) -> None:
        script = 'tty; stty size; read x; echo "got $x"; read y'
        async with running(*RUN, "--", "sh", "-c", script, env=place.env, terminal=True) as command:
            await command.wrote("24 100")
            command.type("hello\n")
            await command.wrote("got hello")
            command.type("\x03")
            assert await command.ended() == 130
        assert b"/dev/pts" in command.out
        found = await place.item()
        assert (found["status"], found["note"][:16]) == ("failed", "killed by SIGINT")


class TestDevices:
    async def test_canceled_on_a_device_the_whole_group_ends_and_the_status_stays(self, place: Place) -> None:
        script = 'sleep 1000 & trap "kill $!; echo cleaned up; exit 0" TERM; echo $!; wait'
        async with (
            place.phone() as phone,
            running(*RUN, "--", "sh", "-c", script, env=place.env) as command,
        ):
            pid = await pid_in(command)
            await phone.sees("status", [1, "running"])
            await phone.says("canceled")
            assert await command.ended() == 143
        assert "cleaned up" in command.lines
        assert state_of(pid) in (None, "Z")
        assert (await place.item())["status"] == "canceled"
        assert await place.ends() == [("b", 1, "canceled")]

    async def test_paused_on_a_device_it_is_stopped_until_it_shall_run_again(self, place: Place) -> None:
        script = "echo $$; read x; echo on"
        async with (
            place.phone() as phone,
            running(*RUN, "--", "sh", "-c", script, env=place.env, stdin=PIPE) as command,
        ):
            pid = await pid_in(command)
            await phone.sees("status", [1, "running"])
            await phone.says("paused")
            await is_stopped(pid)
            assert command.process.stdin is not None
            command.process.stdin.write(b"\n")
            assert command.lines == [str(pid)]
            await phone.says("running")
            assert await command.ended() == 0
        assert command.lines == [str(pid), "on"]
        assert (await place.item())["status"] == "succeeded"

    async def test_in_somebody_elses_inbox_it_is_canceled_from_there(self, place: Place) -> None:
        publisher = {**place.env, "TONGBU_TOKEN": place.hub.token("ci", "publish")}
        async with (
            place.phone() as phone,
            running(*RUN, "--to", place.user, "--", "sleep", "1000", env=publisher) as command,
        ):
            await phone.sees("status", [1, "running"])
            await phone.says("canceled")
            assert await command.ended() == 143
        assert (await place.item())["status"] == "canceled"

    async def test_what_ignores_sigterm_is_killed_after_its_time(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(child_module, "KILL_AFTER", 0.1)
        async with started('trap "" TERM; echo ready >&2; sleep 1000') as command:
            command.pause()
            command.cancel()
            assert await command.ended() == 128 + signal.SIGKILL

    async def test_what_ignores_sigterm_is_killed_also_where_its_parent_obeyed(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(child_module, "KILL_AFTER", 0.5)
        deaf = f"trap '' TERM; echo \\$\\$ > {tmp_path}/pid; exec sleep 1000 >&- 2>&-"
        script = f'sh -c "{deaf}" & trap "exit 3" TERM; until [ -s {tmp_path}/pid ]; do sleep 0.01; done'
        async with started(f"{script}; echo ready >&2; wait") as command:
            command.cancel()
            assert await command.ended() == 3
            await is_gone(int((tmp_path / "pid").read_text()))

    async def test_what_a_command_left_behind_on_purpose_stays(self, tmp_path: Path) -> None:
        async with started(f"sleep 1000 >&- 2>&- & echo $! > {tmp_path}/pid; echo ready >&2") as command:
            assert await command.ended() == 0
            assert state_of(int((tmp_path / "pid").read_text())) not in (None, "Z")


@asynccontextmanager
async def started(script: str) -> AsyncIterator[Child]:
    """A shell's script that has written something; its group is killed at the end, so that nobody waits for
    what a failed test left running."""
    said, loop = asyncio.Event(), asyncio.get_running_loop()

    def listen(_chunk: bytes) -> None:
        loop.call_soon_threadsafe(said.set)

    command = Child.start(["sh", "-c", script], Streams((listen, listen)))
    try:
        async with asyncio.timeout(PATIENCE):
            await said.wait()
            yield command
    finally:
        with suppress(ProcessLookupError):
            os.killpg(command.pid, signal.SIGKILL)


async def is_gone(pid: int) -> None:
    """Until it has ended, whether or not anybody has buried it."""
    async with asyncio.timeout(PATIENCE):
        while state_of(pid) not in (None, "Z"):  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.01)


async def is_stopped(pid: int) -> None:
    """Until it is; nobody but its parent is told, so it is looked at."""
    async with asyncio.timeout(PATIENCE):
        while state_of(pid) != "T":  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.01)


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    async def test_a_signal_is_the_commands_who_decides_what_it_means(
        self, place: Place, number: signal.Signals
    ) -> None:
        script = f'trap "echo heard; exit 7" {number.name[3:]}; echo ready; while :; do sleep 0.05; done'
        async with running(*RUN, "--", "sh", "-c", script, env=place.env) as command:
            await command.wrote("ready")
            command.process.send_signal(number)
            assert await command.ended() == 7
        assert (await place.item())["note"].startswith("exit 7: ")


class TestTheHubAway:
    async def test_the_command_runs_as_ever_and_the_next_run_tells_of_it(self, frail: Place) -> None:
        around = frail.env
        await hub_command(*RUN[:2], "--id", "first", "--", "true", env=around)
        frail.hub.kill()
        code, out, err = await hub_command(
            *RUN, "--wait", "0.1", "--", "sh", "-c", "echo 50%; echo done; exit 4", env=around
        )
        assert (code, out) == (4, "50%\ndone\n")
        assert "has not taken all of task b: The hub could not be reached in time: " in err
        assert "The next `hub task run` will send the rest" in err
        frail.hub.start()
        assert await hub_command("task", "run", "--id", "next", "--", "true", env=around) == (0, "", "")
        found = await frail.item()
        assert (found["status"], found["note"], found["progress"]) == ("failed", "exit 4: done", 0.5)
        assert await frail.ends() == [
            ("first", 1, "succeeded"), ("b", 1, "failed"), ("next", 1, "succeeded"),
        ]  # fmt: skip

    async def test_one_that_never_met_a_hub_is_told_all_the_same(self, frail: Place) -> None:
        around = frail.env
        frail.hub.kill()
        code, _, err = await hub_command(*RUN, "--wait", "0", "--", "true", env=around)
        assert code == 0
        assert "will send the rest" in err
        frail.hub.start()
        assert (await hub_command("task", "run", "--", "true", env=around))[0] == 0
        assert (await frail.item())["status"] == "succeeded"

    async def test_a_hub_that_comes_back_meanwhile_misses_nothing(self, frail: Place) -> None:
        async with running(*RUN, "--", "sh", "-c", "echo 25%; read x", env=frail.env, stdin=PIPE) as command:
            async with frail.phone() as phone:
                await phone.sees("progress", [1, 0.25])
            frail.hub.kill()
            assert command.process.stdin is not None
            command.process.stdin.write(b"\n")
            command.process.stdin.close()
            frail.hub.start()
            assert await command.ended() == 0
        assert (await frail.item())["status"] == "succeeded"
        assert command.err == b""

    async def test_what_was_said_with_a_token_that_is_refused_is_sent_with_a_good_one(
        self, place: Place
    ) -> None:
        token = place.hub.token(place.user)
        bad = {**place.env, "TONGBU_TOKEN": token[:-4] + "AAAA"}
        code, out, err = await hub_command(*RUN, "--", "sh", "-c", "echo fine; exit 5", env=bad)
        assert (code, out) == (5, "fine\n")
        assert err.endswith(
            "did not take all of task b: The token was not signed by this hub. "
            "The next `hub task run` will send the rest.\n"
        )
        assert token[:40] not in err
        assert await hub_command("task", "run", "--id", "c", "--", "true", env=place.env) == (0, "", "")
        assert sorted(await place.ends()) == [("b", 1, "failed"), ("c", 1, "succeeded")]

    async def test_a_device_that_was_revoked_holds_up_no_run_on_its_machine(self, place: Place) -> None:
        await hub_command("task", "run", "--id", "a", "--", "true", env=place.env)
        first = (await place.get("/devices"))["items"][0]["device"]
        token = place.hub.token(place.user)
        await place.hub.http("DELETE", f"/v1/users/me/devices/{first}", token=token)
        assert await hub_command(*RUN, "--", "true", env=place.env) == (0, "", "")
        assert await place.ends() == [("a", 1, "succeeded"), ("b", 1, "succeeded")]
        assert (await place.item())["by"] != first

    async def test_who_has_no_patience_need_not_wait(self, frail: Place) -> None:
        around = frail.env
        frail.hub.kill()
        async with running(*RUN, "--wait", "600", "--", "sh", "-c", "echo over", env=around) as command:
            await command.wrote("over")
            interrupted = await ended_by(command, signal.SIGINT)
        assert interrupted == 0
        assert "hub: " in command.err.decode()


async def ended_by(command: Running, number: int) -> int:
    """Signal until it ends: what comes while its command still runs is its command's."""
    ending = asyncio.ensure_future(command.ended())
    while not ending.done():
        command.process.send_signal(number)
        await asyncio.wait((ending,), timeout=1)
    return ending.result()


class TestKilled:
    async def test_a_run_that_was_killed_leaves_its_task_running_and_the_same_id_goes_on_with_it(
        self, place: Place
    ) -> None:
        around = place.env
        async with place.phone() as phone:
            async with running(*RUN, "--title", "Build", "--", "cat", env=around, stdin=PIPE) as command:
                await phone.sees("status", [1, "running"])
                command.process.kill()
                await command.ended()
            assert (await place.item())["status"] == "running"
            assert (await hub_command(*RUN, "--title", "Build", "--", "true", env=around))[0] == 0
        found = await place.item()
        assert (found["status"], found["attempt"]) == ("succeeded", 1)

    async def test_a_task_that_has_ended_begins_its_next_attempt(self, place: Place) -> None:
        around = place.env
        for command in ("false", "true"):
            await hub_command(*RUN, "--title", "Build", "--", command, env=around)
        assert await place.ends() == [("b", 1, "failed"), ("b", 2, "succeeded")]

    async def test_several_at_once_are_a_few_devices_however_often_they_run(self, place: Place) -> None:
        around = place.env
        async with (
            running("task", "run", "--", "sh", "-c", "echo on; read x", env=around, stdin=PIPE) as first,
            running("task", "run", "--", "sh", "-c", "echo on; read x", env=around, stdin=PIPE) as second,
        ):
            for command in (first, second):
                await command.wrote("on")
            await asyncio.gather(*(hub_command("task", "run", "--", "true", env=around) for _ in range(2)))
            for command in (first, second):
                assert command.process.stdin is not None
                command.process.stdin.write(b"\n")
                assert await command.ended() == 0
        await hub_command("task", "run", "--", "true", env=around)
        assert 2 <= len((await place.get("/devices"))["items"]) <= 4
        stores = [path.name for path in (place.folder / "state").rglob("slot-*")]
        assert len({name[:6] for name in stores}) <= 5
        assert not [name for name in stores if name.endswith(".unsent")]


class TestStopped:
    async def test_ctrl_z_stops_the_command_with_us_and_both_go_on_together(self, place: Place) -> None:
        script = "echo $$; read x; echo on"
        async with running(*RUN, "--", "sh", "-c", script, env=place.env, stdin=PIPE) as command:
            pid = await pid_in(command)
            command.process.send_signal(signal.SIGTSTP)
            await is_stopped(pid)
            await is_stopped(command.process.pid)
            command.process.send_signal(signal.SIGCONT)
            assert command.process.stdin is not None
            command.process.stdin.write(b"\n")
            assert await command.ended() == 0
        assert command.lines[1:] == ["on"]

    async def test_what_is_stopped_hears_that_it_shall_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(child_module, "KILL_AFTER", 5.0)
        async with started('trap "exit 9" TERM; echo ready >&2; while :; do sleep 0.01; done') as command:
            command.pause()
            command.cancel()
            assert await command.ended() == 9
