import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { post } from '../kit/call.ts';
import { makeFolder } from '../kit/config-input.ts';
import { freePort } from '../kit/free-port.ts';
import { collectResult, startUsher } from '../kit/run-usher.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';
import { until } from '../kit/until.ts';

/** Ends a line, clears a terminal, turns the direction of writing, closes quotes. */
const evil = 'alice\r\n00:00:00.000 info  forged\u001b[2J\u001b]0;title\u0007\u2028\u202e", error="x\u009b1m';
const claims = { sub: evil, cid: evil, jti: evil, email: evil, name: evil };

const refused: readonly (readonly [string, Record<string, unknown>, number])[] = [
  ['a scope that is missing', { scp: [evil] }, 403],
  ['a time that is over', { exp: 1_000_000 }, 401],
  ['an issuer of its own', { iss: evil }, 401],
  ['an audience of its own', { aud: [evil] }, 401],
];

test('claims that forge lines, headers and what a terminal shows – a line each, in log and audit trail', async (context) => {
  const folder = makeFolder(context);
  await using issuer = await startIssuer();
  await using upstream = await startHttpServer((_, response) =>
    sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: {} }),
  );
  const port = await freePort();
  const auditFile = join(folder, 'audit.jsonl');
  const flags = {
    'oidc-issuer': issuer.issuer,
    'oidc-audience': 'mcpserver',
    'oidc-scopes': 'mcp:tools:call',
    'token-exchange-url': issuer.tokenUrl,
    'token-exchange-client-id': '0oaGateway',
    'token-exchange-audience': 'backend',
    'token-exchange-scopes': 'backend-api:read',
    'audit-file': auditFile,
    'log-format': 'pretty',
    'log-level': 'debug',
    port: String(port),
  };
  const args = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
  const env = { USHER_TOKEN_EXCHANGE_CLIENT_SECRET: 'gateway-secret' };
  const usher = startUsher(context, ['run', '--foreground', ...args, upstream.url], { env });
  const result = collectResult(usher);
  const url = `http://127.0.0.1:${port}`;
  await until(() =>
    fetch(`${url}/ready`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  for (const [name, changes, status] of refused) {
    const response = await post(`${url}/mcp`, await issuer.sign({ ...claims, ...changes }));
    assert.equal(response.status, status, name);
    assert.match(response.headers.get('www-authenticate') ?? '', /^[\u0020-\u007e]+$/, name);
  }
  assert.equal((await post(`${url}/mcp`, await issuer.sign(claims))).status, 200);
  usher.kill('SIGTERM');
  const { stderr } = await result;

  const lines = stderr.split('\n');
  const telling = lines.filter((line) => line.includes('forged'));
  assert.ok(telling.length >= refused.length, stderr);
  for (const line of telling) assert.match(line, /^\d\d:\d\d:\d\d\.\d{3} (debug|info |warn |error) .*alice.*forged/);
  for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029\u202a-\u202e]/u, JSON.stringify(line));
  const records = readFileSync(auditFile, 'utf8').trimEnd().split('\n');
  assert.equal(records.length, refused.length + 1);
  for (const record of records) assert.doesNotMatch(record, /(?![\u007f-\u009f])\p{Cc}/u);
  const last = JSON.parse(records.at(-1) ?? '') as { who: { sub: string } };
  assert.equal(last.who.sub, evil, 'on record as it was');
});
