import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFolder } from '../kit/config-input.ts';
import { post, toolCall } from '../kit/call.ts';
import { startUsher } from '../kit/run-usher.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { findFreePort } from '../../src/lib/find-free-port.ts';
import { until } from '../kit/until.ts';

test('a gateway that is killed under load – every call that was answered whole is on record', async (context) => {
  await using upstream = await startHttpServer((request, response) => {
    const { id } = JSON.parse(request.body) as { id: number };
    sendJson(response, 200, { jsonrpc: '2.0', id, result: {} });
  });
  const auditFile = join(makeFolder(context), 'audit.jsonl');
  const port = await findFreePort(21_000);
  const args = [
    'run',
    '--foreground',
    '--anonymous',
    '--port',
    String(port),
    '--audit-file',
    auditFile,
    `${upstream.url}/mcp`,
  ];
  const usher = startUsher(context, args);
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/ready`).then(
      (response) => response.ok,
      () => false,
    ),
  );

  const answered: number[] = [];
  let next = 0;
  const callUntilItBreaks = async () => {
    for (;;) {
      next += 1;
      const id = next;
      const response = await post(`${url}/mcp`, undefined, toolCall('GetCountry', id));
      assert.equal((JSON.parse(await response.text()) as { id: number }).id, id);
      answered.push(id);
    }
  };
  const calling = Array.from({ length: 8 }, () => callUntilItBreaks().catch((error: unknown) => error));
  await until(() => answered.length > 500);
  await sleep(Math.random() * 20);
  usher.kill('SIGKILL');
  // What was answered in part ends as an error, never as something that looks whole.
  for (const error of await Promise.all(calling))
    assert.ok(error instanceof Error && !(error instanceof assert.AssertionError));

  const lines = (await readFile(auditFile, 'utf8')).split('\n').filter((line) => line.endsWith('}'));
  const recorded = new Set(lines.map((line) => (JSON.parse(line) as { what: { rpcId: number } }).what.rpcId));
  assert.deepEqual(
    answered.filter((id) => !recorded.has(id)),
    [],
  );
});
