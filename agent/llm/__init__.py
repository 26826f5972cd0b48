"""Chat models: what goes over the wire, how replies are read, and whose server is asked."""
