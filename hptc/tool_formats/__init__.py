"""Reads tuning jobs in the formats of other tools, as the requests that the tools would send."""
