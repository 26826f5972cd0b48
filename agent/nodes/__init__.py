"""The nodes of the graph, and what they call: tools, the policy, the record."""
