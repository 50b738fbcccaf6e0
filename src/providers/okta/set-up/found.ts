import { fail, type UsherError } from '../../../model/usher-error.ts';
import { appsPath, serversPath } from './change.ts';
import type { OktaClient } from './okta-client.ts';
import {
  appSchema,
  groupSchema,
  oidcAppSchema,
  type OktaApp,
  type OktaGroup,
  type OktaPolicy,
  type OktaRule,
  type OktaServer,
  policySchema,
  ruleSchema,
  scopeSchema,
  serverSchema,
} from './okta-shapes.ts';
import type { OktaWanted } from './wanted.ts';

/** A server of the org with what stands in its tabs. */
export interface FoundServer {
  readonly server: OktaServer;
  /** By name. */
  readonly scopes: readonly string[];
  readonly policies: readonly { readonly policy: OktaPolicy; readonly rules: readonly OktaRule[] }[];
  /** Ids of the servers it trusts. */
  readonly trusts: readonly string[];
}

export interface FoundApp {
  readonly app: OktaApp;
  /** Ids of the groups it is assigned to. */
  readonly groups: readonly string[];
}

/** What an org has of what is wanted; undefined is not there. */
export interface OktaFound {
  readonly signIn: FoundServer | undefined;
  readonly backend: FoundServer | undefined;
  readonly client: FoundApp | undefined;
  readonly gateway: FoundApp | undefined;
  readonly group: OktaGroup;
}

/** Reads what an org has. Only reads.
 * @throws UsherError `setup_conflict` where it cannot be told which one is meant
 */
export async function readFound(client: OktaClient, wanted: OktaWanted): Promise<OktaFound> {
  const [signIn, backend, webApp, gateway, group] = await Promise.all([
    findServer(client, wanted.signIn.audience),
    findServer(client, wanted.backend.audience),
    findApp(client, wanted.client.label),
    findApp(client, wanted.gateway.label),
    findGroup(client, wanted.group),
  ]);
  return { signIn, backend, client: webApp, gateway, group };
}

/** By audience, which is what tokens are told apart by. */
async function findServer(client: OktaClient, audience: string): Promise<FoundServer | undefined> {
  const all = await client.list(`${serversPath}?q=${encodeURIComponent(audience)}&limit=200`, serverSchema);
  const fitting = all.filter(({ audiences }) => audiences.includes(audience));
  const named = all.find(({ name, audiences }) => name === audience && !audiences.includes(audience));
  if (named !== undefined) {
    const others = named.audiences.join(', ');
    throw conflict(
      `the authorization server "${audience}" has another audience, "${others}"`,
      'Say which audience is wanted with --oidc-audience or --token-exchange-audience, or rename that server',
    );
  }
  if (fitting.length > 1) {
    throw conflict(
      `${fitting.length} authorization servers have the audience "${audience}": ${fitting.map(({ name }) => name).join(', ')}`,
      'Deactivating one does not help; delete one, or choose another audience',
    );
  }
  const [server] = fitting;
  return server === undefined ? undefined : readServer(client, server);
}

/** What stands in the tabs of a server. */
export async function readServer(client: OktaClient, server: OktaServer): Promise<FoundServer> {
  const root = `${serversPath}/${server.id}`;
  const [scopes, policies, trusts] = await Promise.all([
    client.list(`${root}/scopes?limit=200`, scopeSchema),
    client.list(`${root}/policies`, policySchema),
    client.list(`${root}/associatedServers?trusted=true&limit=200`, serverSchema),
  ]);
  return {
    server,
    scopes: scopes.map(({ name }) => name),
    policies: await Promise.all(
      policies.map(async (policy) => ({
        policy,
        rules: await client.list(`${root}/policies/${policy.id}/rules`, ruleSchema),
      })),
    ),
    trusts: trusts.map(({ id }) => id),
  };
}

async function findApp(client: OktaClient, label: string): Promise<FoundApp | undefined> {
  const all = await client.list(`${appsPath}?q=${encodeURIComponent(label)}&limit=200`, appSchema);
  const fitting = all.filter((app) => app.label === label);
  if (fitting.length > 1) {
    throw conflict(
      `${fitting.length} apps are called "${label}"`,
      'Choose another name with --client-app or --gateway-app, or rename all but one',
    );
  }
  const [found] = fitting;
  if (found === undefined) return undefined;
  if (found.signOnMode !== 'OPENID_CONNECT') {
    throw conflict(
      `the app "${label}" does not sign in by OpenID Connect`,
      'Choose another name with --client-app or --gateway-app',
    );
  }
  const [app, groups] = await Promise.all([
    client.get(`${appsPath}/${found.id}`, oidcAppSchema),
    readAppGroups(client, found.id),
  ]);
  return { app, groups };
}

/** Ids of the groups an app is assigned to. */
export async function readAppGroups(client: OktaClient, appId: string): Promise<readonly string[]> {
  const groups = await client.list(`${appsPath}/${appId}/groups?limit=200`, appGroupSchema);
  return groups.map(({ id }) => id);
}

const appGroupSchema = groupSchema.pick({ id: true });

async function findGroup(client: OktaClient, name: string): Promise<OktaGroup> {
  const all = await client.list(`/api/v1/groups?q=${encodeURIComponent(name)}&limit=200`, groupSchema);
  const group = all.find(({ profile }) => profile.name === name);
  if (group !== undefined) return group;
  throw conflict(`there is no group "${name}"`, 'Say with --group whose members may use the MCP client');
}

export function conflict(reason: string, advice: string): UsherError {
  return fail('setup_conflict', { title: 'Okta', reason, advice });
}
