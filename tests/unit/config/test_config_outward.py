"""``[channels.<name>]`` and ``[[routes]]``: what is wrong is named, what is secret is never shown."""

from __future__ import annotations

import base64
from contextlib import suppress
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config import Config, WebhookSettings, WecomRobotSettings, load, route_name
from hub.config.outward import MAX_CHANNELS, MAX_ROUTES, End, Level
from hub.config.outward_reading import KINDS, read_channels, read_routes
from hub.errors import BadConfig
from hub.state.attempts import TERMINAL
from hub.state.records import LEVELS

CANARY = "c4n4ry-9f1b"
OPS = f'[channels.ops]\nkind = "wecom_robot"\nkey = "{CANARY}"\n'


def signing(size: int = 32) -> str:
    return "whsec_" + base64.b64encode(b"k" * size).decode()


HOOK = f'[channels.hook]\nkind = "webhook"\nbase_url = "https://a.example/{CANARY}"\nsecret = "{signing()}"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "hub.toml"
    path.write_text(text)
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(BadConfig) as caught:
        load(written(folder, text))
    return caught.value.message


def test_channels_and_routes_are_read_in_their_order(tmp_path: Path) -> None:
    found = load(
        written(
            tmp_path,
            OPS
            + HOOK
            + """
            [[routes]]
            match = { kind = "task", tags = ["deploy"], level = "error" }
            channels = ["ops"]

            [[routes]]
            name = "quiet"
            channels = []
            delay = 30
            unless = ["seen", "read"]
            template = "{title}: {data[host]}"
            language = "en"
            """,
        )
    )
    assert found.channels == {
        "ops": WecomRobotSettings(key=CANARY),
        "hook": WebhookSettings(base_url=f"https://a.example/{CANARY}", secret=signing()),
    }
    first, second = found.routes
    assert (first.match.kind, first.match.tags, first.match.level) == ("task", ("deploy",), "error")
    assert (first.delay, first.unless, first.template, first.language) == (0, (), None, None)
    assert (second.channels, second.delay, second.unless) == ((), 30, ("seen", "read"))
    assert (second.template, second.language) == ("{title}: {data[host]}", "en")
    assert [route_name(route, place) for place, route in enumerate(found.routes)] == ["route-1", "quiet"]


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("channels = 3", "channels", "must be sections such as [channels.ops]"),
        ("[channels]\nops = 'x'", "channels", "must be sections such as [channels.ops]"),
        ("[channels.'a b']\nkind = 'webhook'", "channels.a b", "the name of a channel is 1 to 64 of"),
        ("[channels.'..']\nkind = 'webhook'", "channels...", "the name of a channel is 1 to 64 of"),
        ('[channels."a\\n"]\nkind = "webhook"', "channels.'a\\n'", "the name of a channel is 1 to 64 of"),
        ("[channels.my.ops]\nkind = 'webhook'", "channels.my", "a name with a dot stands in quotes"),
        ("[channels.ops]\nkey = 'x'", "channels.ops.kind", "must be given; there are webhook, wecom_robot"),
        (
            "[channels.ops]\nkind = 'x'",
            "channels.ops.kind",
            'there is no kind "x"; there are webhook, wecom_robot.',
        ),
        ("[channels.ops]\nkind = 3", "channels.ops.kind", "must be given; there are"),
        ("[channels.ops]\nkind = 'wecom_robot'", "channels.ops.key", "must be given: a text"),
        ("[channels.ops]\nkind = 'wecom_robot'\nkey = ''", "channels.ops.key", "must be a text that is not"),
        ("[channels.ops]\nkind = 'wecom_robot'\nkey = 7", "channels.ops.key", "must be a text that is not"),
        (OPS + "kye = 'x'", "channels.ops.kye", "no such setting; there are allow_core, mask,"),
        (OPS + "mask = 'no'", "channels.ops.mask", "must be true or false"),
        (OPS + "format = 'html'", "channels.ops.format", "must be one of markdown, text"),
        (OPS + "language = 'fr'", "channels.ops.language", "must be one of en, zh"),
        (OPS + "mentioned = 'x'", "channels.ops.mentioned", "must be a list"),
        (OPS + "mentioned = ['x', 7]", "channels.ops.mentioned[1]", "must be a text"),
        (OPS + "mentioned = ['@all']", "channels.ops.mentioned", 'takes "@all" with format = "text" only'),
        (OPS + "base_url = 'ftp://x'", "channels.ops.base_url", "must be an address such as"),
        (OPS + "base_url = 'https://x?a=1'", "channels.ops.base_url", "must be an address such as"),
        (OPS + "base_url = 'https://u@x'", "channels.ops.base_url", "without user, password"),
        (OPS + 'base_url = "https://x\\n"', "channels.ops.base_url", "must be an address such as"),
        (OPS + "base_url = 'https://x:99999'", "channels.ops.base_url", "a port from 1 to 65535"),
        (OPS + "base_url = 'https://[x'", "channels.ops.base_url", "an address with a host"),
        (
            "[channels.w]\nkind = 'webhook'\nbase_url = 'https://x'\nsecret = 'whsec_abc'",
            "channels.w.secret",
            'must be "whsec_" and the base64 of 24 to 64 bytes',
        ),
        ("routes = {}", "routes", "must be sections such as [[routes]]"),
        ("routes = [1]", "routes", "must be sections such as [[routes]]"),
        ("[routes]\nchannels = []", "routes", "must be sections such as [[routes]]"),
        ("[[routes]]\n", "routes[0].channels", "must be given: a list"),
        ("[[routes]]\nchannels = 'ops'", "routes[0].channels", "must be a list"),
        (
            OPS + HOOK + "[[routes]]\nchannels = []\n[[routes]]\nchannels = ['opz']",
            "routes[1].channels",
            'there is no channel "opz"; there are ops, hook.',
        ),
        ("[[routes]]\nchannels = ['ops']", "routes[0].channels", "there are none."),
        (
            "[[routes]]\nchannels = []\nmatches = {}",
            "routes[0].matches",
            "no such setting; there are channels,",
        ),
        ("[[routes]]\nchannels = []\nmatch = 3", "routes[0].match", "must be a section"),
        ("[[routes]]\nchannels = []\nmatch = {tag = 'x'}", "routes[0].match.tag", "there are kind, level,"),
        (
            "[[routes]]\nchannels = []\nmatch = {kind = 'x'}",
            "routes[0].match.kind",
            "one of notification, task",
        ),
        (
            "[[routes]]\nchannels = []\nmatch = {level = 'x'}",
            "routes[0].match.level",
            "one of critical, debug",
        ),
        ("[[routes]]\nchannels = []\nmatch = {level = ['x']}", "routes[0].match.level[0]", "one of critical"),
        ("[[routes]]\nchannels = []\nmatch = {tags = []}", "routes[0].match.tags", "a list of 1 to 100"),
        ("[[routes]]\nchannels = []\nmatch = {status = 'done'}", "routes[0].match.status", "one of canceled"),
        (
            "[[routes]]\nchannels = []\nmatch = {tags = ['a', '']}",
            "routes[0].match.tags[1]",
            "must be a text",
        ),
        ("[[routes]]\nchannels = []\ndelay = -1", "routes[0].delay", "must be a number from 0 to"),
        ("[[routes]]\nchannels = []\ndelay = true", "routes[0].delay", "must be a number from 0 to"),
        ("[[routes]]\nchannels = []\nunless = ['gone']", "routes[0].unless[0]", "one of archived, deleted"),
        ("[[routes]]\nchannels = []\nname = ''", "routes[0].name", "a name of 1 to 64 characters"),
        ("[[routes]]\nchannels = []\ntemplate = ''", "routes[0].template", "a text such as"),
        (
            "[[routes]]\nchannels = []\ntemplate = '{titel}'",
            "routes[0].template",
            "there is no {titel}; there are",
        ),
        ("[[routes]]\nchannels = []\ntemplate = '{title'", "routes[0].template", "braces must come in pairs"),
        (
            "[[routes]]\nchannels = []\nname = 'route-2'\n[[routes]]\nchannels = []",
            "routes[1].name",
            "is that of routes[0], too",
        ),
        ("[delivery]\nbackoff = 90", "delivery.backoff_limit", "must be at least delivery.backoff"),
        ("[chanels]", "chanels", "identity, delivery, channels, routes"),
    ],
)
def test_what_is_wrong_with_a_channel_or_route_is_told_with_its_key(
    tmp_path: Path, text: str, key: str, words: str
) -> None:
    message = refusal(tmp_path, text)
    assert message.startswith(f"{tmp_path / 'hub.toml'}: {key}: ")
    assert words in message
    assert CANARY not in message


def test_no_value_is_repeated_whatever_is_wrong_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_SECRET", CANARY)
    for text in (
        "[channels.ops]\nkind = 'wecom_robot'\nkey = 'x'\nbase_url = 'env:HUB_SECRET'",
        "[channels.ops]\nkind = 'wecom_robot'\nkey = ['env:HUB_SECRET']",
        "[channels.ops]\nkind = 'wecom_robot'\nkey = 'x'\nformat = 'env:HUB_SECRET'",
        "[channels.ops]\nkind = 'env:HUB_SECRET'\nkey = 'x'",
        "[channels.w]\nkind = 'webhook'\nbase_url = 'https://x'\nsecret = 'env:HUB_SECRET'",
        f"[channels.w]\nkind = 'webhook'\nbase_url = 'https://{CANARY}:0/'\nsecret = '{signing()}'",
    ):
        assert CANARY not in refusal(tmp_path, text)


def test_secrets_stand_elsewhere_and_a_kind_means_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_KEY", CANARY)
    (tmp_path / "secret").write_text(signing() + "\n")
    found = load(
        written(
            tmp_path,
            """
            [channels.ops]
            kind = "wecom_robot"
            key = "env:HUB_KEY"
            mentioned = ["env:HUB_KEY"]
            [channels.hook]
            kind = "webhook"
            base_url = "http://127.0.0.1:9/x?token=1"
            secret = "file:secret"
            """,
        )
    )
    ops, hook = found.channels.values()
    assert isinstance(ops, WecomRobotSettings)
    assert isinstance(hook, WebhookSettings)
    assert (ops.key, ops.mentioned) == (CANARY, (CANARY,))
    assert (hook.secret, hook.base_url) == (signing(), "http://127.0.0.1:9/x?token=1")
    assert "channels.ops.key: the environment has no variable HUB_NONE." in refusal(
        tmp_path, "[channels.ops]\nkind = 'wecom_robot'\nkey = 'env:HUB_NONE'"
    )


def test_a_match_a_name_and_a_template_in_words_mean_what_they_say(tmp_path: Path) -> None:
    (tmp_path / "end.txt").write_text("{title}\n{text}\n")
    found = load(
        written(
            tmp_path,
            """
            [[routes]]
            name = "env:production"
            match = { tags = ["env:production", "file:x"], source = "env:X" }
            channels = []
            template = "file: {title}"
            [[routes]]
            channels = []
            template = "file:end.txt"
            [[routes]]
            channels = []
            template = "env:{title}"
            """,
        )
    )
    assert found.routes[0].match.tags == ("env:production", "file:x")
    assert (found.routes[0].name, found.routes[0].match.source) == ("env:production", "env:X")
    assert [route.template for route in found.routes] == ["file: {title}", "{title}\n{text}", "env:{title}"]


@pytest.mark.parametrize(
    ("secret", "fine"),
    [
        (signing(24), True),
        (signing(64), True),
        (f"{signing()} {signing(40)}", True),
        (signing(23), False),
        (signing(65), False),
        (signing()[6:], False),
        (f"{signing()} whsec_", False),
        (signing() + "!", False),
        ("whsec_é", False),
        (" ", False),
    ],
)
def test_a_webhook_secret_is_one_or_several_of_the_standards_form(
    tmp_path: Path, secret: str, fine: bool
) -> None:
    text = f"[channels.w]\nkind = 'webhook'\nbase_url = 'https://x'\nsecret = '{secret}'"
    if fine:
        assert load(written(tmp_path, text)).channels["w"] == WebhookSettings(
            base_url="https://x", secret=secret
        )
    else:
        assert "channels.w.secret: must be" in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "url", ["http://localhost:8788", "https://10.0.0.1/", "http://[::1]:80/x/y", "https://例子.中国"]
)
def test_an_address_of_ones_own_may_stand_for_the_vendors(tmp_path: Path, url: str) -> None:
    assert load(written(tmp_path, OPS + f"base_url = '{url}'")).channels["ops"].base_url == url


def test_there_is_an_end_to_channels_and_routes(tmp_path: Path) -> None:
    channels = "".join(f"[channels.c{n}]\nkind = 'wecom_robot'\nkey = 'x'\n" for n in range(MAX_CHANNELS + 1))
    assert f"channels: there are at most {MAX_CHANNELS}." in refusal(tmp_path, channels)
    routes = "[[routes]]\nchannels = []\n" * (MAX_ROUTES + 1)
    assert f"routes: there are at most {MAX_ROUTES}." in refusal(tmp_path, routes)


@pytest.fixture
def secretive(tmp_path: Path) -> Config:
    return load(written(tmp_path, OPS + f"base_url = 'https://x/{CANARY}'\n" + HOOK))


def test_a_configuration_never_shows_a_key(secretive: Config) -> None:
    shown = [repr(secretive), str(secretive), repr(secretive.channels), f"{secretive.channels['ops']!r}"]
    shown += [repr(msgspec.structs.asdict(channel)) for channel in secretive.channels.values()]
    shown += [repr(msgspec.structs.astuple(channel)) for channel in secretive.channels.values()]
    assert repr(secretive.channels["ops"]) == "WecomRobotSettings(…)"
    assert not [text for text in shown if CANARY in text or signing() in text]


@pytest.mark.parametrize("encode", [msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins])
def test_a_configuration_with_keys_is_not_encoded(secretive: Config, encode: object) -> None:
    assert callable(encode)
    with pytest.raises(TypeError) as caught:
        encode(secretive)
    assert CANARY not in str(caught.value)


def test_a_key_is_otherwise_a_text(secretive: Config) -> None:
    ops = secretive.channels["ops"]
    assert isinstance(ops, WecomRobotSettings)
    assert (ops.key, f"{ops.key}", ops.key.encode(), hash(ops.key)) == (
        CANARY,
        CANARY,
        CANARY.encode(),
        hash(CANARY),
    )


def test_the_words_of_a_match_are_those_of_items() -> None:
    assert set(get_args(Level)) == set(LEVELS)
    assert set(get_args(End)) == set(TERMINAL)


def test_every_kind_of_channel_can_be_configured() -> None:
    assert set(KINDS.values()) == {WecomRobotSettings, WebhookSettings}
    assert {kind.__struct_config__.tag for kind in KINDS.values()} == set(KINDS)


_keys = st.sampled_from(
    [
        "kind",
        "key",
        "base_url",
        "secret",
        "mask",
        "channels",
        "match",
        "tags",
        "level",
        "template",
        "name",
        "ops",
    ]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text("ab{}:*.\n", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=8,
)


@given(channels=_json, routes=_json, kind=st.sampled_from(["webhook", "wecom_robot", "x"]))
def test_whatever_stands_there_is_read_or_refused_with_a_sentence(
    channels: object, routes: object, kind: str
) -> None:
    if isinstance(channels, dict):
        for table in channels.values():
            if isinstance(table, dict):
                table["kind"] = kind

    def refuse(key: str, problem: str) -> BadConfig:
        assert key.startswith(("channels", "routes"))
        assert problem
        return BadConfig(f"{key}: {problem}")

    with suppress(BadConfig):
        read_routes(routes, read_channels(channels, refuse), refuse)
