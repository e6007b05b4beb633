WEIGHTS: dict[str, dict[str, float]] = {}
