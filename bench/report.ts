import type { Arm } from './arms.ts';
import { readUsage } from './process-usage.ts';

/** What one run found; the form of `--json`. */
export interface Findings {
  readonly arms: readonly ArmFindings[];
  readonly exchanges: { readonly immediate: number; readonly delayed: number; readonly callers: number };
  readonly firstCalls: { readonly calls: number; readonly errors: number; readonly exchanges: number } | undefined;
  readonly startMs: { readonly median: number; readonly all: readonly number[] } | undefined;
}

export interface ArmFindings {
  readonly name: string;
  readonly problem?: string;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly singleP50Ms: number;
  readonly singleP99Ms: number;
  /** Of the proxy process; undefined for the direct call and where the system does not tell. */
  readonly cpuMicrosPerRequest?: number;
  readonly rssMegabytes?: number;
}

export function describeArm({ name, problem, total, single, proxy }: Arm): ArmFindings {
  const usage = proxy === undefined || problem !== undefined ? undefined : readUsage(proxy.pid);
  return {
    name,
    ...(problem === undefined ? {} : { problem }),
    requestsPerSecond: total.requests === 0 ? 0 : (total.requests / total.elapsedMs) * 1000,
    p50Ms: total.p50Ms,
    p99Ms: total.p99Ms,
    singleP50Ms: single.p50Ms,
    singleP99Ms: single.p99Ms,
    ...(usage === undefined || total.requests === 0
      ? {}
      : { cpuMicrosPerRequest: total.cpuMicros / total.requests, rssMegabytes: usage.rssBytes / 1024 ** 2 }),
  };
}

/** The findings for a person: a table with ratios, then what the project wants to reach. */
export function formatReport(findings: Findings, connections: number): string {
  return [...formatTable(findings, connections), '', ...formatGoals(findings)].join('\n');
}

function formatTable({ arms }: Findings, connections: number): string[] {
  const find = (name: string) => arms.find((arm) => arm.name === name && arm.problem === undefined);
  const [direct, nginx, anonymous] = [find('direct'), find('nginx'), find('usher, anonymous')];
  const rows = arms.map((arm) =>
    arm.problem === undefined
      ? [
          arm.name,
          arm.requestsPerSecond.toFixed(0),
          ratio(arm.requestsPerSecond, direct?.requestsPerSecond),
          ratio(arm.requestsPerSecond, nginx?.requestsPerSecond),
          arm.p50Ms.toFixed(2),
          arm.p99Ms.toFixed(2),
          arm.singleP50Ms.toFixed(3),
          arm.singleP99Ms.toFixed(2),
          arm.cpuMicrosPerRequest?.toFixed(1) ?? '–',
          ratio(arm.cpuMicrosPerRequest, nginx?.cpuMicrosPerRequest),
          ratio(arm.cpuMicrosPerRequest, anonymous?.cpuMicrosPerRequest),
          arm.rssMegabytes?.toFixed(0) ?? '–',
        ]
      : [arm.name, `not measured: ${arm.problem}`],
  );
  const heads = [
    [
      `tools/call, ${connections} connections`,
      'req/s',
      '×',
      '×',
      'p50',
      'p99',
      'p50 ms',
      'p99 ms',
      'CPU',
      '×',
      '×',
      'RSS',
    ],
    ['', '', 'direct', 'nginx', 'ms', 'ms', '1 conn.', '1 conn.', 'µs/req', 'nginx', 'anon.', 'MB'],
  ];
  const measured = [...heads, ...rows.filter((row) => row.length > 2)];
  const widths = heads[0]?.map((_, column) => Math.max(...measured.map((row) => row[column]?.length ?? 0))) ?? [];
  return [...heads, ...rows].map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function ratio(value: number | undefined, to: number | undefined): string {
  return value === undefined || to === undefined || to === 0 ? '–' : (value / to).toFixed(2);
}

function formatGoals({ arms, exchanges, firstCalls, startMs }: Findings): string[] {
  const find = (name: string) => arms.find((arm) => arm.name === name && arm.problem === undefined);
  const exchange = find('usher, JWT + exchange');
  const delayed = find('usher, JWT + exchange, 20 ms');
  const added = delayed === undefined ? undefined : delayed.singleP50Ms - (find('direct')?.singleP50Ms ?? 0);
  const cpu = exchange?.cpuMicrosPerRequest;
  return [
    goal('CPU of JWT + exchange, × nginx', quotient(cpu, find('nginx')?.cpuMicrosPerRequest), 4.5),
    goal('CPU of JWT + exchange, × anonymous', quotient(cpu, find('usher, anonymous')?.cpuMicrosPerRequest), 1.25),
    goal('warm p50 added at one connection, 20 ms at the provider, ms', added, 0.5),
    goal(`exchanges for ${firstCalls?.calls ?? 0} first calls of one user at once`, firstCalls?.exchanges, 1),
    goal('start to listening, ms (median)', startMs?.median, 250),
    `Exchanges over the whole run, for ${exchanges.callers} callers: ${exchanges.immediate}, and ${exchanges.delayed} where each takes 20 ms.`,
  ];
}

function quotient(value: number | undefined, by: number | undefined): number | undefined {
  return value === undefined || by === undefined || by === 0 ? undefined : value / by;
}

function goal(what: string, value: number | undefined, most: number): string {
  if (value === undefined) return `? ${what}: not measured (wanted: at most ${most})`;
  const shown = Number.isInteger(value) ? String(value) : value.toFixed(2);
  return `${value <= most ? '✔' : '✖'} ${what}: ${shown} (wanted: at most ${most})`;
}
