"""Many runs of many strategies: the sweep, its file, its table and its comparisons."""
