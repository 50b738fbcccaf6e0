import { z } from 'zod';
import type { SetUpStep } from '../../../model/set-up.ts';
import type { AdminApi } from './admin-api.ts';
import { conflict } from './conflict.ts';
import { type MapperRepresentation, scopeSchema, type ScopeRepresentation } from './representations.ts';

/** A client scope that brings an audience into the tokens it is asked for in. */
export interface WantedScope {
  readonly name: string;
  readonly description: string;
  /** Client id. */
  readonly audience: string;
}

/** What is to be done about one thing, and what is well already. */
export interface PartOfPlan {
  readonly found: readonly string[];
  readonly steps: readonly SetUpStep[];
  /** Of people's client. */
  readonly isPublicClient?: boolean;
}

/** Compares a client scope with what it should be. */
export async function planScope(api: AdminApi, wanted: WantedScope): Promise<PartOfPlan> {
  const { name, audience } = wanted;
  const scope = await findScope(api, name);
  if (scope === undefined) return { found: [], steps: [createScope(api, wanted)] };
  if ((scope.protocol ?? 'openid-connect') !== 'openid-connect') {
    const reason = `the client scope ${JSON.stringify(name)} is there, for the protocol ${scope.protocol}`;
    throw conflict(reason, 'Choose another name for the scope');
  }
  const steps = [
    ...(scope.attributes['include.in.token.scope'] === 'false' ? [includeScope(api, scope)] : []),
    ...(bringsAudience(scope, audience) ? [] : [addMapper(api, scope, audience)]),
  ];
  const found = `The client scope ${JSON.stringify(name)} brings the audience ${JSON.stringify(audience)}`;
  return { found: steps.length === 0 ? [found] : [], steps };
}

/** Keycloak has no look-up by name. */
export async function findScope(api: AdminApi, name: string): Promise<ScopeRepresentation | undefined> {
  const scopes = await api.read('/client-scopes', z.array(scopeSchema), 'list the client scopes');
  return scopes.find((scope) => scope.name === name);
}

/** Do the mappers of a scope or client bring that audience into access tokens? */
export function bringsAudience(
  { protocolMappers }: { readonly protocolMappers: readonly MapperRepresentation[] },
  audience: string,
): boolean {
  return protocolMappers.some(
    ({ protocolMapper, config }) =>
      protocolMapper === 'oidc-audience-mapper' &&
      config['access.token.claim'] === 'true' &&
      (config['included.client.audience'] === audience || config['included.custom.audience'] === audience),
  );
}

/** Server administration guide, "Audience support": hard-coded audience. */
function audienceMapper(audience: string) {
  return {
    name: `audience ${audience}`,
    protocol: 'openid-connect',
    protocolMapper: 'oidc-audience-mapper',
    config: {
      'included.client.audience': audience,
      'access.token.claim': 'true',
      'id.token.claim': 'false',
      'introspection.token.claim': 'true',
    },
  };
}

function createScope(api: AdminApi, { name, description, audience }: WantedScope): SetUpStep {
  return {
    action: 'create',
    sentence: `Create the client scope ${JSON.stringify(name)} with an Audience mapper for ${JSON.stringify(audience)}`,
    async perform() {
      const body = {
        name,
        description,
        protocol: 'openid-connect',
        attributes: { 'include.in.token.scope': 'true', 'display.on.consent.screen': 'true' },
        protocolMappers: [audienceMapper(audience)],
      };
      const id = await create(api, '/client-scopes', body, `create the client scope ${name}`);
      return {
        sentence: `Delete the client scope ${JSON.stringify(name)}`,
        requests: [{ method: 'DELETE', path: `/client-scopes/${id}` }],
      };
    },
  };
}

function includeScope(api: AdminApi, scope: ScopeRepresentation): SetUpStep {
  const name = JSON.stringify(scope.name);
  return {
    action: 'change',
    sentence: `Switch Include in token scope on for the client scope ${name}`,
    async perform() {
      const path = `/client-scopes/${scope.id}`;
      const { protocolMappers: _, ...before } = scope;
      const body = { ...before, attributes: { ...scope.attributes, 'include.in.token.scope': 'true' } };
      await api.send({ method: 'PUT', path, body }, `change the client scope ${name}`);
      return {
        sentence: `Switch Include in token scope off for the client scope ${name}`,
        requests: [{ method: 'PUT', path, body: before }],
      };
    },
  };
}

function addMapper(api: AdminApi, scope: ScopeRepresentation, audience: string): SetUpStep {
  const what = `the Audience mapper for ${JSON.stringify(audience)}`;
  const where = `the client scope ${JSON.stringify(scope.name)}`;
  return {
    action: 'change',
    sentence: `Add ${what} to ${where}`,
    async perform() {
      const path = `/client-scopes/${scope.id}/protocol-mappers/models`;
      const id = await create(api, path, audienceMapper(audience), `add ${what} to ${where}`);
      return { sentence: `Remove ${what} from ${where}`, requests: [{ method: 'DELETE', path: `${path}/${id}` }] };
    },
  };
}

/** Makes something and returns its id.
 * @throws UsherError `setup_conflict` where its place has gone since the plan was made
 */
export async function create(api: AdminApi, path: string, body: unknown, action: string): Promise<string> {
  const made = await api.send({ method: 'POST', path, body }, action);
  if (made !== 'gone') return made.id;
  throw conflict(`${path} is gone`, 'Run the same again: it looks anew');
}
