"""A soak of the outbound direction: start everything, inject faults, drain, check."""

import asyncio
import base64
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from bench.soak import faults
from bench.soak.check import Violation, violations
from bench.soak.outbound.adobe import CLIENT_ID, Adobe, key_host
from bench.soak.outbound.back_office import BackOffice
from bench.soak.outbound.changes import changes
from bench.soak.outbound.stack import outbound_stack
from bench.soak.push_proxy import PushProxy
from bench.soak.soak import (
    DELIVERY,
    SPEED,
    Options,
    Progress,
    Result,
    cancel,
    read_dead_letters,
    wait_for_acknowledged,
    wait_until_quiet,
)
from local.commerce.event_signature import SigningKey

TIMEOUT_SECONDS = 3
REPORT_SECONDS = 10.0
WRONG = "webhook with a wrong signature, or two bodies under one id"


async def soak(folder: Path, options: Options, progress: Progress) -> Result:
    """Run a soak in *folder*."""
    rng = random.Random(options.seed)  # noqa: S311 no secret
    key = SigningKey()
    back_office = BackOffice(rng, TIMEOUT_SECONDS)
    back_office.secret = "whsec_" + base64.b64encode(rng.randbytes(32)).decode()
    memory = {"LEDGER": "memory"} if options.separate_ledgers else {}
    async with (
        served(back_office.application()) as target_url,
        served(key_host(key)) as keys_url,
        PushProxy(rng) as proxy,
        outbound_stack(
            folder,
            proxy.url,
            options.consumers,
            SPEED,
            {
                "OAUTH_CLIENT_ID": CLIENT_ID,
                "ADOBE_KEYS_URL": keys_url,
                "TARGET_URL": f"{target_url}/webhook",
                "TARGET_SECRETS": back_office.secret,
                "TARGET_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS),
                "THREADS": "8",
                "LOG_LEVEL": "WARNING",
                **memory,
            },
            **DELIVERY,
        ) as stack,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session,
    ):
        proxy.consumers = [f"{consumer.url}/" for consumer in stack.consumers]
        adobe = Adobe(
            f"{stack.receiver.url}/",
            key,
            session,
            rng,
            lambda published: published - len(proxy.acknowledged) < options.max_waiting,
        )
        counts: Counter[str] = Counter()

        def pushes() -> int:
            return proxy.counts["pushes"]

        fault_tasks = [
            asyncio.create_task(task)
            for task in (
                faults.kill_processes(
                    [*stack.consumers * 2, stack.receiver, stack.broker],
                    rng,
                    options.kill_every,
                    pushes,
                    counts,
                ),
                faults.lock_ledger(
                    stack.ledger, rng, options.lock_every, pushes, counts
                ),
            )
        ]
        reporting = asyncio.create_task(_report(adobe, proxy, back_office, progress))
        try:
            end = time.monotonic() + options.max_seconds
            planned = changes(options.events, rng)
            await adobe.deliver(c for c in planned if time.monotonic() < end)
            progress("all is delivered; draining with faults, then without")
            await wait_for_acknowledged(proxy, adobe.published * 9 // 10)
            await cancel(fault_tasks)
            proxy.faulty = back_office.faulty = False
            await wait_for_acknowledged(proxy, adobe.published)
            await wait_until_quiet(proxy)
        finally:
            await cancel([*fault_tasks, reporting])
        dead_letters = await read_dead_letters(stack.folder)
    return _check(adobe, proxy, back_office, counts, dead_letters)


@asynccontextmanager
async def served(application: web.Application) -> AsyncIterator[str]:
    """The URL of *application*, on a free port of this machine."""
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


async def _report(
    adobe: Adobe, proxy: PushProxy, back_office: BackOffice, progress: Progress
) -> None:
    while True:
        progress(
            f"{len(adobe.accepted):6} accepted, {len(proxy.acknowledged):6} of"
            f" {adobe.published} messages acknowledged,"
            f" {len(back_office.effects):6} webhooks applied"
        )
        await asyncio.sleep(REPORT_SECONDS)


def _check(
    adobe: Adobe,
    proxy: PushProxy,
    back_office: BackOffice,
    counts: Counter[str],
    dead_letters: list[tuple[str, str]],
) -> Result:
    accepted = [change.accepted for change in adobe.accepted.values()]
    webhooks = [webhook_id for _, webhook_id in back_office.effects]
    broken = violations(accepted, back_office.effects, dead_letters, proxy.outdated)
    broken += [Violation(WRONG, "", webhook_id) for webhook_id in back_office.wrong]
    all_counts = {
        "events accepted": len(accepted),
        "of these, invalid for the third party": sum(one.invalid for one in accepted),
        "messages published": adobe.published,
        "webhooks applied": len(webhooks),
        "events skipped as outdated": len(proxy.outdated - {*webhooks}),
        "events dead-lettered": len({uid for uid, _ in dead_letters}),
        **dict(sorted((adobe.counts + proxy.counts + counts).items())),
        **{f"third party: {name}": n for name, n in sorted(back_office.counts.items())},
    }
    return Result(all_counts, broken)
