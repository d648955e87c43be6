"""Processes that benchmarks start: our own nodes instrumented, and the alternatives they are measured against."""
