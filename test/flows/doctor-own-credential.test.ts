import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { runDoctor } from '../../src/diagnose/run-doctor.ts';
import { Secret } from '../../src/model/secret.ts';
import { sendJson, startHttpServer } from '../kit/start-http-server.ts';
import { startIssuer } from '../kit/start-issuer.ts';

type CredentialInput = z.input<typeof configSchema>['servers'][string]['credential'];

/** What the doctor finds for a server with this credential, check by check, and what the server behind saw. */
async function examine(credential: (tokenUrl: string) => CredentialInput, answer: Record<string, unknown>) {
  await using issuer = await startIssuer();
  issuer.onToken = (_, response) => sendJson(response, answer['error'] === undefined ? 200 : 401, answer);
  await using upstream = await startHttpServer((_, response) =>
    sendJson(response, 200, { jsonrpc: '2.0', id: 1, result: { tools: [] } }),
  );
  const config = configSchema.parse({
    listen: { port: 1 },
    servers: {
      apollo: {
        authenticate: [{ strategy: 'jwt', issuer: issuer.issuer, audience: ['mcpserver'] }],
        credential: credential(issuer.tokenUrl),
        upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
      },
    },
  });
  const [report] = await runDoctor(config);
  const results = new Map(report?.checks.map(({ id, result }) => [id, result]));
  return { results, seen: upstream.seen, checks: report?.checks ?? [] };
}

const client = { clientId: 'gateway', clientSecret: new Secret('gateway-secret') };

test('a static header – is tried at the server behind; no exchange is looked for', async () => {
  const settings = { strategy: 'static-header', header: 'X-Api-Key', value: new Secret('key-of-the-api') } as const;
  const { results, seen, checks } = await examine(() => settings, {});
  assert.equal(results.get('own-credential'), 'pass');
  assert.equal(results.get('server-accepts'), 'pass');
  assert.equal(results.has('exchange-endpoint'), false);
  assert.ok(seen.some(({ headers }) => headers['x-api-key'] === 'key-of-the-api'));
  assert.ok(!JSON.stringify(checks).includes('key-of-the-api'));
});

test('client credentials – are asked for and tried', async () => {
  const answer = { access_token: 'of-the-gateway', token_type: 'Bearer', expires_in: 300 };
  const { results, seen } = await examine((url) => ({ strategy: 'client-credentials', url, ...client }), answer);
  assert.equal(results.get('own-credential'), 'pass');
  assert.equal(results.has('exchange'), false);
  assert.ok(seen.some(({ headers }) => headers.authorization === 'Bearer of-the-gateway'));
});

test('client credentials that the provider refuses – fail, and nothing is tried without them', async () => {
  const answer = { error: 'invalid_client' };
  const { results, seen } = await examine((url) => ({ strategy: 'client-credentials', url, ...client }), answer);
  assert.equal(results.get('own-credential'), 'fail');
  assert.equal(results.get('server-accepts'), 'unknown');
  assert.ok(seen.every(({ headers }) => headers.authorization === undefined));
});
