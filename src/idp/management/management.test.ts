import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { managementOf, oktaBodies } from '../../../test/kit/call-management.ts';
import { claimsOf, startTestIdp, type SeedData, type TestIdp } from '../../../test/kit/start-test-idp.ts';

const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const withoutServers = (seed: SeedData) => Object.assign(seed, { servers: [], apps: [] });

describe('management API', () => {
  let idp: TestIdp;
  let api: ReturnType<typeof managementOf>;
  before(async () => {
    idp = await startTestIdp(withoutServers);
    api = managementOf(idp);
  });
  after(async () => await idp[Symbol.asyncDispose]());

  test('API token – kept in a file of its owner, in no line of the log', async () => {
    const { apiTokenFile = '' } = idp.idp;
    assert.equal((await stat(apiTokenFile)).mode & 0o777, 0o600);
    const token = (await readFile(apiTokenFile, 'utf8')).trim();
    assert.match(token, /^00[\w-]{40}$/);
    assert.ok(!JSON.stringify(idp.log).includes(token));
  });

  for (const [name, headers, status, code] of [
    ['no token', { authorization: '' }, 401, 'E0000011'],
    ['another token', { authorization: 'SSWS 00not-the-token' }, 401, 'E0000011'],
    ['a bearer token', { authorization: 'Bearer 00not-the-token' }, 401, 'E0000011'],
  ] as const) {
    test(`API token – ${name} – ${status} ${code}`, async () => {
      const { status: found, body } = await api('GET', '/authorizationServers', undefined, headers);
      assert.equal(found, status);
      const { errorId, ...rest } = body;
      assert.match(String(errorId), /^oae[A-Za-z0-9]{17}$/);
      const errorSummary = 'Invalid token provided';
      assert.deepEqual(rest, { errorCode: code, errorSummary, errorLink: code, errorCauses: [] });
    });
  }

  test('API token – no header at all – 403 E0000005', async () => {
    const { status, body } = await idp.send(`${idp.idp.httpUrl}/api/v1/apps`);
    assert.equal(status, 403);
    assert.equal(body['errorCode'], 'E0000005');
  });

  for (const [method, path, sent, status, code] of [
    ['GET', '/authorizationServers/aus1', undefined, 404, 'E0000007'],
    ['GET', '/nothing', undefined, 404, 'E0000008'],
    ['PUT', '/authorizationServers', {}, 405, 'E0000022'],
    ['POST', '/authorizationServers', '{"name":', 400, 'E0000003'],
    ['POST', '/authorizationServers', '[]', 400, 'E0000003'],
    ['POST', '/authorizationServers', { name: '', audiences: [] }, 400, 'E0000001'],
    ['GET', '/authorizationServers?limit=1000', undefined, 400, 'E0000001'],
    ['GET', '/groups?after=nowhere', undefined, 400, 'E0000001'],
  ] as const) {
    test(`refusal – ${method} ${path} – ${status} ${code}`, async () => {
      const { status: found, body } = await api(method, path, sent);
      assert.equal(found, status);
      assert.equal(body['errorCode'], code);
      assert.equal(body['errorLink'], code);
    });
  }

  test('refusal – a body of more than a megabyte – answered, not cut off', async () => {
    const { status, body } = await api('POST', '/authorizationServers', JSON.stringify({ name: 'x'.repeat(2 ** 20) }));
    assert.deepEqual([status, body['errorCode']], [400, 'E0000003']);
  });

  test('refusal – several wrong values – each is a cause that begins with its field', async () => {
    const { body } = await api('POST', '/authorizationServers', { audiences: ['a', 'b'] });
    assert.deepEqual(body['errorCauses'], [
      { errorSummary: 'name: The field cannot be left blank' },
      { errorSummary: 'audiences: Only one audience is supported' },
    ]);
  });

  test('rule – a grant with people but no people – refused in words of Okta', async () => {
    const server = await api('POST', '/authorizationServers', oktaBodies.server('people'));
    const policies = `/authorizationServers/${String(server.body['id'])}/policies`;
    const policy = await api('POST', policies, oktaBodies.policy('P', 'ALL_CLIENTS'));
    const rule = oktaBodies.rule('R', [exchangeGrant], ['*']);
    const { body } = await api('POST', `${policies}/${String(policy.body['id'])}/rules`, {
      ...rule,
      conditions: { ...rule.conditions, people: {} },
    });
    assert.match(JSON.stringify(body['errorCauses']), /At least one of ''conditions\.people\.users\.include''/);
  });

  test('paging – limit and after – Link leads through the whole list, once', async () => {
    const first = await api('GET', '/groups?limit=1');
    const seen: unknown[] = [];
    let page = first;
    for (;;) {
      seen.push(...page.list.map((group) => (group['profile'] as { name: string }).name));
      const next = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
      if (next === undefined) break;
      page = await api('GET', next);
    }
    assert.deepEqual(seen, ['Everyone', 'Engineering', 'Sales']);
  });

  test('changes – many at once – are all kept', async () => {
    const server = await api('POST', '/authorizationServers', oktaBodies.server('busy'));
    const path = `/authorizationServers/${String(server.body['id'])}/scopes`;
    const names = Array.from({ length: 20 }, (_, index) => `scope:${index}`);
    const made = await Promise.all(names.map((name) => api('POST', path, { name })));
    assert.ok(made.every(({ status }) => status === 201));
    const { list } = await api('GET', path);
    const found = new Set(list.map((scope) => scope['name']));
    assert.ok(names.every((name) => found.has(name)));
  });

  test('names – used twice – refused', async () => {
    await api('POST', '/authorizationServers', oktaBodies.server('twice'));
    const again = await api('POST', '/authorizationServers', oktaBodies.server('twice'));
    assert.deepEqual([again.status, again.body['errorCode']], [400, 'E0000001']);
  });

  test('policies – one put first – the others move behind it', async () => {
    const server = await api('POST', '/authorizationServers', oktaBodies.server('ordered'));
    const path = `/authorizationServers/${String(server.body['id'])}/policies`;
    for (const name of ['last', 'middle', 'first']) await api('POST', path, oktaBodies.policy(name, 'ALL_CLIENTS'));
    const { list } = await api('GET', path);
    assert.deepEqual(
      list.map(({ name, priority }) => [name, priority]),
      [
        ['first', 1],
        ['middle', 2],
        ['last', 3],
      ],
    );
  });

  test('request – for another host – refused before its token is looked at', async () => {
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { host: 'attacker.example' };
      const sent = request(`${idp.idp.httpUrl}/api/v1/apps`, { headers }, ({ statusCode }) => resolve(statusCode));
      sent.once('error', reject).end();
    });
    assert.equal(answer, 421);
  });

  test('app – made active – cannot be deleted before it is deactivated', async () => {
    const made = await api('POST', '/apps', oktaBodies.app('Short-lived', webClient));
    const path = `/apps/${String(made.body['id'])}`;
    const refused = await api('DELETE', path);
    assert.deepEqual([refused.status, refused.body['errorCode']], [403, 'E0000056']);
    assert.match(JSON.stringify(refused.body['errorCauses']), /must be deactivated before deletion/);
    assert.equal((await api('POST', `${path}/lifecycle/deactivate`)).status, 200);
    assert.equal((await api('DELETE', path)).status, 204);
    assert.equal((await api('GET', path)).status, 404);
  });

  test('app – new service app – requires DPoP unless told otherwise, as at Okta', async () => {
    const client = { application_type: 'service', grant_types: ['client_credentials'] };
    const { body } = await api('POST', '/apps', oktaBodies.app('Robot', client));
    const { settings } = body as { settings: { oauthClient: { dpop_bound_access_tokens: boolean } } };
    assert.equal(settings.oauthClient.dpop_bound_access_tokens, true);
  });

  test('app – service app without client credentials or a redirect URI – refused, as Okta documents', async () => {
    const client = { application_type: 'service', grant_types: [exchangeGrant] };
    const { status, body } = await api('POST', '/apps', oktaBodies.app('Robot', client));
    assert.equal(status, 400);
    assert.match(JSON.stringify(body['errorCauses']), /redirect_uris/);
  });

  test('app – its secret – is told once, then at credentials/secrets alone', async () => {
    const made = await api('POST', '/apps', oktaBodies.app('With a secret', webClient));
    const id = String(made.body['id']);
    assert.match(id, /^0oa[A-Za-z0-9]{17}$/);
    const { oauthClient } = made.body['credentials'] as { oauthClient: { client_id: string; client_secret: string } };
    assert.equal(oauthClient.client_id, id);
    const again = await api('GET', `/apps/${id}`);
    assert.ok(!JSON.stringify(again.body).includes(oauthClient.client_secret));
    const secrets = await api('GET', `/apps/${id}/credentials/secrets`);
    assert.equal(secrets.list[0]?.['client_secret'], oauthClient.client_secret);
  });

  test('key rotation – asked for – the next key signs from then on', async () => {
    const server = await api('POST', '/authorizationServers', oktaBodies.server('rotated'));
    const path = `/authorizationServers/${String(server.body['id'])}/credentials`;
    const kidOf = (list: readonly Readonly<Record<string, unknown>>[], status: string) =>
      list.find((key) => key['status'] === status)?.['kid'];
    const published = await api('GET', `${path}/keys`);
    const rotated = await api('POST', `${path}/lifecycle/keyRotate`, { use: 'sig' });
    assert.equal(kidOf(rotated.list, 'ACTIVE'), kidOf(published.list, 'NEXT'));
    assert.equal(kidOf(rotated.list, 'EXPIRED'), kidOf(published.list, 'ACTIVE'));
    const { issuer } = server.body as { issuer: string };
    const { body } = await idp.send(`${issuer}/v1/keys`);
    const [first] = body['keys'] as { kid: string }[];
    assert.equal(first?.kid, kidOf(published.list, 'NEXT'));
  });
});

test('management API – the scenario made from nothing – works at once, and after a restart', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'usher-idp-'));
  try {
    const setUp = await startTestIdp(withoutServers, { stateDir });
    const { web, gateway, webSecret, gatewaySecret, ids } = await makeScenario(setUp);
    const exchange = async (idp: TestIdp) => {
      const signedIn = await idp.signIn(ids.mcpserver, {
        clientId: web,
        clientSecret: webSecret,
        redirectUri: 'http://127.0.0.1:33418',
        scope: 'openid mcp:tools:call',
      });
      assert.equal(signedIn.status, 200, signedIn.text);
      const form = {
        grant_type: exchangeGrant,
        subject_token: String(signedIn.body['access_token']),
        subject_token_type: accessTokenType,
        audience: 'backend',
        scope: 'backend-api:read',
      };
      return await idp.post(idp.server(ids.backend).tokenUrl, form, `${gateway}:${gatewaySecret}`);
    };
    const exchanged = await exchange(setUp);
    assert.equal(exchanged.status, 200, exchanged.text);
    const { aud, sub, cid, scp } = claimsOf(exchanged.body['access_token']);
    assert.deepEqual(
      { aud, sub, cid, scp },
      {
        aud: 'backend',
        sub: 'alice@example.com',
        cid: gateway,
        scp: ['backend-api:read'],
      },
    );

    const api = managementOf(setUp);
    await api('DELETE', `/authorizationServers/${ids.backend}/associatedServers/${ids.mcpserver}`);
    const untrusted = await exchange(setUp);
    assert.equal(untrusted.body['error_description'], "'subject_token' is invalid.");
    await api('POST', `/authorizationServers/${ids.backend}/associatedServers`, { trusted: [ids.mcpserver] });
    await api('POST', `/authorizationServers/${ids.backend}/policies/${ids.policy}/lifecycle/deactivate`);
    const denied = await exchange(setUp);
    assert.deepEqual([denied.status, denied.body['error']], [401, 'access_denied']);

    const logs = await api('GET', '/logs?filter=outcome.result eq "FAILURE"&sortOrder=DESCENDING&limit=1');
    assert.deepEqual(logs.list[0]?.['outcome'], { result: 'FAILURE', reason: 'no_matching_policy' });
    assert.match(JSON.stringify(logs.list[0]?.['debugContext']), /"grantType":"[^"]*token-exchange"/);
    const granted = await api('GET', '/logs?filter=eventType eq "app.oauth2.as.token.grant.access_token"');
    assert.equal(granted.list.length, 4);
    assert.ok(!JSON.stringify(granted.list).includes('eyJ'));

    await api('POST', `/authorizationServers/${ids.backend}/policies/${ids.policy}/lifecycle/activate`);
    const ports = { httpPort: portOf(setUp.idp.httpUrl), httpsPort: portOf(setUp.idp.httpsUrl) };
    await setUp[Symbol.asyncDispose]();
    const again = await startTestIdp(withoutServers, { stateDir, ...ports });
    try {
      assert.equal((await exchange(again)).status, 200);
      await managementOf(again)('POST', `/authorizationServers/${ids.mcpserver}/lifecycle/deactivate`);
      const { status } = await again.send(again.server(ids.mcpserver).jwksUrl);
      assert.equal(status, 404);
    } finally {
      await again[Symbol.asyncDispose]();
    }
    const changed = await startTestIdp((seed) => Object.assign(withoutServers(seed), { org: 'Other' }), { stateDir });
    try {
      assert.deepEqual(changed.idp.servers, []);
      assert.match(changed.log[0]?.line ?? '', /org begun anew/);
    } finally {
      await changed[Symbol.asyncDispose]();
    }
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
});

test('org.json – damaged – the provider does not start, and says what to do', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'usher-idp-'));
  try {
    await writeFile(join(stateDir, 'org.json'), '{"seed":');
    await assert.rejects(startTestIdp(undefined, { stateDir }), {
      message: /org\.json, .*: the file is damaged/,
      hint: /^Delete it/,
    });
  } finally {
    await rm(stateDir, { recursive: true, force: true });
  }
});

test('claims – made for a server – stand in its tokens, beside those that make a token what it is', async () => {
  await using idp = await startTestIdp();
  const api = managementOf(idp);
  const path = '/authorizationServers/mcpserver/claims';
  const claim = { claimType: 'RESOURCE', valueType: 'EXPRESSION', status: 'ACTIVE', conditions: { scopes: [] } };
  const make = async (more: Readonly<Record<string, unknown>>) => await api('POST', path, { ...claim, ...more });
  const made = await make({ name: 'mail', value: 'user.email' });
  assert.equal(made.status, 201);
  assert.match(String(made.body['id']), /^ocl/);
  await make({ name: 'teams', valueType: 'GROUPS', group_filter_type: 'STARTS_WITH', value: 'eng' });
  await make({ name: 'tools', value: '"yes"', conditions: { scopes: ['mcp:tools:call'] } });
  await make({ name: 'family', claimType: 'IDENTITY', value: 'user.lastName' });
  for (const [name, value] of [
    ['sub', '"somebody else"'],
    ['code', 'user.getInternalProperty("id")'],
    ['mail', '"twice"'],
  ]) {
    assert.equal((await make({ name, value })).body['errorCode'], 'E0000001', name);
  }
  const tokensFor = async (scope: string) => {
    const { body } = await idp.signIn('mcpserver', { scope });
    return { access: claimsOf(body['access_token']), id: claimsOf(body['id_token']) };
  };
  const { access, id } = await tokensFor('openid mcp:tools:call');
  assert.deepEqual([access['mail'], access['teams'], access['tools']], ['alice@example.com', ['Engineering'], 'yes']);
  assert.equal(id['family'], 'Adams');
  assert.equal((await tokensFor('openid')).access['tools'], undefined);
  assert.equal((await api('DELETE', `${path}/${String(made.body['id'])}`)).status, 204);
  assert.equal((await tokensFor('openid')).access['mail'], undefined);
});

test('user – made through the API – signs in, and the password stands on no page', async () => {
  await using idp = await startTestIdp();
  const api = managementOf(idp);
  const profile = { login: 'dora@example.com', email: 'dora@example.com', firstName: 'Dora', lastName: 'Dean' };
  const made = await api('POST', '/users?activate=true', {
    profile,
    credentials: { password: { value: 'dora' } },
  });
  assert.equal(made.status, 200);
  assert.ok(!JSON.stringify(made.body).includes('"dora"'));
  const signedIn = await idp.signIn('mcpserver', { user: 'dora' });
  const { sub, uid } = claimsOf(signedIn.body['access_token']);
  assert.deepEqual({ sub, uid }, { sub: 'dora@example.com', uid: made.body['id'] });
  const { text } = await idp.send(idp.idp.httpUrl);
  assert.ok(text.includes('alice@example.com') && !text.includes('dora@example.com'));
  assert.ok(!idp.idp.users.some(({ login }) => login === 'dora@example.com'));
  await api('POST', `/users/${String(made.body['id'])}/lifecycle/deactivate`);
  await assert.rejects(idp.signIn('mcpserver', { user: 'dora' }));
});

const webClient = {
  application_type: 'web',
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  redirect_uris: ['http://127.0.0.1:33418', 'https://vscode.dev/redirect'],
};

async function makeScenario(idp: TestIdp) {
  const api = managementOf(idp);
  const make = async (path: string, body: unknown, expected = 201) => {
    const answer = await api('POST', path, body);
    assert.equal(answer.status, expected, JSON.stringify(answer.body));
    return answer.body;
  };
  const idOf = (body: Readonly<Record<string, unknown>>) => String(body['id']);
  const secretOf = (body: Readonly<Record<string, unknown>>) =>
    (body['credentials'] as { oauthClient: { client_secret: string } }).oauthClient.client_secret;
  const mcpserver = idOf(await make('/authorizationServers', oktaBodies.server('mcpserver')));
  const backend = idOf(await make('/authorizationServers', oktaBodies.server('backend')));
  assert.match(mcpserver, /^aus[A-Za-z0-9]{17}$/);
  await make(`/authorizationServers/${mcpserver}/scopes`, { name: 'mcp:tools:call' });
  await make(`/authorizationServers/${backend}/scopes`, { name: 'backend-api:read' });
  await make(`/authorizationServers/${backend}/associatedServers`, { trusted: [mcpserver] }, 200);
  const web = await make('/apps', oktaBodies.app('VS Code', webClient), 200);
  const client = {
    application_type: 'service',
    grant_types: ['client_credentials', exchangeGrant],
    dpop_bound_access_tokens: false,
  };
  const gateway = await make('/apps', oktaBodies.app('Gateway', client), 200);
  const groups = await api('GET', '/groups?q=Everyone');
  assert.equal((await api('PUT', `/apps/${idOf(web)}/groups/${idOf(groups.list[0] ?? {})}`, {})).status, 200);
  const people = await make(`/authorizationServers/${mcpserver}/policies`, oktaBodies.policy('P', idOf(web)));
  await make(
    `/authorizationServers/${mcpserver}/policies/${idOf(people)}/rules`,
    oktaBodies.rule('R', ['authorization_code'], ['openid', 'mcp:tools:call']),
  );
  const policy = await make(`/authorizationServers/${backend}/policies`, oktaBodies.policy('P', idOf(gateway)));
  await make(
    `/authorizationServers/${backend}/policies/${idOf(policy)}/rules`,
    oktaBodies.rule('R', [exchangeGrant], ['backend-api:read']),
  );
  return {
    web: idOf(web),
    webSecret: secretOf(web),
    gateway: idOf(gateway),
    gatewaySecret: secretOf(gateway),
    ids: { mcpserver, backend, policy: idOf(policy) },
  };
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
