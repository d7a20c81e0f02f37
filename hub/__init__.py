"""Tongbu's server. See ``hub.ports`` first."""
