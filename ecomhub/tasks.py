"""The ground's clockwork: messages to endpoints of others go out."""

from ecomhub import clock
from ecomhub.celery import app, ring
from ecomhub.webhooks.sending import due_endpoints, forget_old, send_due


@app.task(name="ecomhub.tick")
def tick() -> None:
    """Ring for every endpoint with something due. Safe to run twice at once."""
    for endpoint_id in due_endpoints():
        ring(send_webhooks, endpoint_id)
    forget_old(at=clock.now())


@app.task(name="ecomhub.send_webhooks")
def send_webhooks(endpoint_id: int) -> None:
    """Send what is due to one endpoint for one turn."""
    send_due(endpoint_id=endpoint_id)
