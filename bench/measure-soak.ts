import { truncateSync } from 'node:fs';
import type { Lab } from './arms.ts';
import { countOpenFiles } from './measure-streams.ts';
import { connectPeer } from './peer.ts';
import { startUsher } from './start-usher.ts';

export interface SoakStep {
  readonly minute: number;
  readonly calls: number;
  readonly failedCalls: number;
  readonly lostStreams: number;
  readonly rssMegabytes: number;
  readonly heapMegabytes: number;
  readonly openFiles: number;
  readonly firstError: string | undefined;
}

export interface SoakOrder {
  readonly minutes: number;
  /** Length of one of them. */
  readonly minuteMs: number;
  readonly streams: number;
  readonly ratePerSecond: number;
  readonly onStep: (step: SoakStep) => void;
}

/** The same load for a long time: calls at a steady rate with new callers each minute, and event streams that are opened and
 * dropped. Memory and open files are looked at while nothing is under way: they should end where they began.
 */
export async function measureSoak(lab: Lab, order: SoakOrder): Promise<void> {
  const { origin, provider, load } = lab;
  await using gateway = await startUsher({
    kind: 'exchange-20ms',
    name: 'soak',
    folder: lab.folder,
    originPort: origin.port,
    providerPort: provider.port,
    reportsMemory: true,
  });
  const reporter = connectPeer(gateway.child, 'usher serve');
  for (let minute = 1; minute <= order.minutes; minute += 1) {
    const { tokens } = await provider.ask('sign', { count: 50 });
    await load.ask('openStreams', { port: gateway.port, count: order.streams, tokens });
    const [result] = await Promise.all([
      load.ask('load', {
        key: `soak ${minute}`,
        port: gateway.port,
        connections: 32,
        tokens,
        durationMs: order.minuteMs,
        ratePerSecond: order.ratePerSecond,
      }),
      origin.ask('broadcast', {}),
    ]);
    const streams = await load.ask('closeStreams', {});
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    truncateSync(gateway.auditFile);
    const { rssBytes, heapBytes } = await reporter.ask('memory', {});
    order.onStep({
      minute,
      calls: result.requests,
      failedCalls: result.errors,
      lostStreams: order.streams - streams.open,
      rssMegabytes: rssBytes / 1024 ** 2,
      heapMegabytes: heapBytes / 1024 ** 2,
      openFiles: countOpenFiles(gateway.pid),
      firstError: result.firstError ?? streams.firstError,
    });
  }
}
