import { truncateSync } from 'node:fs';
import type { Lab } from './arms.ts';
import { connectPeer } from './peer.ts';
import { startUsher } from './start-usher.ts';

export interface MemoryStep {
  readonly requests: number;
  readonly rssMegabytes: number;
  readonly heapMegabytes: number;
}

export interface MemoryOrder {
  readonly requests: number;
  readonly callers: number;
  readonly limitMs: number;
  readonly onStep: (step: MemoryStep) => void;
}

/** Sends calls of many callers through JWT + exchange and looks at the gateway's memory after every tenth of them. */
export async function measureMemory(lab: Lab, order: MemoryOrder): Promise<void> {
  const { tokens } = await lab.provider.ask('sign', { count: order.callers });
  await using gateway = await startUsher({
    kind: 'exchange',
    name: 'memory',
    folder: lab.folder,
    originPort: lab.origin.port,
    providerPort: lab.provider.port,
    reportsMemory: true,
  });
  const reporter = connectPeer(gateway.child, 'usher serve');
  const endAt = performance.now() + order.limitMs;
  let sent = 0;
  while (sent < order.requests && performance.now() < endAt) {
    const { requests, errors, firstError } = await lab.load.ask('load', {
      key: 'memory',
      port: gateway.port,
      connections: 16,
      tokens,
      durationMs: endAt - performance.now(),
      maxRequests: Math.ceil(order.requests / 10),
    });
    if (errors > 0) throw new Error(`${errors} of ${requests} calls failed: ${firstError}`);
    sent += requests;
    truncateSync(gateway.auditFile);
    const { rssBytes, heapBytes } = await reporter.ask('memory', { collects: true });
    order.onStep({ requests: sent, rssMegabytes: rssBytes / 1024 ** 2, heapMegabytes: heapBytes / 1024 ** 2 });
  }
}
