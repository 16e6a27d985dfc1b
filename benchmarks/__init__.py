"""Figures of this machine: `python -m benchmarks.run` (docs/benchmarks.md)."""
