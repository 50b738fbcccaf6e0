import { z } from 'zod';
import { isRunning } from '../lib/is-running.ts';
import { findProcessIdentity } from '../lib/process-identity.ts';

export const holderSchema = z.strictObject({
  pid: z.number().int(),
  /** Tells it from another that gets its id later; absent where the system does not say. */
  identity: z.string().exactOptional(),
});

/** A running gateway that entries stand in clients for. */
export type Holder = z.infer<typeof holderSchema>;

/** This process. */
export async function thisHolder(): Promise<Holder> {
  const identity = await findProcessIdentity(process.pid);
  return { pid: process.pid, ...(identity === undefined ? {} : { identity }) };
}

/** Those of them that run, without one. */
export async function aliveOf(holders: readonly Holder[], without?: Holder): Promise<readonly Holder[]> {
  const others = holders.filter((one) => !isSame(one, without));
  const alive = await Promise.all(others.map(isAlive));
  return others.filter((_, index) => alive[index] === true);
}

function isSame(one: Holder, other: Holder | undefined): boolean {
  return other !== undefined && one.pid === other.pid && one.identity === other.identity;
}

async function isAlive({ pid, identity }: Holder): Promise<boolean> {
  return identity === undefined ? isRunning(pid) : (await findProcessIdentity(pid)) === identity;
}
