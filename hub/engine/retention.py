"""When an item may leave the live registers: as every device knows it, see ``hub.state.retention``."""

from hub.state.retention import closed_at

__all__ = ["closed_at"]
