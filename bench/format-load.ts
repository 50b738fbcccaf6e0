import type { KillStep } from './measure-kills.ts';
import type { SoakStep } from './measure-soak.ts';
import type { StreamsFindings } from './measure-streams.ts';

export function formatStreams(found: StreamsFindings): string {
  const ms = (value: number) => `${value.toFixed(2)} ms`;
  return [
    `${found.streams} event streams, ${found.lostStreams} lost; ${found.eventsSent} events sent, ${found.eventsReceived} received`,
    `${found.calls} calls beside them, ${found.perSecond.toFixed(0)}/s, ${found.failedCalls} failed`,
    `p50 ${ms(found.p50Ms)}, p99 ${ms(found.p99Ms)}; direct while there are events ${ms(found.busyDirectP50Ms)} and ${ms(found.busyDirectP99Ms)}, without them ${ms(found.directP50Ms)} and ${ms(found.directP99Ms)}`,
    `memory of an idle stream: ${found.kilobytesPerStream.toFixed(1)} KB resident, ${found.heapKilobytesPerStream.toFixed(1)} KB of it heap (wanted: at most 40)`,
    `processor: ${(found.cpuShare * 100).toFixed(0)} % of one`,
    `open files before, with and after the streams: ${found.openFiles.join(', ')}`,
    ...(found.firstError === undefined ? [] : [`first error: ${found.firstError}`]),
  ].join('\n');
}

export function formatSoak(step: SoakStep): string {
  const error = step.firstError === undefined ? '' : `; ${step.firstError}`;
  const minute = step.minute > 0 ? `minute ${step.minute}` : 'warm-up';
  return `${minute}: ${step.calls} calls, ${step.failedCalls} failed, ${step.lostStreams} streams lost; ${step.rssMegabytes.toFixed(1)} MB resident, ${step.heapMegabytes.toFixed(1)} MB heap, ${step.openFiles} open files${error}`;
}

export function formatKills(step: KillStep): string {
  return `${step.killed} killed: ${step.answered} answered, ${step.refused} refused, ${step.broken} broken off, ${step.wrong} wrong, ${step.unrecorded} answered and not on record`;
}
