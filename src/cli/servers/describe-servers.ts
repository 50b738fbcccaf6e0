import { stripVTControlCharacters } from 'node:util';
import { layOut } from '../clients/describe-clients.ts';
import { describeAge } from './describe-duration.ts';
import { isWell, nameState } from './judge-server.ts';
import { paintOut } from './paint-out.ts';
import { plain } from '../../lib/plain.ts';
import type { ServerState, ServerView } from '../../servers/look-at-server.ts';

export const stateColours: Readonly<Record<ServerState, 'green' | 'yellow' | 'red' | 'dim'>> = {
  running: 'green',
  starting: 'yellow',
  stopping: 'yellow',
  unresponsive: 'red',
  stopped: 'dim',
  failed: 'red',
  crashed: 'red',
  damaged: 'red',
};

export interface ListOptions {
  /** Of the terminal; undefined where there is none: then nothing is left out. */
  readonly columns?: number | undefined;
  readonly nowMs?: number;
}

/** What is left out where the terminal is too narrow for all, the first first: `usher status` and `--json` have it. */
const dispensable = ['GROUP', 'SERVER', 'SINCE'];
const longestTarget = 48;
/** A shorter one says nothing. */
const shortestTarget = 16;

/** Servers as a table for people. */
export function describeList(views: readonly ServerView[], options: ListOptions = {}): string {
  const { columns = Number.POSITIVE_INFINITY, nowMs = Date.now() } = options;
  const rows = views.map((view) => describeRow(view, nowMs));
  let titles = Object.keys(rows[0] ?? {});
  for (const title of ['', ...dispensable]) {
    titles = titles.filter((one) => one !== title);
    // A name or a program may be of any length; where that is all that is too long, it gives way.
    for (const longest of [longestTarget, shortestTarget]) {
      const table = layOutTable(titles, rows, longest);
      const width = Math.max(...table.map((line) => stripVTControlCharacters(line).length));
      if (width <= columns)
        return layOutTable(titles, rows, Math.min(longestTarget, longest + columns - width)).join('\n');
    }
  }
  return layOutTable(titles, rows, longestTarget).join('\n');
}

type Row = Readonly<Record<string, string>>;

function describeRow(view: ServerView, nowMs: number): Row {
  const { state, ailment } = nameState(view);
  return {
    NAME: view.name,
    STATE: paintOut(stateColours[state], state) + (ailment === undefined ? '' : paintOut('yellow', `, ${ailment}`)),
    RESTARTS: describeRestarts(view, nowMs),
    URL: view.url ?? '-',
    SERVER: plain(view.record?.target ?? '-'),
    GROUP: view.record?.group ?? '-',
    SINCE: view.since === undefined ? '-' : describeAge(view.since, nowMs),
  };
}

/** Of the server that is run here, or of its processes. */
function describeRestarts({ health }: ServerView, nowMs: number): string {
  const life = health?.life;
  if (life === undefined) return '-';
  return life.lastEnd === undefined
    ? String(life.restarts)
    : `${life.restarts} (${describeAge(life.lastEnd.at, nowMs)})`;
}

function layOutTable(titles: readonly string[], rows: readonly Row[], longest: number): readonly string[] {
  const head = titles.map((title) => paintOut('dim', title));
  const cells = rows.map((row) => titles.map((title) => cellOf(row, title, longest)));
  return layOut([head, ...cells]);
}

function cellOf(row: Row, title: string, longest: number): string {
  const text = row[title] ?? '';
  return title === 'SERVER' && text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** A server for machines. */
export function toJson(view: ServerView): Readonly<Record<string, unknown>> {
  const { name, state, url, pid, since, reason, record, run, health } = view;
  return {
    name,
    state,
    isWell: isWell(view),
    ailment: nameState(view).ailment,
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
