import buildConnector from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { verifiedTls } from '../../lib/verified-tls.ts';
import type { Log } from '../../model/log.ts';
import type { Upstream, UpstreamAnswer, UpstreamExchange, UpstreamRequest } from '../../model/upstream.ts';
import { BrokenConnections } from './broken-connections.ts';
import { ConnectionReuse } from './connection-reuse.ts';
import { Exchange } from './exchange.ts';
import { Reachability } from './reachability.ts';

const usualConnectTimeoutMs = 5_000;

/** How to make an `http` upstream. */
export interface HttpUpstreamOptions {
  readonly url: string;
  /** All certificate authorities to trust, PEM; Node's own list when absent. */
  readonly ca?: readonly string[];
  /** Milliseconds until the answer must begin; a tool may work for a while. */
  readonly answerTimeoutMs: number;
  /** Injected by tests, which have less time. */
  readonly connectTimeoutMs?: number;
  readonly log?: Log;
}

/** Strategy `http`: an MCP server that speaks Streamable HTTP, over pooled connections. Redirects are not followed, TLS
 * is verified, and a body may take as long as it takes: event streams are silent for hours.
 */
export function buildHttpUpstream(options: HttpUpstreamOptions): Upstream {
  const url = new URL(options.url);
  const path = url.pathname;
  const target = `${url.origin}${path}`;
  const { log, connectTimeoutMs = usualConnectTimeoutMs } = options;
  const reachability = new Reachability({ now: () => performance.now(), log, target, connectTimeoutMs });
  const connector = buildConnector({ timeout: connectTimeoutMs, ...verifiedTls(options.ca) });
  const broken = new BrokenConnections();
  const poolOptions: Pool.Options = {
    // One call, one connection at a time: a slow answer never holds up another call.
    pipelining: 1,
    allowH2: false,
    headersTimeout: options.answerTimeoutMs,
    bodyTimeout: 0,
    keepAliveTimeout: 4_000,
    maxHeaderSize: 64 * 1024,
    connect: broken.watch(reachability.watch(connector)),
  };
  const pool = new Pool(url.origin, poolOptions);
  // Zero means: a connection of its own for each call.
  let freshPool: Pool | undefined;
  const reuse = new ConnectionReuse(
    () => performance.now(),
    (isAllowed) => log?.info(describeReuse(isAllowed), { target }),
  );
  return {
    strategy: 'http',
    target,
    send({ method, query, headers, body }: UpstreamRequest, answer: UpstreamAnswer) {
      const refusal = reachability.findRefusal();
      if (refusal !== undefined) return failSoon(answer, refusal);
      const isReused = reuse.isAllowed();
      const exchange = new Exchange(answer, { broken, notePause: (pauseMs) => reuse.note(pauseMs, isReused) });
      const from = isReused ? pool : (freshPool ??= new Pool(url.origin, { ...poolOptions, pipelining: 0 }));
      from.dispatch({ path: path + query, method, headers, body: body ?? null }, exchange);
      return exchange;
    },
    async close() {
      await Promise.all([pool.destroy(), freshPool?.destroy()]);
    },
  };
}

/** An exchange that does not take place. */
function failSoon(answer: UpstreamAnswer, error: Error): UpstreamExchange {
  let isAborted = false;
  queueMicrotask(() => {
    if (!isAborted) answer.onError(error);
  });
  return {
    abort() {
      isAborted = true;
    },
    pause() {},
    resume() {},
  };
}

function describeReuse(isAllowed: boolean): string {
  return isAllowed
    ? 'Connections to the MCP server are used again, to see whether it still stalls on them'
    : 'The MCP server stalls for 40 ms on connections that were used before (it sends without TCP_NODELAY); each call gets a new one';
}
