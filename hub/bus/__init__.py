"""How commits reach the readers of every node. One file per technology; the contract is ``ports.Bus``."""
