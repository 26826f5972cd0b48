"""Budgets, prices, charges and the ledger: what may be spent, what was, and what it is expected to come to."""
