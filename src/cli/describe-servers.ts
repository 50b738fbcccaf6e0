import { styleText } from 'node:util';
import { layOut } from './describe-clients.ts';
import { plain } from '../lib/plain.ts';
import type { Health } from '../servers/control.ts';
import type { ServerState, ServerView } from '../servers/look-at-server.ts';

type Colour = 'green' | 'yellow' | 'red' | 'dim';
const colours: Readonly<Record<ServerState, Colour>> = {
  running: 'green',
  starting: 'yellow',
  stopping: 'yellow',
  unresponsive: 'red',
  stopped: 'dim',
  failed: 'red',
  crashed: 'red',
  damaged: 'red',
};

/** Is it fit to take calls? */
export function isWell({ state, health }: ServerView): boolean {
  return state === 'running' && health?.waitingFor.length === 0 && health.upstream.isReachable;
}

/** Servers as a table for people. */
export function describeList(views: readonly ServerView[], now = Date.now()): string {
  const head = ['NAME', 'STATE', 'URL', 'SERVER', 'GROUP', 'SINCE'].map((title) => paint('dim', title));
  const rows = views.map((view) => [
    view.name,
    paint(colours[view.state], view.state) +
      (view.state === 'running' && !isWell(view) ? paint('yellow', ', not well') : ''),
    view.url ?? '-',
    shorten(view.record?.target ?? '-'),
    view.record?.group ?? '-',
    view.since === undefined ? '-' : describeAge(Date.parse(view.since), now),
  ]);
  return layOut([head, ...rows]).join('\n');
}

/** One server, with all there is to know; `lines` are the last of its log where it did not end well. */
export function describeStatus(view: ServerView, lines: readonly string[], now = Date.now()): string {
  const { name, state, url, pid, since, reason, record, run, health, place } = view;
  const where = run?.isBackground === false ? 'in a terminal or as a service' : 'in the background';
  const began = since === undefined ? '' : `, ${sinceWord(view)} ${since} (${describeAge(Date.parse(since), now)})`;
  const rows: (readonly [string, string] | undefined)[] = [
    ['state', paint(colours[state], state) + began],
    reason === undefined ? undefined : ['reason', plain(reason)],
    run?.end === undefined || run.end.isWanted ? undefined : ['exit code', String(run.end.exitCode)],
    url === undefined ? undefined : ['URL', url],
    record === undefined ? undefined : ['server', describeUpstream(record.target, health)],
    pid === undefined ? undefined : ['process', `${pid}, ${where}`],
    ...(health === undefined ? [] : describeHealth(health)),
    record === undefined ? undefined : ['group', record.group],
    record === undefined ? undefined : ['made', record.createdAt],
    run?.isBackground === false ? undefined : ['log', place.log],
  ];
  const shown = rows.filter((row) => row !== undefined).map(([label, text]) => [`  ${label}`, text]);
  const last = lines.length === 0 ? [] : ['  last lines of its log', ...lines.map((line) => `    ${plain(line)}`)];
  return [paint('bold', name), ...layOut(shown), ...last].join('\n');
}

function sinceWord({ state }: ServerView): string {
  if (state === 'crashed') return 'last seen alive';
  return state === 'starting' || state === 'running' || state === 'stopping' || state === 'unresponsive'
    ? 'started'
    : 'since';
}

function describeUpstream(target: string, health: Health | undefined): string {
  if (health === undefined) return target;
  const { isReachable, reason, target: url } = health.upstream;
  const where = url === target || url === '' ? target : `${target} at ${url}`;
  return `${where}, ${isReachable ? 'takes connections' : paint('red', `cannot be reached: ${plain(reason ?? 'unknown reason')}`)}`;
}

function describeHealth(health: Health): (readonly [string, string])[] {
  const { waitingFor, calls, callers, refused, lastCallAt, lastRefusal, memoryBytes, uptimeSeconds } = health;
  return [
    ...(waitingFor.length === 0 ? [] : [['waits for', paint('yellow', plain(waitingFor.join('; ')))] as const]),
    ['last minute', `${count(calls, 'message')} of ${count(callers, 'caller')}, ${refused} refused`],
    ...(lastCallAt === undefined ? [] : [['last call', lastCallAt] as const]),
    ...(lastRefusal === undefined
      ? []
      : [
          [
            'last refusal',
            plain(
              `${lastRefusal.at} ${lastRefusal.code ?? ''} ${lastRefusal.reason} (usher explain ${lastRefusal.id})`,
            ),
          ] as const,
        ]),
    ['uptime', describeDuration(uptimeSeconds * 1000)],
    ['memory', `${Math.round(memoryBytes / 1024 / 1024)} MB`],
  ];
}

/** A server for machines. */
export function toJson(view: ServerView): Readonly<Record<string, unknown>> {
  const { name, state, url, pid, since, reason, record, run, health } = view;
  return {
    name,
    state,
    isWell: isWell(view),
    url,
    target: record?.target,
    group: record?.group,
    pid,
    isBackground: run?.isBackground,
    since,
    reason,
    exitCode: run?.end?.exitCode,
    createdAt: record?.createdAt,
    health,
  };
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function describeAge(atMs: number, nowMs: number): string {
  return `${describeDuration(Math.max(0, nowMs - atMs))} ago`;
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** In the largest unit that it has at least one of. */
function describeDuration(ms: number): string {
  const [unit, length] = units.find(([, one]) => ms >= one) ?? units[3];
  return `${Math.floor(ms / length)} ${unit}`;
}

const longestTarget = 48;

function shorten(text: string): string {
  return text.length > longestTarget ? `${text.slice(0, longestTarget - 1)}…` : text;
}

function paint(format: Colour | 'bold', text: string): string {
  return styleText(format, text, { stream: process.stdout });
}
