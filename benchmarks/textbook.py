"""The textbook shadow gateway that ours is measured against.

FastAPI, one httpx.AsyncClient, BackgroundTasks for the candidate, and one INSERT per request,
committed before the answer leaves, as ours is. No fault of its kind is added.
"""

import argparse
import asyncio
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import BackgroundTasks, FastAPI
from pydantic import BaseModel


class Decision(BaseModel):
    subject: str
    encounter: str
    inputs: dict[str, Any]


def build(primary: str, candidate: str, database: Path) -> FastAPI:
    """Build the app as a tutorial would."""
    client = httpx.AsyncClient(timeout=5.0)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("CREATE TABLE IF NOT EXISTS pair (id TEXT, arm TEXT, reply TEXT)")
        yield
        await client.aclose()

    app = FastAPI(lifespan=lifespan)

    def insert(pair_id: str, arm: str, reply: str) -> None:
        connection = sqlite3.connect(database, timeout=30)
        connection.execute("PRAGMA synchronous=FULL")
        with connection:
            connection.execute("INSERT INTO pair VALUES (?, ?, ?)", (pair_id, arm, reply))
        connection.close()

    async def shadow(pair_id: str, inputs: dict[str, Any]) -> None:
        reply = await client.post(candidate, json={"inputs": inputs})
        await asyncio.to_thread(insert, pair_id, "candidate", reply.text)

    @app.post("/decisions")
    async def decide(decision: Decision, background: BackgroundTasks) -> dict[str, Any]:
        pair_id = str(uuid.uuid4())
        reply = await client.post(primary, json={"inputs": decision.inputs})
        reply.raise_for_status()
        await asyncio.to_thread(insert, pair_id, "standard_of_care", reply.text)
        background.add_task(shadow, pair_id, decision.inputs)
        return {"pair_id": pair_id, "output": reply.json()}

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--primary", "--candidate", "--database", "--port"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    app = build(options.primary, options.candidate, Path(options.database))
    uvicorn.run(app, port=int(options.port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
