"""The webhook's body and signature, held to vectors and to the reference library."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier

from hub.channels.webhook import MAX_BODY, Webhook, sign
from hub.config import WebhookSettings
from hub.errors import BadConfig
from hub.model import Message, TopicName
from tests.kit.clocks import StillClock
from tests.kit.messages import NOTIFICATION, TASK

VECTORS = Path(__file__).parents[2] / "vectors" / "webhook"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_b3RoZXIgc2VjcmV0IG9mIHRoZSBodWI"
CASES: list[dict[str, Any]] = json.loads((VECTORS / "signatures.json").read_text())["cases"]


def webhook(secret: str = SECRET) -> Webhook:
    settings = WebhookSettings(base_url="https://example.com/hook/canary", secret=secret)
    return Webhook("hook", settings, 5.0, StillClock())


def rendered(message: Message) -> dict[str, Any]:
    [body] = webhook().render(message)
    assert len(body) <= MAX_BODY
    payload: dict[str, Any] = json.loads(body)
    return payload


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_signature_is_the_standards(case: dict[str, Any]) -> None:
    secrets = webhook(case["secret"])._secrets
    assert sign(secrets, case["id"], case["timestamp"], case["body"].encode()) == case["signature"]


def test_each_secret_signs_while_one_replaces_another() -> None:
    signatures = sign(webhook(f"{SECRET}  {OTHER}")._secrets, "id", 1_700_000_000, b"{}").split(" ")
    for secret, signature in zip((SECRET, OTHER), signatures, strict=True):
        one = sign(webhook(secret)._secrets, "id", 1_700_000_000, b"{}")
        assert one == signature
        Verifier(secret)  # takes it, padded or not


@pytest.mark.parametrize(
    "secret", [" ", "whsec_", "whsec_!!!", "whsec_AAAAA", f"{SECRET} whsec_é", "whsec_A=A="]
)
def test_a_secret_that_is_none_is_told_at_start_without_being_repeated(secret: str) -> None:
    with pytest.raises(BadConfig, match=r"channels\.hook\.secret") as caught:
        webhook(secret)
    assert secret.split()[-1:] == [] or secret.split()[-1] not in str(caught.value).split()
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_body_is_the_vectors() -> None:
    vector = json.loads((VECTORS / "body.json").read_text())["body"]
    assert rendered(replace(TASK, custom="部署好了")) == vector


def test_what_an_item_lacks_is_null_and_without_a_template_there_is_no_custom_text() -> None:
    payload = rendered(NOTIFICATION)
    item = payload["data"]["item"]
    assert (item["link"], item["source"], item["data"], item["tags"]) == (None, None, None, [])
    assert payload["data"]["event"]["status"] is None
    assert "custom" not in payload["data"]


def test_in_a_space_the_body_names_for_whom_it_is() -> None:
    event = replace(TASK.event, topic=TopicName("space/team"))
    payload = rendered(replace(TASK, event=event))
    assert payload["data"]["event"]["user"] is None
    assert payload["data"]["user"] == "ann"


def test_data_too_large_is_left_out_and_texts_are_cut() -> None:
    payload = rendered(replace(TASK, data={"blob": "\x00" * MAX_BODY}, text="字" * 60_000))
    assert payload["data"]["item"]["data"] is None
    assert payload["data"]["item"]["text"].endswith("…")


def test_what_json_cannot_say_everywhere_is_mended() -> None:
    payload = rendered(replace(TASK, data={"n": math.nan, "\ud800": ["\udfff", math.inf]}, title="a\ud800"))
    assert payload["data"]["item"]["data"] == {"n": None, "?": ["?", None]}
    assert payload["data"]["item"]["title"] == "a?"


def test_a_repetition_is_the_same_bytes() -> None:
    assert webhook().repeated(b"{}", "a1b2c3") == b"{}"
