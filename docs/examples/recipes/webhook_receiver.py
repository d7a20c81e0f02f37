"""Receives Tongbu's webhooks and believes only those that are signed. Needs no library::

    WEBHOOK_SECRET=whsec_… python webhook_receiver.py 8789

Print, or whatever shall happen, is in ``act``.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections import OrderedDict
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = 300
"""Seconds that a call's timestamp may be off."""
MAX_BODY = 1024 * 1024
REMEMBERED = 10_000
SECRET = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))

taken: OrderedDict[str, None] = OrderedDict()
"""Ids of what was taken; a receiver that must survive a restart keeps them in its database."""


def is_genuine(headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether the call is signed with the secret, and recent."""
    identifier, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > TOLERANCE:
        return False
    signed = f"{identifier}.{timestamp}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.digest(SECRET, signed, hashlib.sha256)).decode()
    given = headers.get("webhook-signature", "").split()
    return any(hmac.compare_digest(wanted.encode(), each.encode()) for each in given)


def act(message: dict) -> None:
    """What to do with it: here, print a line."""
    item, event = message["data"]["item"], message["data"]["event"]
    print(" | ".join((message["type"], item["title"], event["status"] or item["level"])), flush=True)


class Receiver(BaseHTTPRequestHandler):
    """Answers one call."""

    def do_POST(self) -> None:
        """204 for what was taken, now or before; 400 for what is not genuine."""
        length = int(self.headers.get("content-length") or 0)
        if length > MAX_BODY:
            return self.answer(413)
        body = self.rfile.read(length)
        if not is_genuine(self.headers, body, time.time()):
            return self.answer(400)
        identifier = self.headers["webhook-id"]
        if identifier not in taken:
            act(json.loads(body))
            taken[identifier] = None
            if len(taken) > REMEMBERED:
                taken.popitem(last=False)
        return self.answer(204)

    def answer(self, status: int) -> None:
        """Without a body."""
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing of calls."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver)
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
