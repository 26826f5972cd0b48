"""Frozen webs: recorded and collected pages made into one file that `--search frozen:FILE` searches and reads."""
