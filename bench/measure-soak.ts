import { truncateSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from './arms.ts';
import { countOpenFiles } from './measure-streams.ts';
import { connectPeer, type Peer } from './peer.ts';
import { startUsher } from './start-usher.ts';

export interface SoakStep {
  /** Those of the warm-up are 0 and less. */
  readonly minute: number;
  readonly calls: number;
  readonly failedCalls: number;
  readonly lostStreams: number;
  readonly rssMegabytes: number;
  readonly heapMegabytes: number;
  readonly openFiles: number;
  readonly firstError: string | undefined;
}

/** The gateway when nobody has asked anything of it for a while. */
export interface SoakRest {
  /** As it is: with garbage, and with what V8 keeps for the next burst. */
  readonly idleRssMegabytes: number;
  /** After a collection, like all that follows: what is really held. */
  readonly rssMegabytes: number;
  readonly heapMegabytes: number;
  readonly externalMegabytes: number;
  readonly openFiles: number;
}

export interface SoakOrder {
  readonly minutes: number;
  /** At the same load, and not counted: until code is compiled, pools are there and the heap has its size. */
  readonly warmUpMinutes: number;
  /** Length of one of them. */
  readonly minuteMs: number;
  /** Without load, before each look at the gateway: longer than any connection idles. */
  readonly restMs: number;
  /** Of the callers' tokens: what is kept for them may stay as long. */
  readonly lifeSeconds: number;
  readonly streams: number;
  readonly ratePerSecond: number;
  readonly onStep: (step: SoakStep) => void;
}

export interface SoakFindings {
  readonly begin: SoakRest;
  readonly end: SoakRest;
}

/** The same load for a long time: calls at a steady rate with new callers each minute, and event streams that are opened and
 * dropped. Memory and open files at rest, after a warm-up and at the end, should be the same.
 */
export async function measureSoak(lab: Lab, order: SoakOrder): Promise<SoakFindings> {
  const { origin, provider } = lab;
  await using gateway = await startUsher({
    kind: 'exchange-20ms',
    name: 'soak',
    folder: lab.folder,
    originPort: origin.port,
    providerPort: provider.port,
    reportsMemory: true,
  });
  const soak: Soak = { ...gateway, reporter: connectPeer(gateway.child, 'usher serve') };
  for (let minute = 1 - order.warmUpMinutes; minute <= 0; minute += 1) await runMinute(minute, soak, lab, order);
  const begin = await rest(soak, order);
  for (let minute = 1; minute <= order.minutes; minute += 1) await runMinute(minute, soak, lab, order);
  return { begin, end: await rest(soak, order) };
}

interface Soak {
  readonly pid: number;
  readonly port: number;
  readonly auditFile: string;
  readonly reporter: Peer;
}

const megabyte = 1024 ** 2;

async function runMinute(minute: number, soak: Soak, { origin, provider, load }: Lab, order: SoakOrder): Promise<void> {
  const { tokens } = await provider.ask('sign', { count: 50, lifeSeconds: order.lifeSeconds });
  await load.ask('openStreams', { port: soak.port, count: order.streams, tokens });
  const [result] = await Promise.all([
    load.ask('load', {
      key: `soak ${minute}`,
      port: soak.port,
      connections: 32,
      tokens,
      durationMs: order.minuteMs,
      ratePerSecond: order.ratePerSecond,
    }),
    origin.ask('broadcast', {}),
  ]);
  const streams = await load.ask('closeStreams', {});
  await delay(1_000);
  truncateSync(soak.auditFile);
  const { rssBytes, heapBytes } = await soak.reporter.ask('memory', { collects: false });
  order.onStep({
    minute,
    calls: result.requests,
    failedCalls: result.errors,
    lostStreams: order.streams - streams.open,
    rssMegabytes: rssBytes / megabyte,
    heapMegabytes: heapBytes / megabyte,
    openFiles: countOpenFiles(soak.pid),
    firstError: result.firstError ?? streams.firstError,
  });
}

async function rest({ pid, reporter }: Soak, { restMs }: SoakOrder): Promise<SoakRest> {
  await delay(restMs);
  const idle = await reporter.ask('memory', { collects: false });
  const { rssBytes, heapBytes, externalBytes } = await reporter.ask('memory', { collects: true });
  return {
    idleRssMegabytes: idle.rssBytes / megabyte,
    rssMegabytes: rssBytes / megabyte,
    heapMegabytes: heapBytes / megabyte,
    externalMegabytes: externalBytes / megabyte,
    openFiles: countOpenFiles(pid),
  };
}
