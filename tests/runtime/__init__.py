"""Tests of the servers, the supervisor, the demo and the packaging."""
