"""What runs ecomhub without containers: embedded servers, the supervisor and the demo.

Nothing in this package imports Django at module level, so it works before the settings can be read.
"""
