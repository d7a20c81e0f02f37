"""Behaviour: the pipeline and its works, sessions, actions. No socket, no SQL, no environment."""
