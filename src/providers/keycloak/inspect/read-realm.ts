import { z } from 'zod';
import type { ExpectedSetUp } from '../../../model/set-up-inspection.ts';
import type { AdminApi } from '../set-up/admin-api.ts';
import { findClient } from '../set-up/plan-clients.ts';
import { type ClientRepresentation, scopeSchema, type ScopeRepresentation } from '../set-up/representations.ts';

/** What a realm has of what a configuration names; undefined is not there. */
export interface RealmParts {
  readonly isEnabled: boolean;
  readonly grants: readonly string[];
  /** By name. */
  readonly scopes: ReadonlyMap<string, ScopeRepresentation>;
  readonly gateway: ClientRepresentation | undefined;
  /** People's MCP client. */
  readonly client: ClientRepresentation | undefined;
  /** By audience. */
  readonly targets: ReadonlyMap<string, ClientRepresentation | undefined>;
}

const realmSchema = z.object({ enabled: z.boolean().default(true) });
const metadataSchema = z.object({ grant_types_supported: z.array(z.string()).default([]) });

/** Undefined where there is no such realm. */
export async function readRealm(api: AdminApi, { callers, exchange }: ExpectedSetUp): Promise<RealmParts | undefined> {
  const realm = await api.find('', realmSchema, 'read the realm');
  if (realm === undefined) return undefined;
  // A realm that is switched off publishes nothing.
  const { grant_types_supported: grants } = realm.enabled
    ? await api.readPublic('/.well-known/openid-configuration', metadataSchema, "read the realm's metadata")
    : { grant_types_supported: [] };
  const scopes = await api.read('/client-scopes', z.array(scopeSchema), 'list the client scopes');
  return {
    isEnabled: realm.enabled,
    grants,
    scopes: new Map(scopes.map((scope) => [scope.name, scope])),
    gateway: await findClient(api, exchange.clientId),
    client: callers.clientId === undefined ? undefined : await findClient(api, callers.clientId),
    targets: new Map(
      await Promise.all(exchange.audience.map(async (name) => [name, await findClient(api, name)] as const)),
    ),
  };
}
