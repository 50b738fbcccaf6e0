import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { type Peer, startPeer } from './peer.ts';
import { startUsher } from './start-usher.ts';

export interface KillStep {
  readonly killed: 'provider' | 'upstream' | 'gateway';
  /** Whole answers of status 200. */
  readonly answered: number;
  /** Answers with another status, all of them whole JSON-RPC errors. */
  readonly refused: number;
  /** Connections that broke before an answer was whole. */
  readonly broken: number;
  /** Answers that ended as whole ones and were not JSON, or not what their status says. Should be 0. */
  readonly wrong: number;
  /** Whole answers of status 200 without a line in the audit trail. Should be 0. */
  readonly unrecorded: number;
}

export interface KillOrder {
  readonly folder: string;
  readonly durationMs: number;
  readonly onStep: (step: KillStep) => void;
}

const connections = 16;

/** Kills each part outright in turn while calls are made, the upstream and the gateway to be started again where they were.
 * Then holds what callers got against the audit trail.
 */
export async function measureKills(order: KillOrder): Promise<void> {
  for (const killed of ['provider', 'upstream', 'gateway'] as const) order.onStep(await measureOne(killed, order));
}

async function measureOne(killed: KillStep['killed'], { folder, durationMs }: KillOrder): Promise<KillStep> {
  const provider = await startPeer('provider.ts');
  let origin: Peer & { readonly port: number } = await startPeer('origin.ts');
  const start = (port?: number) =>
    startUsher({
      kind: 'exchange',
      name: `kill-${killed}`,
      folder,
      originPort: origin.port,
      providerPort: provider.port,
      ...(port === undefined ? {} : { port }),
    });
  let gateway = await start();
  const { tokens } = await provider.ask('sign', { count: 50 });
  const callers = new Callers(gateway.port, tokens);
  const calling = callers.call(durationMs);
  await delay(durationMs / 3);
  if (killed === 'provider') await provider[Symbol.asyncDispose]();
  if (killed === 'upstream') {
    await origin[Symbol.asyncDispose]();
    origin = await startPeer('origin.ts', { port: origin.port });
  }
  if (killed === 'gateway') {
    gateway.child.kill('SIGKILL');
    gateway = await start(gateway.port);
  }
  await calling;
  for (const part of [gateway, origin, provider]) await part[Symbol.asyncDispose]();
  return { killed, ...callers.counts, unrecorded: callers.countUnrecorded(gateway.auditFile) };
}

/** Calls one after the other on several connections, each with a number of its own. */
class Callers {
  readonly counts = { answered: 0, refused: 0, broken: 0, wrong: 0 };
  readonly #url: string;
  readonly #tokens: readonly string[];
  readonly #answered = new Set<number>();
  #next = 0;

  constructor(port: number, tokens: readonly string[]) {
    this.#url = `http://127.0.0.1:${port}/mcp`;
    this.#tokens = tokens;
  }

  async call(durationMs: number): Promise<void> {
    const endAt = performance.now() + durationMs;
    await Promise.all(
      Array.from({ length: connections }, async () => {
        while (performance.now() < endAt) await this.#callOnce();
      }),
    );
  }

  /** A line that a kill cut off is none. */
  countUnrecorded(auditFile: string): number {
    const ids = readFileSync(auditFile, 'utf8').matchAll(/"rpcId":(\d+)[^\n]*\}\n/g);
    const recorded = new Set(Array.from(ids, ([, id]) => Number(id)));
    return [...this.#answered].filter((id) => !recorded.has(id)).length;
  }

  async #callOnce(): Promise<void> {
    this.#next += 1;
    const id = this.#next;
    const token = this.#tokens[id % this.#tokens.length] ?? '';
    let status: number;
    let text: string;
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id,
          method: 'tools/call',
          params: { name: 'GetCountry', arguments: {} },
        }),
      });
      status = response.status;
      text = await response.text();
    } catch {
      this.counts.broken += 1;
      // Whoever finds nobody tries again in a moment.
      return delay(5);
    }
    if (status === 200) this.#answered.add(id);
    this.counts[classify(status, text)] += 1;
  }
}

function classify(status: number, text: string): 'answered' | 'refused' | 'wrong' {
  try {
    const { result, error } = JSON.parse(text) as { result?: unknown; error?: unknown };
    if (status === 200) return result === undefined ? 'wrong' : 'answered';
    return error === undefined ? 'wrong' : 'refused';
  } catch {
    return 'wrong';
  }
}
