"""Which addresses a host name may lead to."""

from __future__ import annotations

import pytest

from hub.channels.addresses import may_connect


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *(
            "::",
            "::1",
            "fe80::1",
            "fe80::1%eth0",
            "fc00::1",
            "fd12:3456::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
        ),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1"),
        *("2002:7f00:1::", "2002:a00:1::", "2001:0:4136:e378:8000:63bf:f5ff:fffe"),
        *("", "example.com", "1", "0x7f.1"),
    ],
)
def test_a_name_never_leads_to_a_private_address(address: str) -> None:
    assert not may_connect("example.com", address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "119.147.3.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:101:101::"],
)
def test_a_name_may_lead_to_a_public_address(address: str) -> None:
    assert may_connect("example.com", address)


def test_localhost_leads_to_loopback_and_nowhere_else() -> None:
    assert may_connect("localhost", "127.0.0.1")
    assert may_connect("LocalHost.", "::1")
    assert not may_connect("localhost", "10.0.0.1")
    assert not may_connect("localhost", "1.1.1.1")
    assert not may_connect("localhost.example.com", "127.0.0.1")
