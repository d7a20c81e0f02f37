"""``hub link``: an address that signs a person in."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from hub.cli.options import (
    DEFAULT_URL,
    JsonOption,
    SigningFolderOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    UserOption,
)
from hub.cli.remote import Remote, remote_of
from hub.cli.terminal import tell, write, write_json
from hub.ports import SystemClock


def link(
    user: UserOption = None,
    as_json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    data: SigningFolderOption = None,
) -> None:
    """Print an address that signs a person in: opened once in a browser, that browser is their device.

    It works for two minutes. Whoever opens it has the person's inbox, so give it to nobody else. `--url` is
    part of it: name the hub as their browser reaches it. Needs a token with the scope `user`; on the hub's
    own machine its data folder is enough. Exit codes: 0 done, 1 refused, 2 wrong options, 3 no hub answers.

    Examples:

        hub link --user ann

        hub link --user ann --url https://hub.example.org --data /srv/hub
    """
    remote = remote_of(url, token, token_file, data, user, ("user",))
    given = asyncio.run(_asked(remote))
    address = f"{remote.url}/#code={given['code']}"
    if as_json:
        write_json({"link": address, "code": given["code"], "expires_at": given["expires_at"]})
        return
    write(address)
    left = max(0, math.ceil((given["expires_at"] - SystemClock().now()) / 1000))
    tell(f"opens {remote.user or 'the inbox'} on one device, once, within {left} s. Give it to nobody else.")


async def _asked(remote: Remote) -> dict[str, Any]:
    from hub.cli.calls import Calls

    async with Calls(remote) as calls:
        return await calls.post("/v1/devices/link", {}, holds="code")
