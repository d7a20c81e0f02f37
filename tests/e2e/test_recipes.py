"""The recipes of docs/recipes.md, as their readers would use them, against the installed command."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.command_processes import running
from tests.e2e.processes import HUB
from tests.e2e.recipes import PATIENCE, World, put_phone_agent, world

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "docs" / "examples" / "recipes"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@needs_curl
@pytest.mark.parametrize(("fails", "status"), [(False, "succeeded"), (True, "failed")])
async def test_a_shell_script_with_curl_tells_how_its_work_went(
    tmp_path: Path, fails: bool, status: str
) -> None:
    home, backups = tmp_path / "home", tmp_path / "backups"
    home.mkdir()
    (home / "letter.txt").write_text("Dear Ann")
    if not fails:
        backups.mkdir()
    async with world(tmp_path) as here:
        env = here.environment("ann", "user", BACKUP_DIR=str(backups)) | {"HOME": str(home)}
        code, _ = await here.program(str(RECIPES / "backup.sh"), env=env)
        assert (code == 0) is not fails
        (message,) = await here.received("Backup")
        assert ("✅" in message) is not fails
        (task,) = (await here.ask("ann", "GET", "/items"))["items"]
        assert (task["id"][:7], task["status"], task["attempt"]) == ("backup-", status, 1)
        await here.program(str(RECIPES / "backup.sh"), env=env)
        again = await here.ask("ann", "GET", f"/items/{task['id']}")
        assert (again["attempt"], again["status"]) == (2, status)


@needs_curl
async def test_the_shell_script_does_its_work_without_a_hub(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    (tmp_path / "home").mkdir()
    script = (RECIPES / "backup.sh").read_text().replace("--retry 3", "--retry 0")
    env = {**os.environ, "HOME": str(tmp_path / "home"), "BACKUP_DIR": str(tmp_path / "backups")}
    env |= {"TONGBU_URL": "http://127.0.0.1:1", "TONGBU_TOKEN": "none"}
    done = await asyncio.to_thread(
        subprocess.run, ["sh", "-c", script], env=env, capture_output=True, timeout=PATIENCE
    )
    assert done.returncode == 0
    assert (tmp_path / "backups" / "home.tar.gz").exists()


async def test_the_lines_of_the_crontab_run_as_cron_runs_them(tmp_path: Path) -> None:
    work = tmp_path / "backup"
    work.write_text("#!/bin/sh\necho 1/2\necho 38 GB saved\n")
    work.chmod(0o700)
    almost_full = tmp_path / "df"
    almost_full.write_text("#!/bin/sh\nprintf 'Filesystem x x x Use on\\n/dev/sda1 1 1 1 93%% /\\n'\n")
    almost_full.chmod(0o700)
    async with world(tmp_path) as here:
        told = here.environment("ann", "user", "publish")
        token = tmp_path / ".tongbu-token"
        token.write_text(told["TONGBU_TOKEN"])
        env = {"HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin", "TONGBU_URL": here.hub.url}
        for line in re.findall(
            r"^[\d*/]+(?: [\d*/]+){4}  (.+)$", (RECIPES / "crontab").read_text(), re.MULTILINE
        ):
            command = line.replace("\\%", "%").replace("/opt/tongbu/bin/hub", str(HUB))
            code, written = await here.shell(command.replace("/usr/local/bin/backup", str(work)), env)
            assert (code, written) == (0, "")
        messages = await here.received("Nightly backup", "Disk almost full")
        assert len(messages) == 2
        assert any("38 GB saved" in message for message in messages)


BASH = ("bash", "-e", "-c")
"""How a runner calls it."""


def step_of_github(name: str) -> str:
    """What the step of that name runs."""
    workflow = (RECIPES / "github-actions.yml").read_text()
    found = re.search(rf"- name: {name}\n(?:\s+if: .*\n)?\s+run: \|\n((?:\s{{10}}.*\n)+)", workflow)
    assert found is not None
    return textwrap.dedent(found[1])


GITHUB = {"GITHUB_REPOSITORY": "ann/shop", "GITHUB_REF_NAME": "main", "GITHUB_WORKFLOW": "test"}
GITHUB |= {"GITHUB_RUN_ID": "4711", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_SERVER_URL": "https://github.com"}
JENKINS = {"BUILD_TAG": "jenkins-shop/main%2Fx y-12", "JOB_NAME": "shop/main", "BUILD_NUMBER": "12"}
JENKINS |= {"BUILD_URL": "https://ci.example.org/job/shop/12/"}


def with_make(folder: Path, script: str) -> str:
    """A folder of commands in which ``make`` is the script."""
    (folder / "bin").mkdir(exist_ok=True)
    make = folder / "bin" / "make"
    make.write_text(f"#!/bin/sh\n{script}\n")
    make.chmod(0o700)
    return f"{make.parent}:{HUB.parent}:{os.environ['PATH']}"


async def test_the_steps_of_the_github_workflow_report_a_run_and_its_repetition(tmp_path: Path) -> None:
    test = step_of_github("Test")
    async with world(tmp_path) as here:
        env = here.environment("ci", "publish", **GITHUB)
        env["PATH"] = with_make(tmp_path, 'echo "[3/4] pay"; echo "1 failed"; exit 2')
        code, written = await here.program(*BASH, test, env=env)
        assert code == 2
        assert "1 failed" in written
        code, _ = await here.program(*BASH, step_of_github("Tell that the workflow failed"), env=env)
        assert code == 0
        env["PATH"] = with_make(tmp_path, "echo all passed")
        assert (await here.program(*BASH, test, env=env))[0] == 0
        messages = await here.received("test failed", "all passed", "exit 2: 1 failed")
        assert len(messages) == 3
        item = await here.ask("ann", "GET", "/items/gh-4711")
        assert (item["attempt"], item["status"]) == (2, "succeeded")
        assert item["link"] == "https://github.com/ann/shop/actions/runs/4711"


async def test_without_its_secret_the_github_workflow_runs_the_tests_all_the_same(tmp_path: Path) -> None:
    assert "TONGBU_TOKEN || 'none'" in (RECIPES / "github-actions.yml").read_text()
    test = step_of_github("Test")
    async with world(tmp_path) as here:
        env = here.environment("ci", "publish", **GITHUB) | {"TONGBU_TOKEN": "none"}
        env["PATH"] = with_make(tmp_path, "echo all passed")
        code, written = await here.program(*BASH, test, env=env)
        assert code == 0
        assert "all passed" in written


async def test_the_steps_of_the_jenkinsfile_report_a_build(tmp_path: Path) -> None:
    test, tell = map(
        textwrap.dedent, re.findall(r"'''\n(.*?)'''", (RECIPES / "Jenkinsfile").read_text(), re.DOTALL)
    )
    async with world(tmp_path) as here:
        env = here.environment("ci", "publish", **JENKINS)
        env["PATH"] = with_make(tmp_path, "echo 17 of 18; exit 1")
        assert (await here.program("sh", "-xe", "-c", test, env=env))[0] == 1
        assert (await here.program("sh", "-xe", "-c", tell, env=env))[0] == 0
        messages = await here.received("shop/main #12 failed", "exit 1")
        assert len(messages) == 2
        item = await here.ask("ann", "GET", "/items/j-jenkins-shop-main-2Fx-y-12")
        assert (item["status"], item["progress"]) == ("failed", pytest.approx(17 / 18, abs=0.001))


@pytest.mark.skipif(
    importlib.util.find_spec("langchain_core") is None,
    reason="langchain-core is not installed: pip install langchain-core to try its recipe",
)
async def test_a_langchain_run_is_a_task_with_its_steps_and_its_answer(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        env = here.environment("ann", "user")
        script = str(RECIPES / "langchain_callback.py")
        code, written = await here.program(sys.executable, script, "Why is the sky blue?", env=env)
        assert (code, written.count("In short:")) == (0, 1), written
        (message,) = await here.received("Answer a question")
        assert "In short: what the encyclopedia says" in message


@pytest.mark.parametrize(("answer", "status"), [("running", "succeeded"), ("canceled", "canceled")])
async def test_a_phone_agent_asks_on_the_devices_and_reports_its_end(
    tmp_path: Path, answer: str, status: str
) -> None:
    put_phone_agent(tmp_path)
    async with world(tmp_path) as here:
        env = here.environment("ann", "user", "publish", PYTHONPATH=str(tmp_path))
        script = str(RECIPES / "open_autoglm.py")
        agent = asyncio.create_task(here.program(sys.executable, script, "Order lunch", env=env))
        asked = await answered(here, ["running", answer])
        code, written = await agent
        assert code == (0 if status == "succeeded" else 1), written
        assert asked == [
            "Order lunch: please take over: solve the captcha",
            "Order lunch: go on? Pay 38 yuan",
        ]
        (message,) = await here.received("Order lunch")
        assert ("Lunch ordered" in message) is (status == "succeeded")
        assert ("⏹" in message) is (status == "canceled")


async def answered(here: World, words: list[str]) -> list[str]:
    """Ann answers each question by stating the task's status, in order. The questions."""
    asked: dict[str, str] = {}
    headers = {"Authorization": f"Bearer {here.hub.token('ann')}"}
    async with (
        asyncio.timeout(PATIENCE),
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{here.hub.url}/v1/users/me/stream") as changes,
    ):
        async for _ in changes.content:
            items = (await here.ask("ann", "GET", "/items"))["items"]
            news = [each for each in items if each["kind"] == "notification" and each["id"] not in asked]
            for question in news:
                (task,) = [each["id"] for each in items if each["kind"] == "task"]
                await here.ask("ann", "PATCH", f"/items/{task}", {"status": words[len(asked)]})
                asked[question["id"]] = question["title"]
            if len(asked) == len(words):
                break
    return list(asked.values())


async def test_a_receiver_takes_signed_webhooks_once_and_nothing_else(tmp_path: Path) -> None:
    env = {**os.environ, "WEBHOOK_SECRET": SECRET, "PYTHONUNBUFFERED": "1"}
    receiver = await asyncio.create_subprocess_exec(
        sys.executable, str(RECIPES / "webhook_receiver.py"), "0", env=env, stdout=subprocess.PIPE
    )
    assert receiver.stdout is not None
    try:
        address = (await receiver.stdout.readline()).decode().split()[-1]
        settings = f'[channels.own]\nkind = "webhook"\nbase_url = "{address}"\nsecret = "{SECRET}"\n'
        async with world(tmp_path, f'{settings}[[routes]]\nchannels = ["own"]\n') as here:
            env = here.environment("ann", "user", "publish")
            assert (await here.shell('hub send "Disk full" --level error', env))[0] == 0
            assert (await here.shell('hub task run --title "Backup" -- true', env))[0] == 0
            async with asyncio.timeout(PATIENCE):
                lines = [(await receiver.stdout.readline()).decode().strip() for _ in range(2)]
            async with aiohttp.ClientSession() as session, session.post(address, data=b"{}") as forged:
                assert forged.status == 400
        assert lines == [
            "notification.raised | Disk full | error",
            "task.finalized | Backup | succeeded",
        ]
    finally:
        receiver.kill()
        await receiver.wait()


def blocks(page: str, kind: str) -> list[str]:
    """The page's code blocks of that kind; those of its Chinese twin are the same."""
    text = (ROOT / "docs" / page).read_text()
    return re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@needs_curl
async def test_the_shell_blocks_of_the_recipes_go_as_they_say(tmp_path: Path) -> None:
    script = "\n".join(block for block in blocks("recipes.md", "sh") if "webhook_receiver.py" not in block)
    async with world(tmp_path) as here:
        script = script.replace("http://127.0.0.1:8787", here.hub.url)
        script = script.replace("hub token", f"hub token --data {here.hub.data}")
        code, written = await here.shell(f"set -eu\n{script}", here.environment("nobody"))
        assert code == 0, written
        messages = await here.received("Nightly build", "Backup")
        assert any("all passed" in message for message in messages)
        (warning,) = (await here.ask("dev", "GET", "/items?kind=notification"))["items"]
        assert (warning["level"], warning["source"]) == ("warning", "certbot")


async def test_a_first_channel_works_as_the_page_says(tmp_path: Path) -> None:
    settings, script = blocks("delivery.md", "toml")[0], blocks("delivery.md", "sh")[1]
    async with world(tmp_path, settings) as here:
        told = {name: text for name, text in here.environment("dev").items() if name != "TONGBU_TOKEN"}
        work, tail = script.strip().rsplit("\n", 1)
        code, written = await here.shell(f"set -e\n{work}", told)
        assert code == 0, written
        assert "ok  wechat took a test message" in written
        assert re.search(r"  sent +wechat  ", written)
        assert len(await here.received("Tongbu: a test", "Nightly build")) == 2
        async with running(*tail.split()[1:], "--data", str(here.hub.data), env=told) as shown:
            await shown.wrote("→ wechat ")
            assert await shown.interrupt() == 0
    assert re.search(r"Nightly build  succeeded .*→ wechat \d\d:\d\d ✓", shown.out.decode())
