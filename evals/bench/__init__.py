"""Benchmarks; each is run as a module and prints figures beside those of a peer or a bare loop."""
