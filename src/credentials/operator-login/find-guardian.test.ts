import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendJson, startHttpServer } from '../../../test/kit/start-http-server.ts';
import { buildHttpClient } from '../../lib/http-client.ts';
import { findGuardian } from './find-guardian.ts';

/** What is made of a server at this URL that names this issuer; the requests go to a real server of this test. */
async function ask(target: string, issuer: string) {
  await using server = await startHttpServer(({ method }, response) => {
    if (method === 'POST') return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    sendJson(response, 200, { resource: target, authorization_servers: [issuer] });
  });
  const real = buildHttpClient();
  const { origin } = new URL(target);
  const http = {
    ...real,
    // A name that leads to it.
    send: (url: string, ...rest: [Parameters<typeof real.send>[1]]) =>
      real.send(url.replace(origin, server.url), ...rest),
  };
  try {
    return await findGuardian(target, http);
  } finally {
    await real.close();
  }
}

const here = 'http://127.0.0.1:9080/oauth2/mcpserver';
const elsewhere = 'https://mcp.example.com/mcp';

for (const [target, issuer] of [
  [elsewhere, 'https://id.example.com'],
  ['http://localhost:8091/mcp', here],
  ['http://localhost:8091/mcp', 'https://id.example.com'],
] as const) {
  test(`a server at ${target} that sends people to ${issuer} – is believed`, async () => {
    assert.equal((await ask(target, issuer)).issuer, issuer);
  });
}

for (const [target, issuer, words] of [
  [elsewhere, 'http://id.example.com', /of plain http/],
  ['http://localhost:8091/mcp', 'http://id.example.com', /of plain http/],
  [elsewhere, 'http://169.254.169.254', /of plain http/],
  [elsewhere, here, /of this machine, while the server is elsewhere/],
  [elsewhere, 'https://localhost:9443/oauth2/backend', /of this machine/],
] as const) {
  test(`a server at ${target} that sends people to ${issuer} – is not believed`, async () => {
    await assert.rejects(ask(target, issuer), words);
  });
}
