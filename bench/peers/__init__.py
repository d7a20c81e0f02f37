"""Servers of others that the hub is measured beside, set up in ``bench/.peers``: see ``catalog``."""

from bench.peers.catalog import PEERS, Peer
from bench.peers.kits import FOLDER, KitName, Missing, install

__all__ = ["FOLDER", "PEERS", "KitName", "Missing", "Peer", "install"]
