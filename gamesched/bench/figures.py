"""Figures: plain numbers by name, a dictionary for each subject."""

import math
import statistics
from collections.abc import Sequence

Figures = dict[str, float]


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.floor(share * len(ordered)))]


def spread(name: str, values: Sequence[float]) -> Figures:
    """Return the p50, p99, greatest and number of some values, by names that begin with `name`."""
    if not values:
        return {f"{name}_n": 0}
    return {
        f"{name}_p50": statistics.median(values),
        f"{name}_p99": quantile(values, 0.99),
        f"{name}_max": max(values),
        f"{name}_n": len(values),
    }
