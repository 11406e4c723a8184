"""Inngest's Python SDK on Flask, served by gunicorn in cloud mode."""

import os
import sys
from typing import Any

import flask
import inngest
import inngest.flask
from inngest_encryption import EncryptionMiddleware

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
app = flask.Flask(__name__)
inngest.flask.serve(app, client, functions, serve_origin=origin)

if __name__ == "__main__":
    bind = f"127.0.0.1:{os.environ['PORT']}"
    options = ["--log-level=critical", "--threads=4", f"--bind={bind}", "app:app"]
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", *options])
