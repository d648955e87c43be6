"""The suites of LIBERO, a benchmark from outside, in a process of another Python."""
