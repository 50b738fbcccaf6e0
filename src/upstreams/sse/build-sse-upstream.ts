import buildConnector from 'undici/lib/core/connect.js';
import Pool from 'undici/lib/dispatcher/pool.js';
import { buildBridge, type Bridge } from '../../bridge/build-bridge.ts';
import type { SessionSettings } from '../../bridge/session-settings.ts';
import { verifiedTls } from '../../lib/verified-tls.ts';
import type { Log } from '../../model/log.ts';
import { openSseChannel, type SseChannel } from './sse-channel.ts';

const connectTimeoutMs = 5_000;
const startTimeoutMs = 15_000;

export interface SseUpstreamOptions {
  /** Of the mounted server, for the log. */
  readonly name: string;
  /** Where a GET is answered with the stream of events. */
  readonly url: string;
  /** All certificate authorities to trust, PEM; Node's own list when absent. */
  readonly ca?: readonly string[] | undefined;
  readonly settings: SessionSettings;
  readonly answerTimeoutMs: number;
  readonly log: Log;
}

/** Strategy `sse`: an MCP server that speaks HTTP+SSE as it was in 2024-11-05: a GET opens a stream of events, whose first one
 * says where messages are posted to; everything the server says comes on the stream. One stream for each session.
 */
export function buildSseUpstream(options: SseUpstreamOptions): Bridge {
  const url = new URL(options.url);
  const target = `${url.origin}${url.pathname}`;
  const pool = new Pool(url.origin, {
    pipelining: 1,
    allowH2: false,
    headersTimeout: startTimeoutMs,
    bodyTimeout: 0,
    keepAliveTimeout: 4_000,
    maxHeaderSize: 64 * 1024,
    connect: buildConnector({ timeout: connectTimeoutMs, ...verifiedTls(options.ca) }),
  });
  const running = new Set<SseChannel>();
  return buildBridge({
    strategy: 'sse',
    target,
    settings: options.settings,
    async open(request, events) {
      const channel = await openSseChannel({
        ...options,
        url,
        target,
        pool,
        request,
        events,
        timeoutMs: startTimeoutMs,
      });
      running.add(channel);
      void channel.whenClosed.then(() => running.delete(channel));
      return channel;
    },
    answerTimeoutMs: options.answerTimeoutMs,
    startTimeoutMs,
    modern: undefined,
    whenClosed: async () => {
      await Promise.all([...running].map((channel) => channel.close()));
      await pool.destroy();
    },
  });
}
