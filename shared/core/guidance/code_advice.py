"""What to change in an application's code, so that it needs fewer SNAT ports; docs/explaining.md has it whole.

Sources: learn.microsoft.com, load-balancer/load-balancer-outbound-connections, load-balancer/outbound-rules (idle
timeout 4 minutes by default), aks/load-balancer-standard (30), nat-gateway/nat-gateway-resource (4), app-service/
troubleshoot-intermittent-outbound-connection-errors; and each library's own reference.
"""

from collections.abc import Mapping

from ...model.text import Text

IN_SHORT = (
    Text("Reuse connections: one shared HTTP client or connection pool a process, not one a request."),
    Text(
        "Close or probe idle connections before the idle timeout does: 30 minutes on AKS's load balancer and 4 on a "
        "NAT gateway, unless somebody set it."
    ),
    Text("Retry with back-off and jitter: quick retries open more connections while ports are short."),
    Text("Reach Azure services through private endpoints: that traffic needs no SNAT ports."),
)
BY_LANGUAGE: Mapping[str, Text] = {
    "Python": Text(
        "One `requests.Session` or `httpx.Client` for the process: `requests.get` connects anew each time. Give its "
        "`HTTPAdapter` a `pool_maxsize` that fits the threads and `pool_block=True`; above 10 connections the default "
        "opens more and throws them away. Retry with urllib3's `Retry(backoff_factor=…, backoff_jitter=…)`."
    ),
    ".NET": Text(
        "`IHttpClientFactory` or one static `HttpClient`, never a new one for each request. `SocketsHttpHandler`: "
        "limit `MaxConnectionsPerServer`, keep `PooledConnectionIdleTimeout` (1 minute) below the idle timeout. Retry "
        "with `AddStandardResilienceHandler`, which has jitter."
    ),
    "Node.js": Text(
        "One `https.Agent` with `keepAlive: true` and `maxSockets` for the process, given to each client too; up to "
        "Node.js 18 the default agent keeps nothing alive. With `fetch`: undici's `Agent` with `connections`. Retry "
        "with p-retry and `randomize: true`."
    ),
    "Java": Text(
        "One `HttpClient` for the process; set `jdk.httpclient.keepalive.timeout` (seconds) below the idle timeout. "
        "Apache's client: limit `maxConnPerRoute`, evict idle connections. Databases: HikariCP with `keepaliveTime`. "
        "Retry with Resilience4j's random exponential back-off."
    ),
    "Go": Text(
        "One `http.Client` for the process. Raise `MaxIdleConnsPerHost` of its `http.Transport` (default 2: the others"
        " are closed after use) and limit `MaxConnsPerHost`. Read each body to its end and close it, or the connection"
        " is lost. Retry with cenkalti/backoff, which has jitter."
    ),
    "PHP": Text(
        "PHP-FPM drops all connections when a request ends. Use `curl_share_init_persistent` (PHP 8.5), or call "
        "through a proxy beside it that keeps connections; databases: `PDO::ATTR_PERSISTENT`. Within a request: one "
        "Guzzle client, with a retry delay that is partly random."
    ),
}
