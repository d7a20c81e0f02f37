"""The sockets: who connects, which bytes come and go. Decides nothing that the engine should."""
