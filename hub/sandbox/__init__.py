"""The vendors' servers for trying and testing without WeChat."""

from hub.sandbox.faults import KINDS, Fault, FaultKind
from hub.sandbox.robot import Call
from hub.sandbox.server import Sandbox

__all__ = ["KINDS", "Call", "Fault", "FaultKind", "Sandbox"]
