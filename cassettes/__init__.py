"""Recorded runs, shipped with the package and replayed offline."""
