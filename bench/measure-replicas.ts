import type { Lab } from './arms.ts';
import { startRedis } from './start-redis.ts';
import { startUsher } from './start-usher.ts';

export interface ReplicasFindings {
  readonly replicas: number;
  readonly users: number;
  readonly calls: number;
  readonly errors: number;
  readonly firstError: string | undefined;
  readonly exchanges: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Most exchanges under way at once, as the provider saw it. */
  readonly peak: number;
}

/** Every user calls through every replica, all replicas at the same time, in the same order: the worst there is for who
 * asks first. Undefined where there is no Redis server.
 */
export async function measureReplicas(
  { folder, origin, provider, load }: Lab,
  { replicas, users }: { readonly replicas: number; readonly users: number },
): Promise<ReplicasFindings | undefined> {
  await using stack = new AsyncDisposableStack();
  const redis = await startRedis();
  if (redis === undefined) return undefined;
  stack.use(redis);
  const { tokens } = await provider.ask('sign', { count: users });
  const order = { kind: 'exchange-20ms', folder, originPort: origin.port, providerPort: provider.port } as const;
  const ports: number[] = [];
  for (let replica = 1; replica <= replicas; replica += 1) {
    const name = `replica-${replica}`;
    ports.push(stack.use(await startUsher({ ...order, name, stateUrl: redis.url })).port);
  }
  const before = await provider.ask('exchanges', {});
  const results = await Promise.all(
    ports.map((port) =>
      load.ask('load', { key: 'replicas', port, connections: 32, tokens, durationMs: 40_000, maxRequests: users }),
    ),
  );
  const { delayed, peak } = await provider.ask('exchanges', {});
  return {
    replicas,
    users,
    calls: results.reduce((sum, { requests }) => sum + requests, 0),
    errors: results.reduce((sum, { errors }) => sum + errors, 0),
    firstError: results.find(({ firstError }) => firstError !== undefined)?.firstError,
    exchanges: delayed - before.delayed,
    elapsedMs: Math.max(...results.map(({ elapsedMs }) => elapsedMs)),
    p50Ms: results.at(-1)?.p50Ms ?? 0,
    p99Ms: results.at(-1)?.p99Ms ?? 0,
    peak,
  };
}
