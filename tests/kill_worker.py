"""A process of its own that runs a question, or goes on with it: STORE RUN PORT, and optionally seconds."""

import asyncio
import json
import os
import sys
from typing import Any

from counting_server import QUESTION
from spadework.agent import Budget, Result, resume_agent, run_agent
from spadework.agent.storage.book import Book
from spadework.agent.storage.database import Database

store, run, port = sys.argv[1:4]
BUDGET: dict[str, Any] = {"searches": 14, "browses": 9, "model_calls": 16}


def main() -> Result:
    os.environ |= {"SEARXNG_URL": f"http://127.0.0.1:{port}", "SPADEWORK_BASE_URL": f"http://127.0.0.1:{port}/v1"}
    os.environ["SPADEWORK_ALLOW_HOSTS"] = f"127.0.0.1:{port}"
    if asyncio.run(known()):
        return resume_agent(run, store=store, model="openai:counting", search="searxng")
    if len(sys.argv) > 4:
        BUDGET["seconds"] = float(sys.argv[4])
    return run_agent(QUESTION, Budget(**BUDGET), thread_id=run, store=store, model="openai:counting", search="searxng")


async def known() -> bool:
    database = Database(store)
    try:
        return await Book(database).find(run) is not None
    finally:
        await database.aclose()


if __name__ == "__main__":
    result = main()
    sys.stdout.write(json.dumps(result.to_dict()))
