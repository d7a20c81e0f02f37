"""Tongbu's client for Python."""
