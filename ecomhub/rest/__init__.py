"""The ground of the REST API: who calls, what they may, how errors look."""
