"""The page shell: what every page stands in, whoever writes it."""
