"""What loads a server: one process of many connections, pinned to a core of its own."""
