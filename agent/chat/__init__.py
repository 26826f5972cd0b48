"""The chat: a conversation in the terminal, its screen, and its commands."""
