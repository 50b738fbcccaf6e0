import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { post } from '../kit/call.ts';
import { runUsher } from '../kit/run-usher.ts';
import { claimsOf } from '../kit/start-test-idp.ts';
import type { AuditRecord } from '../../src/model/audit-record.ts';
import { FacadeVisitor, onwardTo, loopback, tokensOf, type RegisteredClient } from '../shield/facade-visitor.ts';
import { facadeClient, startShieldLab } from '../shield/start-shield-lab.ts';
import { useFacade } from '../shield/use-facade.ts';

/** Who let which app in, which tokens were handed out, and who was refused: in the audit trail. */
describe('the audit trail of the façade', () => {
  const facade = useFacade();
  const { visit } = facade;
  const issuer = () => facade.lab.idp.server('mcpserver').issuer;

  /** What went on record meanwhile. */
  async function recordsOf(work: () => Promise<unknown>): Promise<readonly AuditRecord[]> {
    const earlier = (await facade.lab.gateway.records()).length;
    await work();
    return (await facade.lab.gateway.records()).slice(earlier);
  }

  /** The only one. */
  async function recordOf(work: () => Promise<unknown>): Promise<AuditRecord> {
    const records = await recordsOf(work);
    assert.equal(records.length, 1, JSON.stringify(records));
    const [record] = records;
    assert.ok(record !== undefined);
    return record;
  }

  test('a sign-in – registration, yes, first and further tokens: a line each, with the app, the user and the provider', async () => {
    const visitor = visit();
    let client: RegisteredClient | undefined;
    let tokens: Readonly<Record<string, string>> = {};
    const records = await recordsOf(async () => {
      client = await visitor.registered();
      tokens = await visitor.tokens(client);
      tokens = tokensOf(await visitor.refresh(client, tokens['refresh_token'] ?? ''));
    });
    assert.deepEqual(
      records.map(({ signIn, decision, status }) => [signIn?.event, decision, status]),
      [
        ['registered', 'allowed', 201],
        ['agreed', 'allowed', 200],
        ['issued', 'allowed', 200],
        ['refreshed', 'allowed', 200],
      ],
    );
    const [registered, agreed, issued, refreshed] = records;
    for (const record of records) {
      assert.equal(record.server, 'countries');
      assert.equal(record.from, '127.0.0.1');
      assert.deepEqual([record.signIn?.provider, record.signIn?.providerClient], [issuer(), facadeClient.id]);
      assert.equal(record.signIn?.appName, 'Test client');
      assert.equal(record.signIn?.app, registered?.signIn?.app);
    }
    assert.match(agreed?.signIn?.flow ?? '', /^[\w-]{22}$/);
    assert.deepEqual(
      [issued, refreshed].map((one) => one?.signIn?.flow),
      [agreed?.signIn?.flow, agreed?.signIn?.flow],
    );
    assert.equal(agreed?.signIn?.redirectUri, loopback);
    assert.deepEqual(agreed?.signIn?.scopes, ['mcp:tools:call', 'offline_access']);
    assert.deepEqual(agreed?.who, {});
    const who = { iss: issuer(), sub: 'alice@example.com', client: facadeClient.id, name: 'alice@example.com' };
    assert.deepEqual([issued?.who, refreshed?.who], [who, who]);
    assert.equal(issued?.what.http, 'POST /oauth/countries/token');
    // The call that follows names the same token.
    const call = await recordOf(() => post(facade.lab.gateway.mcpUrl, tokens['access_token']));
    assert.equal(refreshed?.caller?.jti, claimsOf(tokens['access_token'])['jti']);
    assert.equal(call.caller?.jti, refreshed?.caller?.jti);
  });

  test('no – on record as what the person said', async () => {
    const visitor = visit();
    const page = await visitor.open(visitor.authorizeUrl(await visitor.registered()));
    const { signIn, decision, reason } = await recordOf(() => visitor.answer(page, 'deny'));
    assert.deepEqual([signIn?.event, signIn?.error, decision], ['denied', 'access_denied', 'refused']);
    assert.equal(reason, 'The person said no');
    assert.equal(signIn?.appName, 'Test client');
  });

  test('a page that asks – is no decision, and not on record', async () => {
    const visitor = visit();
    const client = await visitor.registered();
    assert.deepEqual(await recordsOf(() => visitor.open(visitor.authorizeUrl(client))), []);
  });

  test('an authorization that is refused – with the reason, whether the browser is sent back or not', async () => {
    const visitor = visit();
    const client = await visitor.registered();
    const ask = (changes: Record<string, string | undefined>) =>
      recordOf(() => visitor.open(visitor.authorizeUrl(client, changes)));
    const back = await ask({ code_challenge_method: 'plain' });
    assert.deepEqual([back.signIn?.event, back.signIn?.error, back.status], ['refused', 'invalid_request', 303]);
    assert.match(back.reason, /code_challenge_method=S256/);
    const here = await ask({ redirect_uri: 'https://evil.example/' });
    assert.deepEqual([here.signIn?.error, here.status, here.decision], ['invalid_request', 400, 'refused']);
    assert.match(here.reason, /evil\.example/);
    assert.equal(here.signIn?.appName, 'Test client');
    const other = await ask({ client_id: 'nobody' });
    assert.deepEqual([other.signIn?.error, other.signIn?.app], ['invalid_client', undefined]);
  });

  test('what the provider refuses – its own words in the details', async () => {
    const visitor = visit();
    const client = await visitor.registered();
    const onward = new URL(onwardTo(await visitor.answer(await visitor.open(visitor.authorizeUrl(client)), 'allow')));
    const callback = new URL(`${visitor.base}/callback`);
    const state = onward.searchParams.get('state') ?? '';
    for (const [name, value] of Object.entries({
      state,
      iss: issuer(),
      error: 'access_denied',
      error_description: `User is not assigned. eyJhbGciOiJSUzI1NiJ9.e30.x`,
    }))
      callback.searchParams.set(name, value);
    const record = await recordOf(() => visitor.open(callback.href));
    assert.deepEqual([record.signIn?.event, record.signIn?.error, record.status], ['refused', 'access_denied', 303]);
    assert.deepEqual(record.details, { error: 'access_denied', description: 'User is not assigned. [removed]' });
  });

  test('a code and a refresh token that are shown again – on record as that, the second with its user', async () => {
    const visitor = visit();
    const client = await visitor.registered();
    const code = await visitor.toCode(client);
    const tokens = tokensOf(await visitor.redeem(client, code));
    const again = await recordOf(() => visitor.redeem(client, code));
    assert.deepEqual(
      [again.signIn?.event, again.signIn?.error, again.decision],
      ['code-reused', 'invalid_grant', 'refused'],
    );
    const refreshToken = tokens['refresh_token'] ?? '';
    await visitor.refresh(client, refreshToken);
    const copy = await recordOf(() => visitor.refresh(client, refreshToken));
    assert.deepEqual([copy.signIn?.event, copy.status], ['refresh-token-reused', 400]);
    assert.equal(copy.who.sub, 'alice@example.com');
    assert.equal(copy.signIn?.flow, again.signIn?.flow);
  });

  test('requests that are none of these – refused, and on record', async () => {
    const visitor = visit();
    for (const [work, error] of [
      [() => visitor.register('{'), 'invalid_client_metadata'],
      [() => visitor.register({ redirect_uris: ['https://evil.example/'] }), 'invalid_redirect_uri'],
      [() => visitor.token({ grant_type: 'password', client_id: 'x' }), 'invalid_client'],
      [() => visitor.open(`${visitor.base}/callback?state=x&code=y`), 'invalid_request'],
      [() => visitor.send(`${visitor.base}/consent`, { method: 'POST' }), 'invalid_request'],
    ] as const) {
      const { signIn, decision } = await recordOf(work);
      assert.deepEqual([signIn?.event, signIn?.error, decision], ['refused', error, 'refused']);
    }
  });

  test('the whole trail – no code, no token, no state, no id that is sealed, no secret', async () => {
    const visitor = visit();
    const client = await visitor.registered();
    const callback = new URL(await visitor.toCallback(client));
    const back = new URL((await visitor.open(callback.href)).headers.get('location') ?? '');
    const code = back.searchParams.get('code') ?? '';
    const tokens = tokensOf(await visitor.redeem(client, code));
    const trail = await readFile(facade.lab.gateway.auditFile, 'utf8');
    for (const secret of [
      client.id,
      client.verifier,
      code,
      callback.searchParams.get('code'),
      callback.searchParams.get('state'),
      tokens['access_token'],
      tokens['refresh_token'],
      facadeClient.secret,
      'state-of-the-client',
    ]) {
      assert.ok(typeof secret === 'string' && secret.length > 10);
      assert.ok(!trail.includes(secret), secret);
    }
  });

  test('usher explain – of the id a person sees on the page: what it was, and what to do', async (context) => {
    const visitor = visit();
    const client = await visitor.registered();
    const page = await visitor.open(visitor.authorizeUrl(client, { redirect_uri: 'https://evil.example/' }));
    const id = /<code>([0-9a-f-]{36})<\/code>/.exec(page.text)?.[1] ?? '';
    await facade.lab.gateway.records();
    const { code, stdout, stderr } = await runUsher(context, [
      'explain',
      id,
      '--audit-file',
      facade.lab.gateway.auditFile,
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^Refused, status 400$/m);
    assert.match(stdout, /app +calls itself "Test client", sha256:/);
    assert.match(stdout, /Cause {2}The app wants you sent to .* \[sign-in-invalid-request\]/);
    assert.match(stdout, /Fix {4}The app or the browser sent something else/);
    assert.doesNotMatch(stdout, /not reached/);
    const allowed = await recordOf(() => visitor.registered());
    const explained = await runUsher(context, [
      'explain',
      allowed.id,
      '--audit-file',
      facade.lab.gateway.auditFile,
      '--json',
    ]);
    const [explanation] = JSON.parse(explained.stdout) as { stages: unknown[]; record: AuditRecord }[];
    assert.deepEqual([explanation?.stages, explanation?.record.signIn?.event], [[], 'registered']);
  });
});

test(
  'a trail that cannot be written – nobody signs in, and the page says to come again',
  { skip: process.platform === 'linux' ? false : 'no /dev/full' },
  async () => {
    const lab = await startShieldLab({ facade: true, auditFile: '/dev/full' });
    try {
      const visitor = new FacadeVisitor(lab);
      await visitor.register({ redirect_uris: [loopback] });
      const refused = await visitor.register({ redirect_uris: [loopback] });
      assert.equal(refused.status, 503, refused.text);
      assert.match(refused.text, /temporarily_unavailable/);
      assert.equal(refused.headers.get('retry-after'), '10');
      assert.equal((await visitor.open(`${visitor.base}/authorize`)).status, 503);
      assert.equal((await visitor.token({ grant_type: 'refresh_token' })).status, 503);
      assert.equal((await visitor.send(`${visitor.base}/.well-known/openid-configuration`)).status, 200);
    } finally {
      await assert.rejects(async () => lab[Symbol.asyncDispose](), /lines lost/);
    }
  },
);
