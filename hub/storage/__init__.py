"""Where everything is kept: ``sqlite.SqliteStorage`` in a data folder, ``memory.MemoryStorage`` in memory.

Both hold one adapter of each of the ports ``Store``, ``Archive``, ``Directory``, ``Devices`` and ``Outbox``
over the same content, and answer for its health: ``writable``, ``probe()``, ``sizes()``, ``broken_audit()``.
``audit()`` reads what only an operator may see.
"""
