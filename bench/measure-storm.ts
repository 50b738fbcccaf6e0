import type { Lab } from './arms.ts';
import { readUsage } from './process-usage.ts';
import { startUsher } from './start-usher.ts';

export interface StormFindings {
  readonly users: number;
  readonly errors: number;
  readonly firstError: string | undefined;
  readonly exchanges: number;
  /** From the first call to the last answer. */
  readonly drainMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Most exchanges under way at once, as the provider saw it. */
  readonly peak: number;
  /** Of the gateway, for all of it; undefined where the system does not tell. */
  readonly cpuMs: number | undefined;
}

/** Users who all come at once to a gateway that knows none of them, where an exchange takes 20 ms. */
export async function measureStorm({ folder, origin, provider, load }: Lab, users: number): Promise<StormFindings> {
  const { tokens } = await provider.ask('sign', { count: users });
  const order = { kind: 'exchange-20ms', folder, originPort: origin.port, providerPort: provider.port } as const;
  await using gateway = await startUsher({ ...order, name: 'storm' });
  const idle = readUsage(gateway.pid);
  const before = await provider.ask('exchanges', {});
  const result = await load.ask('load', {
    key: 'storm',
    port: gateway.port,
    connections: users,
    tokens,
    durationMs: 30_000,
    maxRequests: users,
  });
  const busy = readUsage(gateway.pid);
  const cpuMs = idle === undefined || busy === undefined ? undefined : (busy.cpuMicros - idle.cpuMicros) / 1000;
  const { delayed, peak } = await provider.ask('exchanges', {});
  const { errors, firstError, elapsedMs, p50Ms, p99Ms } = result;
  return {
    users,
    errors,
    firstError,
    exchanges: delayed - before.delayed,
    drainMs: elapsedMs,
    p50Ms,
    p99Ms,
    peak,
    cpuMs,
  };
}
