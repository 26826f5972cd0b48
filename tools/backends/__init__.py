"""What can be searched: one small adapter a provider, and how one is chosen by name."""
