ORDINARY: frozenset[str] = frozenset()
