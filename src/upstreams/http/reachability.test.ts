import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { Reachability } from './reachability.ts';

const target = 'http://server.example/mcp';

/** A server that is tried with `connect`, which takes so long and fails, or does not. */
function start() {
  const clock = { nowMs: 0 };
  const { log, logged } = collectLog();
  const reachability = new Reachability({ now: () => clock.nowMs, log, target, connectTimeoutMs: 5_000 });
  const connect = (tookMs: number, error?: Error) => {
    const connector = reachability.watch((_, callback) => {
      clock.nowMs += tookMs;
      if (error === undefined) callback(null, new Socket());
      else callback(error, null);
    });
    connector({ hostname: 'server.example', protocol: 'http:', port: '80' }, () => {});
  };
  return { clock, logged, reachability, connect };
}

const timedOut = Object.assign(new Error('timeout'), { code: 'UND_ERR_CONNECT_TIMEOUT' });
const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

test('a connection that is refused – every call tries', () => {
  const { reachability, connect } = start();
  for (const _ of [1, 2, 3]) {
    assert.equal(reachability.findRefusal(), undefined);
    connect(1, refused);
  }
});

test('connecting that timed out – calls fail at once; after a second one tries, the others still fail', () => {
  const { reachability, connect, clock } = start();
  connect(5_000, timedOut);
  assert.equal(reachability.findRefusal(), timedOut);
  clock.nowMs += 1_000;
  assert.equal(reachability.findRefusal(), undefined);
  clock.nowMs += 4_000;
  assert.equal(reachability.findRefusal(), timedOut);
});

test('the one that tries gets through – all calls may again', () => {
  const { reachability, connect, clock } = start();
  connect(5_000, timedOut);
  clock.nowMs += 1_000;
  assert.equal(reachability.findRefusal(), undefined);
  connect(10);
  for (const _ of [1, 2, 3]) assert.equal(reachability.findRefusal(), undefined);
});

test('the one that tries is never heard of – another may in its place', () => {
  const { reachability, connect, clock } = start();
  connect(5_000, timedOut);
  clock.nowMs += 1_000;
  assert.equal(reachability.findRefusal(), undefined);
  clock.nowMs += 6_000;
  assert.equal(reachability.findRefusal(), undefined);
});

test('a server that comes and goes – logged once each way, with the reason', () => {
  const { connect, logged } = start();
  connect(1);
  connect(1, refused);
  connect(1, refused);
  connect(1);
  connect(1);
  assert.equal(logged.length, 2);
  assert.match(logged[0] ?? '', /^warn: .*cannot be reached .*connection refused/);
  assert.match(logged[1] ?? '', /^info: .*can be reached again/);
});
