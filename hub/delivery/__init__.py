"""Events on their way out: which channel, when, in which words, and until it is known how it ended."""
