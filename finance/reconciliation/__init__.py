"""What each order should bring, what it brought, what goods cost, and what matches what."""
