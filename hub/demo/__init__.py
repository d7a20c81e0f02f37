"""``hub demo``: the whole story on one machine, over real sockets, and whether it was as promised."""
