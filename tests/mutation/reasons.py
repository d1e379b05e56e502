"""Why a mutant lives that is no other function wherever it can be reached; by file, function, was, becomes."""

REASONS: dict[tuple[str, str, str, str], str] = {}
