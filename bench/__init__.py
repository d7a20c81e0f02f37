"""Tongbu beside its peers: how much work of one sort costs, in one run, on one machine. See README.md."""
