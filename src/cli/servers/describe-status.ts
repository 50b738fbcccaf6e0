import { layOut } from '../clients/describe-clients.ts';
import { describeAge, describeDuration } from './describe-duration.ts';
import { stateColours } from './describe-servers.ts';
import { nameState } from './judge-server.ts';
import { paintOut } from './paint-out.ts';
import { wrapWords } from '../help/wrap-words.ts';
import { plain } from '../../lib/plain.ts';
import type { Health, Life } from '../../servers/control.ts';
import type { ServerView } from '../../servers/look-at-server.ts';

type Row = readonly [label: string, text: string];

export interface StatusOptions {
  /** The last lines of its log, where it did not end well. */
  readonly lines: readonly string[];
  /** Of the terminal; undefined where there is none: then no line is broken. */
  readonly columns?: number | undefined;
  readonly nowMs?: number;
}

/** One server, with all there is to know. */
export function describeStatus(view: ServerView, { lines, columns, nowMs = Date.now() }: StatusOptions): string {
  const { name, url, pid, reason, record, run, health, place } = view;
  const where = run?.isBackground === false ? 'in a terminal or as a service' : 'in the background';
  const rows: (Row | undefined)[] = [
    ['state', describeState(view, nowMs)],
    reason === undefined || reason === view.state ? undefined : ['reason', plain(reason)],
    view.state === 'damaged'
      ? ['what to do', `mend that file, or take it away with usher rm ${name} and run it anew`]
      : undefined,
    run?.end === undefined || run.end.isWanted ? undefined : ['exit code', String(run.end.exitCode)],
    url === undefined ? undefined : ['URL', url],
    record === undefined ? undefined : ['server', describeUpstream(plain(record.target), health)],
    ...(health?.life === undefined ? [] : describeLife(health.life, nowMs)),
    pid === undefined ? undefined : ['process', `${pid}, ${where}`],
    ...(health === undefined ? [] : describeHealth(health, nowMs)),
    record === undefined ? undefined : ['group', record.group],
    record === undefined ? undefined : ['made', `${record.createdAt} (${describeAge(record.createdAt, nowMs)})`],
    run?.isBackground === false ? undefined : ['log', place.log],
  ];
  const shown = rows.filter((row) => row !== undefined);
  const last = lines.length === 0 ? [] : ['  last lines of its log', ...lines.map((line) => `    ${plain(line)}`)];
  return [paintOut('bold', name), ...layOut(fit(shown, columns)), ...last].join('\n');
}

/** Each text goes on below its own beginning. */
function fit(rows: readonly Row[], columns: number | undefined): readonly (readonly string[])[] {
  const labels = Math.max(...rows.map(([label]) => label.length)) + 4;
  const width = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(20, columns - labels);
  return rows.flatMap(([label, text]) =>
    wrapWords(text, width).map((line, index) => [index === 0 ? `  ${label}` : '', line]),
  );
}

function describeState(view: ServerView, nowMs: number): string {
  const { state, ailment } = nameState(view);
  const { since } = view;
  const ill = ailment === undefined ? '' : paintOut('yellow', `, ${ailment}`);
  const began = since === undefined ? '' : `, ${sinceWord(view)} ${since} (${describeAge(since, nowMs)})`;
  return paintOut(stateColours[state], state) + ill + began;
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
  return `${where}, ${isReachable ? 'takes connections' : paintOut('red', `cannot be reached: ${plain(reason ?? 'unknown reason')}`)}`;
}

/** What became of the server that is run here since the gateway started. */
function describeLife(life: Life, nowMs: number): Row[] {
  const { restarts, recentEnds, lastEnd, since, processes, check } = life;
  const recent = recentEnds === 0 ? '' : `, ${paintOut('yellow', `${recentEnds} of them in the last ten minutes`)}`;
  const up = since === undefined ? '' : `, up since ${since} (${describeAge(since, nowMs)})`;
  const ended = `${count(processes ?? 0, 'process', 'processes')} now; ${restarts} ended by themselves${recent}`;
  return [
    processes === undefined ? ['restarts', `${restarts}${restarts === 0 ? '' : recent}${up}`] : ['processes', ended],
    ...(lastEnd === undefined
      ? []
      : [['last end', `${lastEnd.at} (${describeAge(lastEnd.at, nowMs)}): ${plain(lastEnd.reason)}`] as const]),
    ...(check === undefined ? [] : [['health check', describeCheck(check)] as const]),
  ];
}

function describeCheck({ status, failedInARow }: NonNullable<Life['check']>): string {
  const text = `${plain(status)}${failedInARow === 0 ? '' : `, failed ${count(failedInARow, 'time', 'times')} in a row`}`;
  return status === 'healthy' && failedInARow === 0 ? text : paintOut('yellow', text);
}

function describeHealth(health: Health, nowMs: number): Row[] {
  const { waitingFor, calls, callers, refused, lastCallAt, lastRefusal, memoryBytes, uptimeSeconds } = health;
  return [
    ...waitingFor.map((what, index) => [index === 0 ? 'waits for' : '', paintOut('yellow', plain(what))] as const),
    [
      'last minute',
      `${count(calls, 'message', 'messages')} of ${count(callers, 'caller', 'callers')}, ${refused} refused`,
    ],
    ...(lastCallAt === undefined ? [] : [['last call', `${lastCallAt} (${describeAge(lastCallAt, nowMs)})`] as const]),
    ...(lastRefusal === undefined
      ? []
      : [
          [
            'last refusal',
            plain(
              `${lastRefusal.at} (${describeAge(lastRefusal.at, nowMs)}) ${lastRefusal.code ?? ''} ${lastRefusal.reason} (usher explain ${lastRefusal.id})`,
            ),
          ] as const,
        ]),
    ['uptime', describeDuration(uptimeSeconds * 1000)],
    ['memory', `${Math.round(memoryBytes / 1024 / 1024)} MB`],
  ];
}

function count(number: number, one: string, several: string): string {
  return `${number} ${number === 1 ? one : several}`;
}
