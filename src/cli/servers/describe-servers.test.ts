import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Health, Life } from '../../servers/control.ts';
import type { ServerView } from '../../servers/look-at-server.ts';
import { placeOf } from '../../servers/places.ts';
import { describeList } from './describe-servers.ts';
import { describeStatus } from './describe-status.ts';

const nowMs = Date.parse('2026-03-01T12:00:00Z');
const url = 'http://localhost:8000/mcp';

function viewOf(name: string, life: Life | undefined, more: Partial<Health> = {}): ServerView {
  const health: Health = {
    uptimeSeconds: 7_200,
    memoryBytes: 50 * 1024 * 1024,
    waitingFor: [],
    upstream: { target: 'http://127.0.0.1:8001/mcp', isReachable: true },
    calls: 0,
    refused: 0,
    callers: 0,
    ...(life === undefined ? {} : { life }),
    ...more,
  };
  const target = `npx:@example/a-server-with-quite-a-long-name@1.2.3`;
  const [group, createdAt, folder] = ['default', '2026-03-01T09:00:00.000Z', '/'];
  return {
    name,
    place: placeOf({ platform: 'linux', home: '/home/ann', folder: '/', environment: {} }, name),
    state: 'running',
    record: { version: 1, name, group, target, createdAt, folder, clients: 'none', secrets: [], isPassing: false },
    run: undefined,
    url,
    health,
    since: '2026-03-01T10:00:00.000Z',
  };
}

const up = { restarts: 0, recentEnds: 0, since: '2026-03-01T10:00:00.000Z' };
const fallen = {
  restarts: 12,
  recentEnds: 1,
  lastEnd: { at: '2026-03-01T11:58:00.000Z', reason: 'node: it exited with code 7' },
};
const servers = [
  viewOf('countries', undefined),
  viewOf('weather', { ...fallen, since: '2026-03-01T11:58:01.000Z' }),
  viewOf('down', fallen),
  viewOf('checked', { ...up, check: { status: 'unhealthy', failedInARow: 3 } }),
  viewOf('shaky', { ...up, ...fallen, recentEnds: 3 }),
];

test('describeList – no terminal – all columns, with restarts, and what is the matter', () => {
  const target = 'npx:@example/a-server-with-quite-a-long-name@1.…';
  assert.deepEqual(describeList(servers, { nowMs }).split('\n'), [
    `NAME       STATE                 RESTARTS        URL                        SERVER                                            GROUP    SINCE`,
    `countries  running               -               ${url}  ${target}  default  2 h ago`,
    `weather    running               12 (2 min ago)  ${url}  ${target}  default  2 h ago`,
    `down       running, server down  12 (2 min ago)  ${url}  ${target}  default  2 h ago`,
    `checked    running, unhealthy    0               ${url}  ${target}  default  2 h ago`,
    `shaky      running, unstable     12 (2 min ago)  ${url}  ${target}  default  2 h ago`,
  ]);
});

for (const [columns, head] of [
  [200, 'NAME STATE RESTARTS URL SERVER GROUP SINCE'],
  [120, 'NAME STATE RESTARTS URL SERVER GROUP SINCE'],
  [105, 'NAME STATE RESTARTS URL SERVER SINCE'],
  [90, 'NAME STATE RESTARTS URL SINCE'],
  [80, 'NAME STATE RESTARTS URL'],
] as const) {
  test(`describeList – a terminal of ${columns} columns – has ${head}, no line is longer`, () => {
    const lines = describeList(servers, { nowMs, columns }).split('\n');
    assert.equal(lines[0]?.replaceAll(/ +/g, ' '), head);
    assert.ok(
      lines.every((line) => line.length <= columns),
      lines.join('\n'),
    );
  });
}

test('describeStatus – a terminal of 80 columns – texts go on below their beginning', () => {
  const reason = 'node: it exited with code 7; it said: cannot connect to the database at db.example.com';
  const view = viewOf('weather', { ...fallen, lastEnd: { ...fallen.lastEnd, reason } });
  const lines = describeStatus(view, { lines: [], columns: 80, nowMs }).split('\n');
  const from = lines.findIndex((line) => line.startsWith('  last end'));
  assert.deepEqual(lines.slice(from, from + 2), [
    '  last end     2026-03-01T11:58:00.000Z (2 min ago): node: it exited with code',
    '               7; it said: cannot connect to the database at db.example.com',
  ]);
  assert.ok(
    lines.every((line) => line.length <= 80),
    lines.join('\n'),
  );
});
