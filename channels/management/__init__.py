"""Commands of the channels house."""
