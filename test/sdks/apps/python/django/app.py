"""Inngest's Python SDK on Django, served by gunicorn in cloud mode."""

import os
import sys
from typing import Any

import inngest
import inngest.django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from inngest_encryption import EncryptionMiddleware

settings.configure(
    ALLOWED_HOSTS=["*"],
    # Inngest sends calls of up to 4 MiB before they are canonical. Django refuses more than 2.5 MB by default.
    DATA_UPLOAD_MAX_MEMORY_SIZE=10 * 1024 * 1024,
    ROOT_URLCONF=__name__,
    SECRET_KEY="used for nothing",
)

client = inngest.Inngest(app_id="sdk-app", is_production=True)
encryption = EncryptionMiddleware.factory("a-key-of-this-test-only")


def on(event: str) -> inngest.TriggerEvent:
    return inngest.TriggerEvent(event=f"test/{event}")


@client.create_function(fn_id="echo", trigger=on("echo"))
def echo(ctx: inngest.ContextSync) -> Any:
    return {"received": ctx.event.data}


@client.create_function(fn_id="two-steps", trigger=on("two-steps"))
def two_steps(ctx: inngest.ContextSync) -> Any:
    first = ctx.step.run("first", lambda: {"n": 1})
    return ctx.step.run("second", lambda: {"n": 2, "from": first})


@client.create_function(fn_id="fails", trigger=on("fails"))
def fails(ctx: inngest.ContextSync) -> None:
    raise inngest.NonRetriableError("as the test wants it")


@client.create_function(fn_id="nothing", trigger=on("nothing"))
def nothing(ctx: inngest.ContextSync) -> None:
    return None


@client.create_function(fn_id="encrypted", trigger=on("encrypted"), middleware=[encryption])
def encrypted(ctx: inngest.ContextSync) -> Any:
    return {"secret": ctx.step.run("secret", lambda: {"n": 1})}


functions = [echo, two_steps, fails, nothing, encrypted]
origin = os.environ.get("SERVE_ORIGIN")
urlpatterns = [inngest.django.serve(client, functions, serve_origin=origin)]
app = get_wsgi_application()

if __name__ == "__main__":
    bind = f"127.0.0.1:{os.environ['PORT']}"
    options = ["--log-level=critical", "--threads=4", f"--bind={bind}", "app:app"]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *options])
