"""Measurements, as ratios against a bare baseline in the same run. Run one with: python -m benchmarks.NAME."""
