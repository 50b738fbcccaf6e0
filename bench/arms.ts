import { truncateSync } from 'node:fs';
import type { Peer } from './peer.ts';
import { readUsage } from './process-usage.ts';
import { hasNginx, type Proxy, startBare, startNginx } from './start-proxy.ts';
import { type GatewayKind, startUsher } from './start-usher.ts';

/** One way from the load to the origin, with what was measured on it so far. */
export interface Arm {
  readonly name: string;
  /** Undefined for the direct call. */
  readonly proxy: Proxy | undefined;
  readonly port: number;
  readonly tokens: readonly string[];
  /** What proofs of the callers are for; undefined for bearer tokens. */
  readonly proofUrl?: string;
  /** Written while it works; emptied between rounds. */
  readonly auditFile: string | undefined;
  /** Why it is not measured. */
  problem: string | undefined;
  readonly total: { requests: number; elapsedMs: number; cpuMicros: number; p50Ms: number; p99Ms: number };
  readonly single: { p50Ms: number; p99Ms: number };
}

/** The parts every arm leads through. */
export interface Lab {
  readonly folder: string;
  readonly origin: Peer & { readonly port: number };
  readonly provider: Peer & { readonly port: number };
  readonly load: Peer;
  /** Tokens of callers that are measured warm. */
  readonly tokens: readonly string[];
}

const gateways: readonly { readonly name: string; readonly kind: GatewayKind }[] = [
  { name: 'usher, anonymous', kind: 'anonymous' },
  { name: 'usher, JWT', kind: 'jwt' },
  { name: 'usher, JWT + exchange', kind: 'exchange' },
  { name: 'usher, JWT + exchange, 20 ms', kind: 'exchange-20ms' },
];

/** Starts every arm. One that cannot be started is there too, with its problem. */
export async function startArms(lab: Lab): Promise<Arm[]> {
  const { folder, origin, provider } = lab;
  const arms = [buildArm('direct', undefined, origin.port)];
  arms.push(
    hasNginx() ? await startArm('nginx', () => startNginx(folder, origin.port)) : absent('nginx', 'not installed'),
  );
  arms.push(await startArm('bare node:http + undici', () => startBare(folder, origin.port)));
  for (const { name, kind } of gateways) {
    const order = { kind, folder, originPort: origin.port, providerPort: provider.port };
    arms.push(await startArm(name, () => startUsher(order), kind === 'anonymous' ? undefined : lab.tokens));
  }
  for (const arm of arms) arm.problem ??= await tryOut(arm, lab);
  return arms;
}

function buildArm(name: string, proxy: Proxy | undefined, port: number, tokens?: readonly string[]): Arm {
  return {
    name,
    proxy,
    port,
    tokens: tokens ?? [''],
    auditFile: undefined,
    problem: undefined,
    total: { requests: 0, elapsedMs: 0, cpuMicros: 0, p50Ms: 0, p99Ms: 0 },
    single: { p50Ms: 0, p99Ms: 0 },
  };
}

function absent(name: string, problem: string): Arm {
  return { ...buildArm(name, undefined, 0), problem };
}

export async function startArm(
  name: string,
  start: () => Promise<Proxy & { readonly auditFile?: string }>,
  tokens?: readonly string[],
): Promise<Arm> {
  try {
    const proxy = await start();
    return { ...buildArm(name, proxy, proxy.port, tokens), auditFile: proxy.auditFile };
  } catch (error) {
    return absent(name, error instanceof Error ? error.message : String(error));
  }
}

/** One call: does the origin get what this arm is there for? Otherwise something else would be measured. */
async function tryOut(arm: Arm, { load, origin }: Lab): Promise<string | undefined> {
  const [token = ''] = arm.tokens;
  const { requests: before } = await origin.ask('seen', {});
  const result = await load.ask('load', {
    key: `${arm.name} (tried)`,
    port: arm.port,
    connections: 1,
    tokens: [token],
    durationMs: 5_000,
    maxRequests: 1,
  });
  const { requests, authorization } = await origin.ask('seen', {});
  if (result.firstError !== undefined) return result.firstError;
  if (requests !== before + 1) return `the origin saw ${requests - before} requests instead of 1`;
  const exchanges = arm.name.includes('exchange');
  if (exchanges !== authorization.startsWith('Bearer ')) return `the origin got "${authorization.slice(0, 10)}…"`;
  return token !== '' && authorization.includes(token) ? "the origin got the caller's token" : undefined;
}

export interface LoadSize {
  readonly connections: number;
  readonly durationMs: number;
  /** Calls of MCP 2026-07-28. */
  readonly isModern?: boolean;
  /** As fast as it goes when absent. */
  readonly ratePerSecond?: number;
}

/** Load that is not counted: compiled code, warm caches and open connections are what a running gateway has. */
export async function warmUp(arm: Arm, { load }: Lab, size: LoadSize): Promise<void> {
  if (arm.problem !== undefined) return;
  const { errors, requests, firstError } = await load.ask('load', {
    key: 'warm-up',
    port: arm.port,
    tokens: arm.tokens,
    proofUrl: arm.proofUrl,
    ...size,
  });
  if (errors > 0) arm.problem = `${errors} of ${requests} calls failed: ${firstError}`;
}

/** Puts load on an arm and adds up what it cost. */
export async function measure(arm: Arm, lab: Lab, size: LoadSize): Promise<void> {
  if (arm.problem !== undefined) return;
  const { connections } = size;
  const before = arm.proxy === undefined ? undefined : readUsage(arm.proxy.pid);
  const result = await lab.load.ask('load', {
    key: `${arm.name}, ${connections}`,
    port: arm.port,
    tokens: arm.tokens,
    proofUrl: arm.proofUrl,
    ...size,
  });
  const after = arm.proxy === undefined ? undefined : readUsage(arm.proxy.pid);
  if (result.errors > 0) arm.problem = `${result.errors} of ${result.requests} calls failed: ${result.firstError}`;
  const { p50Ms, p99Ms } = result;
  if (connections === 1) Object.assign(arm.single, { p50Ms, p99Ms });
  else {
    arm.total.requests += result.requests;
    arm.total.elapsedMs += result.elapsedMs;
    arm.total.cpuMicros += (after?.cpuMicros ?? 0) - (before?.cpuMicros ?? 0);
    Object.assign(arm.total, { p50Ms, p99Ms });
  }
  if (arm.auditFile !== undefined) truncateSync(arm.auditFile);
}
