"""A chat model that reads the bundled web by rules, for load and invariants; no measure of answer quality."""
