"""Connections. A channel belongs to the loop that it was made in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import grpc

from captioner.asr.certificates import channel_credentials
from captioner.asr.endpoint import Endpoint
from captioner.asr.proxy import proxy_url
from captioner.core.network import is_address

_OPTIONS: Final = (
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # This is also how long one attempt to connect may take. `settle` has the caller's limit, and
    # each stream has a channel of its own, so that it never delays a second attempt.
    ("grpc.min_reconnect_backoff_ms", 120_000),
    ("grpc.max_receive_message_length", 16 * 1024 * 1024),
    # A probe for a wider receive window costs a ping for every few answers, and answers are small.
    ("grpc.http2.bdp_probe", 0),
    # A failed subchannel of another channel to the same address must not delay this one.
    ("grpc.use_local_subchannel_pool", 1),
)


@asynccontextmanager
async def open_channel(
    endpoint: Endpoint, *, keepalive_s: float = 10.0, keepalive_timeout_s: float = 5.0
) -> AsyncIterator[grpc.aio.Channel]:
    """Make a channel for ``endpoint`` and close it at the end. Does not wait for a connection.

    Args:
        endpoint: Where to.
        keepalive_s: Seconds between two signs of life that are asked of the other end. Without
            them a frozen path is never noticed: writes succeed for minutes.
        keepalive_timeout_s: How long such a sign may take.

    Raises:
        ConfigurationError: A certificate or key file is not what it must be.
    """
    options = (
        *_OPTIONS,
        *_endpoint_options(endpoint),
        ("grpc.keepalive_time_ms", round(1000 * keepalive_s)),
        ("grpc.keepalive_timeout_ms", round(1000 * keepalive_timeout_s)),
        # gRPC 1.85 judges every ping by this one alone, which is a minute otherwise.
        ("grpc.http2.ping_timeout_ms", round(1000 * keepalive_timeout_s)),
    )
    if endpoint.tls:
        credentials = await asyncio.to_thread(channel_credentials, endpoint)
        channel = grpc.aio.secure_channel(endpoint.address, credentials, options=options)
    else:
        channel = grpc.aio.insecure_channel(endpoint.address, options=options)
    try:
        yield channel
    finally:
        await channel.close(None)


def _endpoint_options(endpoint: Endpoint) -> list[tuple[str, str | int]]:
    options: list[tuple[str, str | int]] = []
    if not (endpoint.is_loopback or is_address(endpoint.host)):
        # Where a name has several addresses, streams are spread over them. Not for `localhost`: of
        # two addresses that fail, this policy tells the reason of either.
        options.append(("grpc.lb_policy_name", "round_robin"))
    if endpoint.tls and endpoint.target_name is not None:
        options.append(("grpc.ssl_target_name_override", endpoint.target_name))
    if endpoint.proxy not in {"system", "none"}:
        options.append(("grpc.http_proxy", proxy_url(endpoint)))
    elif endpoint.proxy == "none" or endpoint.is_loopback:
        # A proxy elsewhere cannot reach this machine's own ports.
        options.append(("grpc.enable_http_proxy", 0))
    return options


async def settle(channel: grpc.aio.Channel, timeout_s: float) -> bool | None:
    """Wait until a connection stands or has failed, at most ``timeout_s``.

    Returns:
        True when it stands, False when it failed (the next call on the channel tells the reason in
        its status), None when the time ran out with no outcome.
    """
    ready = grpc.ChannelConnectivity.READY
    try:
        async with asyncio.timeout(timeout_s):
            state = channel.get_state(try_to_connect=True)
            while state not in {ready, grpc.ChannelConnectivity.TRANSIENT_FAILURE}:
                await channel.wait_for_state_change(state)
                state = channel.get_state(try_to_connect=True)
    except TimeoutError:
        return None
    return state is ready
