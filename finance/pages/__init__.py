"""The house's pages: views and forms, each one question or one call of the domain."""
