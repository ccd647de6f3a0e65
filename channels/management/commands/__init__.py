"""``manage.py channel_…``."""
