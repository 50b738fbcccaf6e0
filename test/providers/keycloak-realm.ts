import assert from 'node:assert/strict';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { buildHttpClient } from '../../src/lib/http-client.ts';
import { Secret } from '../../src/model/secret.ts';
import type { SetUp, SetUpOutcome } from '../../src/model/set-up.ts';
import { buildKeycloakSetUp } from '../../src/providers/keycloak/set-up/build-set-up.ts';
import type { KeycloakAdmin } from '../../src/providers/keycloak/set-up/choices.ts';
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
  readonly name: string;
  readonly issuer: string;
  readonly tokenUrl: string;
  /** A request to the admin API below the realm; anything but success fails the test. */
  admin(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
  /** The internal id of a client. */
  idOf(clientId: string): Promise<string>;
  /** Lets a client scope bring this client into the audience of the tokens it is in. */
  addAudience(scopeName: string, clientId: string): Promise<void>;
  /** All clients and client scopes, to compare with later; without what changes by itself. */
  snapshot(): Promise<unknown>;
  /** The set-up of this realm, as the command builds it. */
  buildSetUp(changes?: Partial<KeycloakAdmin>): SetUp;
  /** Runs it, without a folder and without asking. */
  setUp(): Promise<SetUpOutcome>;
}

type Found = { readonly id: string; readonly [name: string]: unknown };

/** Creates a realm with two users and nothing else. */
export async function createRealm(url: string): Promise<KeycloakRealm> {
  const realm = `test-${randomUUID().slice(0, 8)}`;
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
  const components = { 'org.keycloak.keys.KeyProvider': keyProviders() };
  await send('POST', '', { realm, enabled: true, users: [alice, bob].map(user), components });
  const admin: KeycloakRealm['admin'] = (method, path, body) => send(method, `/${realm}${path}`, body);
  const list = async (path: string) => (await admin('GET', path)) as readonly Found[];
  const password = new Secret(keycloakAdmin.password);
  const target = { url, realm, adminRealm: 'master', user: keycloakAdmin.user, password };
  const buildSetUp = (changes: Partial<KeycloakAdmin> = {}) =>
    buildKeycloakSetUp({ ...target, ...changes }, names, buildHttpClient());
  return {
    name: realm,
    issuer,
    tokenUrl: `${issuer}/protocol/openid-connect/token`,
    admin,
    async idOf(clientId) {
      const [found] = await list(`/clients?clientId=${clientId}`);
      assert.ok(found !== undefined, `no client ${clientId}`);
      return found.id;
    },
    async addAudience(scopeName, clientId) {
      const scope = (await list('/client-scopes')).find((one) => one['name'] === scopeName);
      await admin('POST', `/client-scopes/${scope?.id}/protocol-mappers/models`, {
        name: `audience ${clientId}`,
        protocol: 'openid-connect',
        protocolMapper: 'oidc-audience-mapper',
        config: { 'included.client.audience': clientId, 'access.token.claim': 'true' },
      });
    },
    snapshot: async () => [sortById(await list('/clients')), sortById(await list('/client-scopes'))],
    buildSetUp,
    async setUp() {
      const setUp = buildSetUp();
      for (const step of (await setUp.plan()).steps) await step.perform();
      const outcome = await setUp.readOutcome();
      await setUp.close();
      return outcome;
    },
  };
}

/** What a new realm has, but an RSA key that is there already: on a busy machine Keycloak makes them for half a minute. */
function keyProviders() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  const priority = ['100'];
  return [
    { name: 'rsa', providerId: 'rsa', config: { priority, algorithm: ['RS256'], privateKey: [pem] } },
    { name: 'hmac', providerId: 'hmac-generated', config: { priority, algorithm: ['HS512'] } },
    { name: 'aes', providerId: 'aes-generated', config: { priority } },
  ];
}

async function sendAdmin(url: string, { method, path, body }: { method: string; path: string; body: unknown }) {
  const adminToken = await signAdminIn(url);
  const answer = await fetch(`${url}/admin/realms${path}`, {
    method,
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

let signedIn: { readonly token: string; readonly untilMs: number } | undefined;

/** Each sign-in costs Keycloak a password hash, which is dear on purpose. */
async function signAdminIn(url: string): Promise<string> {
  if (signedIn !== undefined && performance.now() < signedIn.untilMs) return signedIn.token;
  const form = { grant_type: 'password', client_id: 'admin-cli', username: keycloakAdmin.user };
  const answer = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ ...form, password: keycloakAdmin.password }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  signedIn = { token, untilMs: performance.now() + 30_000 };
  return token;
}

function sortById(found: readonly Found[]): readonly Found[] {
  return found.toSorted((one, other) => one.id.localeCompare(other.id));
}
