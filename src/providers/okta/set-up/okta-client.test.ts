import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { sendJson, startHttpServer, type Respond } from '../../../../test/kit/start-http-server.ts';
import { Secret } from '../../../model/secret.ts';
import { UsherError } from '../../../model/usher-error.ts';
import { buildOktaClient } from './okta-client.ts';

const itemSchema = z.object({ id: z.string() });

async function startOrg(respond: Respond) {
  const server = await startHttpServer(respond);
  const waits: number[] = [];
  const client = buildOktaClient({
    origin: server.url,
    apiToken: new Secret('00api-token'),
    wait: async (ms) => void waits.push(ms),
  });
  return {
    server,
    client,
    waits,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const isRefused = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof UsherError && error.code === code && words.test(`${error.message} ${error.hint}`);

test('list – several pages – all of them, with the token as Okta wants it', async () => {
  await using org = await startOrg((request, response) => {
    const isSecond = request.url.includes('after=1');
    const link = isSecond ? '<x>; rel="self"' : `</api/v1/apps?after=1>; rel="next", <x>; rel="self"`;
    sendJson(response, 200, [{ id: isSecond ? 'b' : 'a' }], { link });
  });
  assert.deepEqual(await org.client.list('/api/v1/apps', itemSchema), [{ id: 'a' }, { id: 'b' }]);
  assert.deepEqual(
    org.server.seen.map(({ headers }) => headers.authorization),
    ['SSWS 00api-token', 'SSWS 00api-token'],
  );
});

test('list – a next page at another host – refused, the token does not go there', async () => {
  await using other = await startHttpServer((_, response) => sendJson(response, 200, []));
  await using org = await startOrg((_, response) => {
    sendJson(response, 200, [], { link: `<${other.url}/api/v1/apps>; rel="next"` });
  });
  await assert.rejects(
    org.client.list('/api/v1/apps', itemSchema),
    isRefused('setup_unavailable', /next page is somewhere else/),
  );
  assert.deepEqual(other.seen, []);
});

test('list – a next page without end – refused', async () => {
  await using org = await startOrg((_, response) => {
    sendJson(response, 200, [{ id: 'a' }], { link: '</api/v1/apps?after=a>; rel="next"' });
  });
  await assert.rejects(org.client.list('/api/v1/apps', itemSchema), isRefused('setup_unavailable', /200 pages/));
});

test('request – too many – waits until the limit begins anew, then asks again', async () => {
  const now = Math.floor(Date.now() / 1000);
  let count = 0;
  await using org = await startOrg((_, response) => {
    count += 1;
    if (count > 1) return sendJson(response, 200, { id: 'a' });
    const headers = { 'x-rate-limit-reset': String(now + 7), date: new Date(now * 1000).toUTCString() };
    sendJson(response, 429, { errorCode: 'E0000047' }, headers);
  });
  assert.deepEqual(await org.client.get('/api/v1/apps/a', itemSchema), { id: 'a' });
  assert.deepEqual(org.waits, [8000]);
});

test('request – too many for ever – refused after some waits, none longer than a minute', async () => {
  await using org = await startOrg((_, response) => {
    const errorSummary = 'API call exceeded rate limit due to too many requests.';
    sendJson(response, 429, { errorCode: 'E0000047', errorSummary }, { 'x-rate-limit-reset': '99999999999' });
  });
  await assert.rejects(org.client.get('/api/v1/apps/a', itemSchema), isRefused('setup_refused', /429 E0000047/));
  assert.deepEqual(org.waits, [60_000, 60_000, 60_000]);
});

test('request – refused – the words of Okta and its causes, without control characters and without the token', async () => {
  await using org = await startOrg((_, response) => {
    sendJson(response, 400, {
      errorCode: 'E0000001',
      errorSummary: 'Api validation failed: name',
      errorCauses: [{ errorSummary: 'name: \u001b[31mtaken' }],
    });
  });
  const request = { method: 'POST', path: '/api/v1/apps', body: {} } as const;
  await assert.rejects(org.client.send(request), (error: unknown) => {
    assert.ok(error instanceof UsherError);
    assert.match(error.message, /refused to POST \/api\/v1\/apps, 400 E0000001$/);
    assert.match(error.hint, /Api validation failed: name; name: taken/);
    assert.ok(!`${error.message}${error.hint}`.includes('00api-token'));
    return true;
  });
});

test('request – API Access Management not in the plan – says so', async () => {
  await using org = await startOrg((_, response) => {
    sendJson(response, 403, {
      errorCode: 'E0000015',
      errorSummary: 'You do not have permission to access the feature you are requesting',
    });
  });
  await assert.rejects(
    org.client.list('/api/v1/authorizationServers', itemSchema),
    isRefused('setup_refused', /API Access Management/),
  );
});

for (const [name, respond, words] of [
  ['no JSON', (_, response) => void response.end('<html>'), /is no JSON/],
  ['another form', (_, response) => sendJson(response, 200, { id: 7 }), /not in the form that Okta documents \(id\)/],
  ['a redirect', (_, response) => void response.writeHead(302, { location: 'https://x/' }).end(), /status 302/],
  ['a page of a proxy', (_, response) => void response.writeHead(502).end('<html>'), /status 502/],
] as const satisfies readonly [string, Respond, RegExp][]) {
  test(`request – answered with ${name} – setup_unavailable, and why`, async () => {
    await using org = await startOrg(respond);
    await assert.rejects(org.client.get('/api/v1/apps/a', itemSchema), isRefused('setup_unavailable', words));
  });
}

test('request – nobody there – setup_unavailable', async () => {
  const org = await startOrg(() => undefined);
  await org.server[Symbol.asyncDispose]();
  await assert.rejects(
    org.client.get('/api/v1/apps/a', itemSchema),
    isRefused('setup_unavailable', /connection refused/),
  );
  await org.client.close();
});

test('undo request – what is gone – is no fault', async () => {
  await using org = await startOrg((_, response) => sendJson(response, 404, { errorCode: 'E0000007' }));
  assert.equal(await org.client.sendOrGone({ method: 'DELETE', path: '/api/v1/apps/a' }), 'gone');
});
