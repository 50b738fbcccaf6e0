import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from './arms.ts';
import { connectPeer } from './peer.ts';
import { readUsage } from './process-usage.ts';
import { startUsher } from './start-usher.ts';

export interface StreamsOrder {
  readonly streams: number;
  readonly ratePerSecond: number;
  readonly durationMs: number;
}

export interface StreamsFindings {
  readonly streams: number;
  readonly lostStreams: number;
  readonly eventsSent: number;
  readonly eventsReceived: number;
  readonly calls: number;
  readonly failedCalls: number;
  readonly firstError: string | undefined;
  readonly perSecond: number;
  /** Resident memory that came with the streams, of the gateway's process, for one of them. */
  readonly kilobytesPerStream: number;
  readonly heapKilobytesPerStream: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly directP50Ms: number;
  readonly directP99Ms: number;
  /** Directly, while the server behind sends its events through the gateway: what the events cost without it. */
  readonly busyDirectP50Ms: number;
  readonly busyDirectP99Ms: number;
  /** Of one processor. */
  readonly cpuShare: number;
  /** Open files of the gateway: before the streams, with them, after them. */
  readonly openFiles: readonly number[];
}

const broadcastEveryMs = 2_000;

/** Many event streams that are open at the same time, and calls at a steady rate beside them. */
export async function measureStreams(lab: Lab, order: StreamsOrder): Promise<StreamsFindings> {
  const { origin, provider, load, tokens } = lab;
  await using gateway = await startUsher({
    kind: 'exchange',
    name: 'streams',
    folder: lab.folder,
    originPort: origin.port,
    providerPort: provider.port,
    reportsMemory: true,
  });
  const reporter = connectPeer(gateway.child, 'usher serve');
  const { ratePerSecond } = order;
  const call = (key: string, port: number, durationMs: number) =>
    load.ask('load', {
      key,
      port,
      connections: 32,
      tokens: port === gateway.port ? tokens : [''],
      durationMs,
      ratePerSecond,
    });
  // Compiled code and pools are there before memory is looked at.
  await call('streams, warm-up', gateway.port, order.durationMs / 10);
  await delay(500);
  const openFiles = [countOpenFiles(gateway.pid)];
  const before = await reporter.ask('memory', { collects: true });
  const { firstError } = await load.ask('openStreams', { port: gateway.port, count: order.streams, tokens });
  await delay(500);
  openFiles.push(countOpenFiles(gateway.pid));
  const after = await reporter.ask('memory', { collects: true });

  const usageBefore = readUsage(gateway.pid);
  let eventsSent = 0;
  const broadcasting = new AbortController();
  const broadcasts = broadcast(lab, broadcasting.signal, (streams) => (eventsSent += streams));
  const result = await call('streams', gateway.port, order.durationMs);
  const usageAfter = readUsage(gateway.pid);
  const busyDirect = await call('streams, direct with events', origin.port, order.durationMs / 4);
  broadcasting.abort();
  await broadcasts;
  const direct = await call('streams, direct', origin.port, order.durationMs / 4);
  await delay(500);
  const state = await load.ask('closeStreams', {});
  await delay(1_000);
  openFiles.push(countOpenFiles(gateway.pid));
  const perStream = (bytes: number) => bytes / 1024 / Math.max(1, order.streams);
  return {
    streams: order.streams,
    lostStreams: order.streams - state.open,
    eventsSent,
    eventsReceived: state.events,
    calls: result.requests,
    failedCalls: result.errors,
    firstError: firstError ?? state.firstError ?? result.firstError,
    perSecond: result.requests / (result.elapsedMs / 1000),
    kilobytesPerStream: perStream(after.rssBytes - before.rssBytes),
    heapKilobytesPerStream: perStream(after.heapBytes - before.heapBytes),
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    directP50Ms: direct.p50Ms,
    directP99Ms: direct.p99Ms,
    busyDirectP50Ms: busyDirect.p50Ms,
    busyDirectP99Ms: busyDirect.p99Ms,
    cpuShare: ((usageAfter?.cpuMicros ?? 0) - (usageBefore?.cpuMicros ?? 0)) / (result.elapsedMs * 1000),
    openFiles,
  };
}

async function broadcast({ origin }: Lab, signal: AbortSignal, onSent: (streams: number) => void): Promise<void> {
  while (!signal.aborted) {
    onSent((await origin.ask('broadcast', {})).streams);
    await delay(broadcastEveryMs, undefined, { signal }).catch(() => {});
  }
}

/** @returns 0 where the system has no /proc */
export function countOpenFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
}
