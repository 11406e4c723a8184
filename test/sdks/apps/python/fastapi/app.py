"""Inngest's Python SDK on FastAPI, served by uvicorn in cloud mode."""

import os
from typing import Any

import fastapi
import inngest
import inngest.fast_api
import uvicorn
from inngest_encryption import EncryptionMiddleware

client = inngest.Inngest(app_id="sdk-app", is_production=True)
encryption = EncryptionMiddleware.factory("a-key-of-this-test-only")


def on(event: str) -> inngest.TriggerEvent:
    return inngest.TriggerEvent(event=f"test/{event}")


@client.create_function(fn_id="echo", trigger=on("echo"))
async def echo(ctx: inngest.Context) -> Any:
    return {"received": ctx.event.data}


@client.create_function(fn_id="two-steps", trigger=on("two-steps"))
async def two_steps(ctx: inngest.Context) -> Any:
    async def run_first() -> Any:
        return {"n": 1}

    async def run_second() -> Any:
        return {"n": 2, "from": first}

    first = await ctx.step.run("first", run_first)
    return await ctx.step.run("second", run_second)


@client.create_function(fn_id="fails", trigger=on("fails"))
async def fails(ctx: inngest.Context) -> None:
    raise inngest.NonRetriableError("as the test wants it")


@client.create_function(fn_id="nothing", trigger=on("nothing"))
async def nothing(ctx: inngest.Context) -> None:
    return None


@client.create_function(fn_id="encrypted", trigger=on("encrypted"), middleware=[encryption])
async def encrypted(ctx: inngest.Context) -> Any:
    async def run_secret() -> Any:
        return {"n": 1}

    return {"secret": await ctx.step.run("secret", run_secret)}


app = fastapi.FastAPI()
functions = [echo, two_steps, fails, nothing, encrypted]
origin = os.environ.get("SERVE_ORIGIN")
inngest.fast_api.serve(app, client, functions, serve_origin=origin)
inngest.fast_api.serve(
    app,
    client,
    functions,
    serve_origin=origin,
    serve_path="/api/streaming",
    streaming=inngest.Streaming.FORCE,
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="critical")
