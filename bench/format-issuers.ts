import type { ReplicasFindings } from './measure-replicas.ts';
import type { StormFindings } from './measure-storm.ts';
import type { ArmFindings } from './report.ts';

const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 0)} ms`;
const firstError = (text: string | undefined) => (text === undefined ? '' : `; first error: ${text}`);

export function formatStorm(found: StormFindings): string {
  return [
    `${found.users} users at once: ${found.exchanges} exchanges, ${found.errors} calls failed${firstError(found.firstError)}`,
    `drained in ${ms(found.drainMs)}; p50 ${ms(found.p50Ms)}, p99 ${ms(found.p99Ms)}; at most ${found.peak} exchanges under way at the provider`,
    ...(found.cpuMs === undefined ? [] : [`${ms(found.cpuMs)} of the gateway's processor`]),
  ].join('\n');
}

export function formatReplicas(found: ReplicasFindings): string {
  return [
    `${found.users} users at ${found.replicas} replicas: ${found.calls} calls, ${found.exchanges} exchanges (wanted: ${found.users}), ${found.errors} calls failed${firstError(found.firstError)}`,
    `over in ${ms(found.elapsedMs)}; p50 ${ms(found.p50Ms)}, p99 ${ms(found.p99Ms)}; at most ${found.peak} exchanges under way at the provider`,
  ].join('\n');
}

export function formatArms(rows: readonly ArmFindings[]): string {
  return rows
    .map(
      (row) =>
        `${row.name}: ${row.problem ?? `${row.requestsPerSecond.toFixed(0)}/s, p50 ${ms(row.p50Ms)}, p99 ${ms(row.p99Ms)}, one connection ${row.singleP50Ms.toFixed(3)} ms, ${row.cpuMicrosPerRequest?.toFixed(1) ?? '–'} µs of CPU per call`}`,
    )
    .join('\n');
}
