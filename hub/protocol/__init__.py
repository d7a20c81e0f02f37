"""Bytes to messages and back. Sans-I/O: nothing here reads a socket, a file or a clock."""
