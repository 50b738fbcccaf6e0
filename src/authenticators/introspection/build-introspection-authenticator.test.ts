import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectLog } from '../../../test/kit/collect-log.ts';
import { sendJson, startHttpServer } from '../../../test/kit/start-http-server.ts';
import { buildHttpClient } from '../../lib/http-client.ts';
import { Secret } from '../../model/secret.ts';
import { buildIntrospectionAuthenticator } from './build-introspection-authenticator.ts';
import { introspectionSchema } from './schema.ts';

const issuer = 'https://id.example';
/** 64 MiB hold some 1 100 answers that say this. */
const groups = Array.from({ length: 1_200 }, (_, index) => `group-of-some-length-with-the-number-of-${index}-x`);
const most = 1_300;

test('short tokens of which the issuer says a lot – the first are let go when 64 MiB are full', async () => {
  const exp = Math.floor(Date.now() / 1000) + 3600;
  const said = { active: true, token_type: 'Bearer', aud: 'mcpserver', sub: 'alice', exp, groups };
  await using server = await startHttpServer((_, response) => sendJson(response, 200, said));
  const http = buildHttpClient();
  const url = `${server.url}/introspect`;
  const client = { clientId: 'gateway', clientSecret: new Secret('secret') };
  const given = { strategy: 'introspection', issuer, url, audience: ['mcpserver'], ...client, cacheSeconds: 3600 };
  const { log } = collectLog();
  const deps = { http, now: Date.now, log, name: 'apollo' };
  const authenticator = buildIntrospectionAuthenticator([introspectionSchema.parse(given)], deps);
  const { signal } = new AbortController();
  const ask = async (index: number) => authenticator.authenticate(`token-${index}`, { signal });
  for (let at = 0; at < most; at += 20) await Promise.all(Array.from({ length: 20 }, (_, index) => ask(at + index)));
  assert.equal(authenticator.find(`token-${most - 1}`)?.subject, 'alice');
  assert.equal(authenticator.find('token-0'), undefined);
  await http.close();
});
