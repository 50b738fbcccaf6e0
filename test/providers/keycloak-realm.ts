import assert from 'node:assert/strict';
import { buildHttpClient } from '../../src/lib/http-client.ts';
import { Secret } from '../../src/model/secret.ts';
import type { SetUpOutcome } from '../../src/model/set-up.ts';
import { buildKeycloakSetUp } from '../../src/providers/keycloak/set-up/build-set-up.ts';
import { keycloakAdmin } from '../../tools/real/start-keycloak.js';

export const alice = { username: 'alice', password: 'alice-password' };
export const bob = { username: 'bob', password: 'bob-password' };

/** What the scenario's parts are called, as the set-up has them by default. */
export const names = {
  gateway: 'mcpserver',
  api: 'backend',
  mcpClient: 'mcp-client',
  redirectUris: ['http://127.0.0.1:33418/'],
  callScope: 'mcp:tools:call',
  apiScope: 'backend-api:read',
};

/** A realm of a real Keycloak that one test file has for itself. */
export interface KeycloakRealm {
  readonly issuer: string;
  readonly tokenUrl: string;
  /** A request to the admin API below the realm; anything but success fails the test. */
  admin(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
  /** The internal id of a client. */
  idOf(clientId: string): Promise<string>;
  /** All clients and client scopes, to compare with later; without what changes by itself. */
  snapshot(): Promise<unknown>;
  /** Runs the set-up, without a folder and without asking. */
  setUp(): Promise<SetUpOutcome>;
}

type Found = { readonly id: string; readonly [name: string]: unknown };

/** Creates a realm with two users and nothing else. */
export async function createRealm(url: string, realm: string): Promise<KeycloakRealm> {
  const issuer = `${url}/realms/${realm}`;
  const send = (method: string, path: string, body?: unknown) => sendAdmin(url, { method, path, body });
  const user = ({ username, password }: typeof alice) => ({
    username,
    enabled: true,
    emailVerified: true,
    email: `${username}@example.com`,
    firstName: username,
    lastName: 'Example',
    credentials: [{ type: 'password', value: password, temporary: false }],
  });
  await send('POST', '', { realm, enabled: true, users: [alice, bob].map(user) });
  const admin: KeycloakRealm['admin'] = (method, path, body) => send(method, `/${realm}${path}`, body);
  const list = async (path: string) => (await admin('GET', path)) as readonly Found[];
  return {
    issuer,
    tokenUrl: `${issuer}/protocol/openid-connect/token`,
    admin,
    async idOf(clientId) {
      const [found] = await list(`/clients?clientId=${clientId}`);
      assert.ok(found !== undefined, `no client ${clientId}`);
      return found.id;
    },
    snapshot: async () => [sortById(await list('/clients')), sortById(await list('/client-scopes'))],
    async setUp() {
      const target = { url, realm, adminRealm: 'master', user: keycloakAdmin.user };
      const password = new Secret(keycloakAdmin.password);
      const setUp = buildKeycloakSetUp({ ...target, password }, names, buildHttpClient());
      for (const step of (await setUp.plan()).steps) await step.perform();
      const outcome = await setUp.readOutcome();
      await setUp.close();
      return outcome;
    },
  };
}

async function sendAdmin(url: string, { method, path, body }: { method: string; path: string; body: unknown }) {
  const form = { grant_type: 'password', client_id: 'admin-cli', username: keycloakAdmin.user };
  const signedIn = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...form, password: keycloakAdmin.password }),
  });
  const { access_token: adminToken } = (await signedIn.json()) as { access_token: string };
  const answer = await fetch(`${url}/admin/realms${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

function sortById(found: readonly Found[]): readonly Found[] {
  return found.toSorted((one, other) => one.id.localeCompare(other.id));
}
