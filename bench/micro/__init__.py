"""Single functions of the hot paths, by themselves.

One list of cases, read by three: ``python -m bench.micro`` (µs a call, quickly), ``make bench-micro``
(pytest-benchmark), ``make bench-guard`` (instructions a call, which must stay below committed bounds).
"""
