import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsherError } from '../../../model/usher-error.ts';
import type { AdminRequest } from '../../../model/set-up.ts';
import { type Key, mayUndoOkta } from './change.ts';
import type { FoundApp, FoundServer, OktaFound } from './found.ts';
import { planOkta } from './plan-okta.ts';
import type { OktaWanted } from './wanted.ts';
import { tokenExchangeGrant } from '../../../model/urns.ts';

const wanted: OktaWanted = {
  signIn: { audience: 'mcpserver', scopes: ['mcp:tools:call'] },
  backend: { audience: 'backend', scopes: ['backend-api:read'] },
  client: { label: 'MCP client', redirectUris: ['http://127.0.0.1:33418'] },
  gateway: { label: 'MCP gateway', dpop: false },
  group: 'Everyone',
};

const nothing: OktaFound = {
  signIn: undefined,
  backend: undefined,
  client: undefined,
  gateway: undefined,
  group: { id: '00g1', profile: { name: 'Everyone' } },
};

const rule = (grant: string, scopes: readonly string[], status = 'ACTIVE') => ({
  id: '0pr1',
  name: 'A rule',
  status,
  conditions: {
    people: { users: { include: [], exclude: [] }, groups: { include: ['EVERYONE'], exclude: [] } },
    grantTypes: { include: [grant] },
    scopes: { include: [...scopes] },
  },
});

function serverOf(
  id: string,
  audience: string,
  scopes: readonly string[],
  more: Partial<FoundServer> = {},
): FoundServer {
  const issuer = `https://example.okta.com/oauth2/${id}`;
  const server = { id, name: audience, audiences: [audience], issuer, status: 'ACTIVE' };
  return { server, scopes, policies: [], trusts: [], ...more };
}

function policyOf(clients: readonly string[], rules: readonly ReturnType<typeof rule>[], status = 'ACTIVE') {
  return { policy: { id: '00p1', name: 'By hand', status, conditions: { clients: { include: [...clients] } } }, rules };
}

function appOf(id: string, label: string, client: Partial<FoundApp['app']['settings']['oauthClient']>): FoundApp {
  return {
    groups: ['00g1'],
    app: {
      id,
      name: 'oidc_client',
      label,
      status: 'ACTIVE',
      signOnMode: 'OPENID_CONNECT',
      credentials: { oauthClient: { client_id: id, client_secret: 'a-secret' } },
      settings: {
        oauthClient: {
          application_type: 'web',
          grant_types: ['authorization_code', 'refresh_token'],
          redirect_uris: ['http://127.0.0.1:33418'],
          dpop_bound_access_tokens: false,
          ...client,
        },
      },
    },
  };
}

const service = { application_type: 'service', grant_types: [tokenExchangeGrant], redirect_uris: [] };

const everything: OktaFound = {
  ...nothing,
  signIn: serverOf('aus1', 'mcpserver', ['openid', 'mcp:tools:call'], {
    policies: [policyOf(['ALL_CLIENTS'], [rule('authorization_code', ['*'])])],
  }),
  backend: serverOf('aus2', 'backend', ['backend-api:read'], {
    trusts: ['aus1'],
    policies: [policyOf(['0oa2'], [rule(tokenExchangeGrant, ['backend-api:read', 'more'])])],
  }),
  client: appOf('0oa1', 'MCP client', {}),
  gateway: appOf('0oa2', 'MCP gateway', service),
};

const sentences = (found: OktaFound) => planOkta(wanted, found).changes.map(({ sentence }) => sentence);
const ids = (key: Key) => `<${key}>`;

test('plan – an empty org – everything, each after what it needs', () => {
  const known = new Set<Key>(['group']);
  const { changes, found } = planOkta(wanted, nothing);
  assert.deepEqual(found, []);
  assert.equal(changes.length, 12);
  for (const change of changes) {
    const request = change.request((key) => {
      assert.ok(known.has(key), `${change.sentence} needs ${key}`);
      return ids(key);
    });
    assert.match(request.path, /^\/api\/v1\//);
    if (change.makes !== undefined) known.add(change.makes);
  }
});

test('plan – an org set up by hand in other words – nothing to change', () => {
  const plan = planOkta(wanted, everything);
  assert.deepEqual(plan.changes, []);
  assert.equal(plan.found.length, 10);
});

test('plan – made twice of the same – is the same', () => {
  const requests = () => planOkta(wanted, nothing).changes.map((change) => change.request(ids));
  assert.deepEqual(requests(), requests());
});

for (const [name, policies] of [
  ['inactive policy', [policyOf(['0oa2'], [rule(tokenExchangeGrant, ['*'])], 'INACTIVE')]],
  ['inactive rule', [policyOf(['0oa2'], [rule(tokenExchangeGrant, ['*'], 'INACTIVE')])]],
  ['policy for another app', [policyOf(['0oaX'], [rule(tokenExchangeGrant, ['*'])])]],
  ['rule for another grant', [policyOf(['0oa2'], [rule('client_credentials', ['*'])])]],
  ['rule without the scope', [policyOf(['0oa2'], [rule(tokenExchangeGrant, ['other'])])]],
] as const) {
  test(`plan – ${name} of others – does not count, a policy and a rule are added beside it`, () => {
    const backend = everything.backend === undefined ? undefined : { ...everything.backend, policies };
    assert.deepEqual(sentences({ ...everything, backend }), [
      'Add the access policy "MCP gateway" to the authorization server "backend", assigned to the app "MCP gateway"',
      `Add the rule "Exchange tokens" to the policy "MCP gateway": ${tokenExchangeGrant}, anybody assigned to the app, scopes backend-api:read`,
    ]);
  });
}

test('plan – an inactive app and server – are activated, and deactivated by the undo', () => {
  const gateway = everything.gateway;
  const backend = everything.backend;
  assert.ok(gateway && backend);
  const { changes } = planOkta(wanted, {
    ...everything,
    gateway: { ...gateway, app: { ...gateway.app, status: 'INACTIVE' } },
    backend: { ...backend, server: { ...backend.server, status: 'INACTIVE' } },
  });
  assert.deepEqual(
    changes.map((change) => [change.request(ids).path, change.undo(ids, () => '').requests.map(({ path }) => path)]),
    [
      [
        '/api/v1/authorizationServers/aus2/lifecycle/activate',
        ['/api/v1/authorizationServers/aus2/lifecycle/deactivate'],
      ],
      ['/api/v1/apps/0oa2/lifecycle/activate', ['/api/v1/apps/0oa2/lifecycle/deactivate']],
    ],
  );
});

test('plan – an app that is changed – neither sent nor kept with its secret; the undo puts back what it had', () => {
  const gateway = appOf('0oa2', 'MCP gateway', { ...service, grant_types: ['client_credentials'] });
  const [change, ...more] = planOkta(wanted, { ...everything, gateway }).changes;
  assert.ok(change);
  assert.deepEqual(more, []);
  const [request, undo] = [change.request(ids), change.undo(ids, () => '').requests[0]];
  assert.ok(!JSON.stringify([request, undo]).includes('a-secret'));
  const grantsOf = (body: unknown) =>
    (body as { settings: { oauthClient: { grant_types: string[] } } }).settings.oauthClient.grant_types;
  assert.deepEqual(grantsOf(request.body), ['client_credentials', tokenExchangeGrant]);
  assert.deepEqual(grantsOf(undo?.body), ['client_credentials']);
});

test('plan – an app of that name and another kind – refused', () => {
  assert.throws(
    () => planOkta(wanted, { ...everything, gateway: appOf('0oa2', 'MCP gateway', {}) }),
    (error: unknown) =>
      error instanceof UsherError && error.code === 'setup_conflict' && /type "web", not "service"/.test(error.message),
  );
});

for (const [demanded, dpop, sentence] of [
  [true, false, 'no longer demand proof of possession (DPoP)'],
  [false, true, 'demand proof of possession (DPoP)'],
  [null, true, 'demand proof of possession (DPoP)'],
] as const) {
  test(`plan – DPoP ${String(demanded)} at the app, ${String(dpop)} wanted – is changed to what is wanted`, () => {
    const gateway = appOf('0oa2', 'MCP gateway', { ...service, dpop_bound_access_tokens: demanded });
    const { changes } = planOkta({ ...wanted, gateway: { label: 'MCP gateway', dpop } }, { ...everything, gateway });
    assert.deepEqual(
      changes.map((change) => change.sentence),
      [`In the app "MCP gateway" (0oa2): ${sentence}`],
    );
    const { body } = changes[0]?.request(ids) ?? {};
    assert.match(JSON.stringify(body), new RegExp(`"dpop_bound_access_tokens":${String(dpop)}`));
  });
}

const foreign: readonly AdminRequest[] = [
  { method: 'POST', path: '/api/v1/users?activate=true', body: {} },
  { method: 'DELETE', path: '/api/v1/users/00u1' },
  { method: 'POST', path: '/api/v1/apps', body: {} },
  { method: 'PUT', path: '/api/v1/apps/0oa1/users/00u1', body: {} },
  { method: 'POST', path: '/api/v1/apps/0oa1/lifecycle/activate' },
  { method: 'DELETE', path: '/api/v1/apps/0oa1?x=/lifecycle/deactivate' },
  { method: 'PUT', path: '/api/v1/apps/0oa1/lifecycle/deactivate' },
  { method: 'DELETE', path: '/api/v1/authorizationServers' },
  { method: 'PUT', path: '/api/v1/authorizationServers/aus1/credentials/keys', body: {} },
];
for (const request of foreign) {
  test(`undo – ${request.method} ${request.path} – is none of a set-up`, () => {
    assert.equal(mayUndoOkta(request), false);
  });
}
