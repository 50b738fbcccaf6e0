import { z } from 'zod';
import type { ExpectedSetUp } from '../../../model/set-up-inspection.ts';
import { appsPath, serversPath } from '../set-up/change.ts';
import { type FoundApp, type FoundServer, readAppGroups, readServer } from '../set-up/found.ts';
import type { OktaClient } from '../set-up/okta-client.ts';
import { groupSchema, idSchema, oidcAppSchema, serverSchema, userSchema } from '../set-up/okta-shapes.ts';

/** Somebody who calls. */
export interface KnownUser {
  readonly id: string;
  readonly login: string;
  readonly status: string;
  /** Ids. */
  readonly groups: readonly string[];
}

/** What an org has of what a configuration names; undefined is not there. */
export interface OrgParts {
  readonly target: FoundServer | undefined;
  readonly signIn: FoundServer | undefined;
  readonly gateway: FoundApp | undefined;
  readonly client: (FoundApp & { readonly users: number }) | undefined;
  readonly user: KnownUser | undefined;
}

/** Reads it, by the addresses and ids in the configuration: names are free to change. */
export async function readOrg(api: OktaClient, { callers, exchange }: ExpectedSetUp): Promise<OrgParts> {
  const [target, signIn, gateway, client, user] = await Promise.all([
    findServer(api, exchange.url),
    findServer(api, callers.issuer),
    findApp(api, exchange.clientId),
    callers.clientId === undefined ? undefined : findApp(api, callers.clientId),
    findUser(api, callers.claims?.['uid']),
  ]);
  return {
    target,
    signIn,
    gateway,
    client: client === undefined ? undefined : { ...client, users: await countUsers(api, client) },
    user,
  };
}

/** A custom authorization server, by its issuer or an endpoint of it. */
async function findServer(api: OktaClient, url: string): Promise<FoundServer | undefined> {
  const id = idSchema.safeParse(/^\/oauth2\/([^/]+)/.exec(new URL(url).pathname)?.[1]).data;
  const server = id === undefined ? undefined : await api.find(`${serversPath}/${id}`, serverSchema);
  return server === undefined ? undefined : await readServer(api, server);
}

/** Apps of other kinds have no OAuth client. */
const anyAppSchema = z.unknown();

/** An app's id is its client id, unless it was given another. */
async function findApp(api: OktaClient, clientId: string): Promise<FoundApp | undefined> {
  const isId = idSchema.safeParse(clientId).success;
  const direct = isId ? await api.find(`${appsPath}/${clientId}`, anyAppSchema) : undefined;
  const all = direct === undefined ? await api.list(`${appsPath}?limit=200`, anyAppSchema) : [direct];
  const app = all
    .flatMap((one) => oidcAppSchema.safeParse(one).data ?? [])
    .find(({ credentials }) => credentials.oauthClient.client_id === clientId);
  return app === undefined ? undefined : { app, groups: await readAppGroups(api, app.id) };
}

/** Only of interest where no group is assigned. */
async function countUsers(api: OktaClient, { app, groups }: FoundApp): Promise<number> {
  if (groups.length > 0) return 0;
  return (await api.list(`${appsPath}/${app.id}/users?limit=200`, z.unknown())).length;
}

/** A token of Okta's for a user has their id beside `sub`, which a claim may make anything; one for no user has none. */
async function findUser(api: OktaClient, uid: unknown): Promise<KnownUser | undefined> {
  const id = idSchema.safeParse(uid).data;
  const user = id === undefined ? undefined : await api.find(`/api/v1/users/${id}`, userSchema);
  if (user === undefined) return undefined;
  const groups = await api.list(`/api/v1/users/${user.id}/groups`, groupSchema.pick({ id: true }));
  return { id: user.id, login: user.profile.login, status: user.status, groups: groups.map((one) => one.id) };
}
