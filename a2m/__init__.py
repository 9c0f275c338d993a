"""The command line of the connector."""
