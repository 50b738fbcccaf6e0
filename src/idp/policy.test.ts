import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRule, type PolicyQuestion } from './policy.ts';
import { parseSeed } from './seed/parse-seed.ts';
import type { SeedServer } from './seed/seed-schema.ts';

const users = `users:
  - { login: ann, password: p, name: Ann, groups: [Engineering] }
  - { login: ben, password: p, name: Ben, groups: [Sales] }
`;

/** A server with these policies, and the people to ask about. */
function serverWith(policies: string): { server: SeedServer; ask: (change?: Ask) => string | undefined } {
  const seed = parseSeed(
    `org: X
servers:
  - id: a
    name: A
    scheme: http
    audience: a
    scopes: [{ name: x }, { name: y }]
    policies:
${policies}
apps:
  - { clientId: c, label: C, type: native, grantTypes: [authorization_code], redirectUris: ['http://127.0.0.1/'] }
${users}`,
    'seed.yaml',
  );
  const [server] = seed.servers;
  if (server === undefined) throw new Error('no server');
  const user = (login: string) => seed.users.find((one) => one.login === login);
  return {
    server,
    ask: ({ login = 'ann', ...question } = {}) =>
      findRule(server, {
        clientId: 'c',
        grantType: 'authorization_code',
        scopes: ['x'],
        user: login === '' ? undefined : user(login),
        ...question,
      })?.name,
  };
}

type Ask = Partial<Omit<PolicyQuestion, 'user'>> & { login?: string };

const rule = (name: string, more = '') =>
  `          - { name: ${name}, grantTypes: [authorization_code], scopes: [x]${more} }`;

test('policy – priority – decides before the place in the file, for policies and rules', () => {
  const { ask } = serverWith(`      - name: second
        priority: 2
        clients: ALL_CLIENTS
        rules:
${rule('late')}
      - name: first
        priority: 1
        clients: ALL_CLIENTS
        rules:
${rule('last', ', priority: 9')}
${rule('first', ', priority: 1')}`);
  assert.equal(ask(), 'first');
});

test('policy – inactive policy or rule – is passed over', () => {
  const { ask } = serverWith(`      - name: off
        active: false
        clients: ALL_CLIENTS
        rules:
${rule('of-the-inactive-policy')}
      - name: on
        clients: [c]
        rules:
${rule('inactive', ', active: false')}
${rule('active')}`);
  assert.equal(ask(), 'active');
});

test('policy – client it does not name – does not count', () => {
  const { ask } = serverWith(`      - name: named
        clients: [c]
        rules:
${rule('named')}`);
  assert.equal(ask(), 'named');
  assert.equal(ask({ clientId: 'other' }), undefined);
});

test('rule – people by user and by group – covers them and nobody else', () => {
  const { ask } = serverWith(`      - name: p
        clients: ALL_CLIENTS
        rules:
${rule('by-group', ', people: { groups: [Engineering] }')}
${rule('by-user', ', people: { users: [ben] }')}`);
  assert.equal(ask({ login: 'ann' }), 'by-group');
  assert.equal(ask({ login: 'ben' }), 'by-user');
});

test('rule – scopes – must cover all that is asked, a star covers any', () => {
  const { ask } = serverWith(`      - name: p
        clients: ALL_CLIENTS
        rules:
${rule('x-only')}
          - { name: any, grantTypes: [authorization_code], scopes: '*', people: { users: [ben] } }`);
  assert.equal(ask({ scopes: ['x', 'y'] }), undefined);
  assert.equal(ask({ scopes: ['x', 'y'], login: 'ben' }), 'any');
});

test('rule – other grant – does not count', () => {
  const { ask } = serverWith(`      - name: p
        clients: ALL_CLIENTS
        rules:
${rule('code')}`);
  assert.equal(ask({ grantType: 'client_credentials', login: '' }), undefined);
});
