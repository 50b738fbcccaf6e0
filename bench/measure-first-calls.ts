import type { Arm, Lab } from './arms.ts';

/** Many first calls of one user at the same time, where an exchange takes 20 ms: how often is the provider asked? */
export async function measureFirstCalls(
  arm: Arm,
  lab: Lab,
  calls: number,
): Promise<{ calls: number; errors: number; exchanges: number }> {
  const { tokens } = await lab.provider.ask('sign', { count: 1 });
  const before = await lab.provider.ask('exchanges', {});
  const { errors } = await lab.load.ask('load', {
    key: 'first calls',
    port: arm.port,
    connections: calls,
    tokens,
    durationMs: 10_000,
    maxRequests: calls,
  });
  const after = await lab.provider.ask('exchanges', {});
  return { calls, errors, exchanges: after.delayed - before.delayed };
}
