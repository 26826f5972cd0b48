"""Where runs are kept: the database, the book of charges, who holds a run, and leases of purses."""
