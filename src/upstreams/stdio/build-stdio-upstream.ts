import { buildBridge, type Bridge } from '../../bridge/build-bridge.ts';
import type { Channel, ChannelEvents } from '../../bridge/channel.ts';
import { BackOff } from '../../lib/back-off.ts';
import { describe } from '../../lib/describe-error.ts';
import { RecentEnds } from '../../lib/recent-ends.ts';
import type { Launcher } from '../../model/launcher.ts';
import type { Log } from '../../model/log.ts';
import type { UpstreamRequest, UpstreamUser } from '../../model/upstream.ts';
import { fail, UsherError } from '../../model/usher-error.ts';
import type { StdioSettings } from './schema.ts';
import { StdioChannel } from './stdio-channel.ts';
import { removeLeftTokens } from './token-folder.ts';
import { giveToken, type GivenToken } from './user-token.ts';

const usualBackOff = { firstMs: 500, longestMs: 30_000 };

export interface StdioUpstreamOptions {
  /** Of the mounted server, for the log. */
  readonly name: string;
  readonly launcher: Launcher;
  readonly settings: StdioSettings;
  readonly answerTimeoutMs: number;
  /** How long a server may take until it says what it speaks. */
  readonly startTimeoutMs: number;
  readonly log: Log;
  /** Injected by tests, which have less time. */
  readonly backOffTimes?: { readonly firstMs: number; readonly longestMs: number } | undefined;
}

/** Strategy `stdio`: an MCP server that speaks over its standard streams, one process for each session of before 2026-07-28,
 * and one for all of today's calls; with a token for each user, one for each user.
 */
export function buildStdioUpstream(options: StdioUpstreamOptions): Bridge {
  const { launcher, settings, answerTimeoutMs, startTimeoutMs, backOffTimes = usualBackOff } = options;
  const target = `stdio:${launcher.label}`;
  const isPerUser = settings.userTokenEnv !== undefined || settings.userTokenFile !== undefined;
  const running = new Set<StdioChannel>();
  const ends = new RecentEnds();
  const onFallen = (reason: string) => ends.note(`${launcher.label}: ${reason}`);

  async function open(request: UpstreamRequest | undefined, events: ChannelEvents): Promise<Channel> {
    const given = isPerUser ? await give(request?.user) : undefined;
    const channel = await launch(given, events);
    running.add(channel);
    void channel.whenClosed.then(() => running.delete(channel));
    return channel;
  }

  async function give(user: UpstreamUser | undefined): Promise<GivenToken> {
    try {
      return await giveToken(user, settings, { isOtherUser: launcher.isOtherUser, log: options.log });
    } catch (cause) {
      if (cause instanceof UsherError) throw cause;
      const reason = `the file for its user's token cannot be written: ${describe(cause)}`;
      throw fail('upstream_unreachable', { target, reason }, { cause });
    }
  }

  async function launch(given: GivenToken | undefined, events: ChannelEvents): Promise<StdioChannel> {
    try {
      const launched = await launcher.launch(given?.gift ?? { env: {} });
      return new StdioChannel(launched, { ...options, events, token: given, onFallen });
    } catch (cause) {
      await given?.remove();
      const reason = cause instanceof Error ? cause.message : String(cause);
      onFallen(reason);
      throw fail('upstream_unreachable', { target, reason }, { cause });
    }
  }

  const bridge = buildBridge({
    strategy: 'stdio',
    target,
    settings,
    open,
    answerTimeoutMs,
    startTimeoutMs,
    modern: { isPerUser, buildBackOff: () => new BackOff(backOffTimes) },
    whenClosed: async () => {
      await Promise.all([...running].map((channel) => channel.close()));
    },
  });
  return {
    ...bridge,
    get life() {
      const { count: restarts, recent: recentEnds, last: lastEnd } = ends;
      return { restarts, recentEnds, lastEnd, since: undefined, processes: running.size, check: undefined };
    },
    async start() {
      if (settings.userTokenFile !== undefined) await removeLeftTokens();
      await bridge.start();
    },
  };
}
