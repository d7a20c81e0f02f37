"""Merging, as pure functions: what a hub and every device must agree on.

============ ==========================================================================
names        the alphabets: names, item ids, topics, personal items
clock        hybrid logical clocks
attempts     statuses, their ranks, reopening
values       checks of single values
records      an item's record: what a publisher may write
fields       which fields there are, on what, with which values
weights      statement → slot and weight
join         statement + standing register → the register that stands now
derive       registers + now → what is shown and counted
retention    registers → since when an item is closed
ulid         new item ids
words        what statuses and levels are called
============ ==========================================================================

Nothing here does I/O or reads a clock; only ``clock.HybridClock``, a device's own clock, keeps state.
A second implementation proves itself by the vectors in ``tests/vectors/state``.
"""
