import { z } from 'zod';
import type { SetUpStep } from '../../../model/set-up.ts';
import type { AdminApi } from './admin-api.ts';
import type { KeycloakNames } from './choices.ts';
import { conflict } from './conflict.ts';
import { create, findScope, type PartOfPlan } from './plan-scopes.ts';
import { clientSchema, type ClientRepresentation } from './representations.ts';

/** The attribute behind Standard Token Exchange. */
export const exchangeSwitch = 'standard.token.exchange.enabled';

/** The client that stands for the API: nobody signs in with it. */
export async function planApiClient(api: AdminApi, { api: clientId }: KeycloakNames): Promise<PartOfPlan> {
  const client = await findClient(api, clientId);
  if (client === undefined) {
    const sentence = `Create the client ${JSON.stringify(clientId)}, the API's audience, which nobody signs in with`;
    return {
      found: [],
      steps: [createClient(api, sentence, { ...noFlows, clientId, name: 'API behind the gateway' })],
    };
  }
  checkUsable(client, {});
  return { found: [`The client ${JSON.stringify(clientId)} is there, the API's audience`], steps: [] };
}

/** The gateway's client: confidential, no sign-in of its own, Standard Token Exchange ticked. */
export async function planGatewayClient(api: AdminApi, { gateway: clientId }: KeycloakNames): Promise<PartOfPlan> {
  const client = await findClient(api, clientId);
  if (client === undefined) {
    const sentence = `Create the client ${JSON.stringify(clientId)}, the gateway, with Standard Token Exchange and no other flow`;
    // The subject comes with `basic`; without the realm's other defaults the API's tokens say no more than they must.
    const defaults = (await findScope(api, 'basic')) === undefined ? {} : { defaultClientScopes: ['basic'] };
    const attributes = { [exchangeSwitch]: 'true' };
    const body = { ...noFlows, clientId, name: 'MCP gateway', attributes, optionalClientScopes: [], ...defaults };
    return { found: [], steps: [createClient(api, sentence, body)] };
  }
  checkUsable(client, {
    'is a public client, which cannot exchange tokens': client.publicClient || client.bearerOnly,
    'has Consent required on, and an exchange cannot ask anybody': client.consentRequired,
    'does not authenticate by client id and secret': (client.clientAuthenticatorType ?? secretType) !== secretType,
  });
  if (client.attributes[exchangeSwitch] === 'true')
    return { found: [`The client ${JSON.stringify(clientId)} has Standard Token Exchange on`], steps: [] };
  return { found: [], steps: [switchExchangeOn(api, client)] };
}

/** What people's MCP client signs in with: public with PKCE, where it is not there already. */
export async function planMcpClient(api: AdminApi, { mcpClient, redirectUris }: KeycloakNames): Promise<PartOfPlan> {
  const client = await findClient(api, mcpClient);
  if (client === undefined) {
    const sentence = `Create the public client ${JSON.stringify(mcpClient)} with PKCE, redirected to ${redirectUris.join(' or ')}`;
    const body = {
      ...noFlows,
      clientId: mcpClient,
      name: 'MCP client',
      publicClient: true,
      standardFlowEnabled: true,
      redirectUris,
      attributes: { 'pkce.code.challenge.method': 'S256' },
    };
    return { found: [], steps: [createClient(api, sentence, body)], isPublicClient: true };
  }
  checkUsable(client, { 'has Standard flow off, so nobody can sign in with it': !client.standardFlowEnabled });
  const missing = redirectUris.filter((uri) => !client.redirectUris.includes(uri));
  const isPublicClient = client.publicClient;
  if (missing.length === 0)
    return { found: [`The client ${JSON.stringify(mcpClient)} has its redirect URIs`], steps: [], isPublicClient };
  return { found: [], steps: [addRedirectUris(api, client, missing)], isPublicClient };
}

/** Lets a client ask for a scope. */
export async function planScopeOfClient(api: AdminApi, clientId: string, scopeName: string): Promise<PartOfPlan> {
  const client = await findClient(api, clientId);
  const has = [...(client?.defaultClientScopes ?? []), ...(client?.optionalClientScopes ?? [])].includes(scopeName);
  const [who, what] = [`the client ${JSON.stringify(clientId)}`, `the scope ${JSON.stringify(scopeName)}`];
  if (has) return { found: [`T${who.slice(1)} may ask for ${what}`], steps: [] };
  const step: SetUpStep = {
    action: 'change',
    sentence: `Let ${who} ask for ${what} (Client scopes, Optional)`,
    async perform() {
      const ids = [(await findClient(api, clientId))?.id, (await findScope(api, scopeName))?.id];
      const path = `/clients/${ids[0]}/optional-client-scopes/${ids[1]}`;
      const answer = ids.includes(undefined) ? 'gone' : await api.send({ method: 'PUT', path }, `give ${who} ${what}`);
      if (answer === 'gone') throw conflict(`${who} or ${what} is gone`, 'Run the same again: it looks anew');
      return { sentence: `Take ${what} from ${who}`, requests: [{ method: 'DELETE', path }] };
    },
  };
  return { found: [], steps: [step] };
}

export async function findClient(api: AdminApi, clientId: string): Promise<ClientRepresentation | undefined> {
  const path = `/clients?clientId=${encodeURIComponent(clientId)}`;
  const clients = await api.read(path, z.array(clientSchema), `look for the client ${JSON.stringify(clientId)}`);
  return clients.find((client) => client.clientId === clientId);
}

const secretType = 'client-secret';
/** Nobody signs in with it and it has no rights: what it is given is named. */
const noFlows = {
  protocol: 'openid-connect',
  enabled: true,
  publicClient: false,
  standardFlowEnabled: false,
  implicitFlowEnabled: false,
  directAccessGrantsEnabled: false,
  serviceAccountsEnabled: false,
  fullScopeAllowed: false,
};

function createClient(api: AdminApi, sentence: string, body: Readonly<Record<string, unknown>>): SetUpStep {
  const name = JSON.stringify(body['clientId']);
  return {
    action: 'create',
    sentence,
    async perform() {
      const id = await create(api, '/clients', body, `create the client ${name}`);
      return { sentence: `Delete the client ${name}`, requests: [{ method: 'DELETE', path: `/clients/${id}` }] };
    },
  };
}

/** A PUT changes what it names and leaves the rest, the secret too. */
function switchExchangeOn(api: AdminApi, { id, clientId, attributes }: ClientRepresentation): SetUpStep {
  const name = JSON.stringify(clientId);
  return {
    action: 'change',
    sentence: `Tick Standard Token Exchange for the client ${name}`,
    async perform() {
      const put = (value: unknown) =>
        ({
          method: 'PUT',
          path: `/clients/${id}`,
          body: { clientId, attributes: { [exchangeSwitch]: value } },
        }) as const;
      await api.send(put('true'), `change the client ${name}`);
      // An empty value removes an attribute.
      const before = put(attributes[exchangeSwitch] ?? '');
      return { sentence: `Untick Standard Token Exchange for the client ${name}`, requests: [before] };
    },
  };
}

function addRedirectUris(api: AdminApi, client: ClientRepresentation, missing: readonly string[]): SetUpStep {
  const { id, clientId, redirectUris, webOrigins } = client;
  const what = `${missing.join(' and ')} ${missing.length === 1 ? 'as redirect URI' : 'as redirect URIs'}`;
  const name = JSON.stringify(clientId);
  return {
    action: 'change',
    sentence: `Add ${what} to the client ${name}`,
    async perform() {
      // Without web origins Keycloak makes some up from the redirect URIs.
      const put = (uris: readonly string[]) =>
        ({ method: 'PUT', path: `/clients/${id}`, body: { clientId, redirectUris: uris, webOrigins } }) as const;
      await api.send(put([...redirectUris, ...missing]), `change the client ${name}`);
      return { sentence: `Remove ${what} from the client ${name}`, requests: [put(redirectUris)] };
    },
  };
}

/** A client that is there may be in use: what cannot be right is said, not changed. */
function checkUsable(client: ClientRepresentation, wrong: Readonly<Record<string, boolean>>): void {
  const problems = {
    'is switched off': !client.enabled,
    'speaks SAML': (client.protocol ?? 'openid-connect') !== 'openid-connect',
    ...wrong,
  };
  const found = Object.entries(problems).find(([, isWrong]) => isWrong);
  if (found === undefined) return;
  throw conflict(
    `the client ${JSON.stringify(client.clientId)} is there and ${found[0]}`,
    'Mend that under Clients in the Admin Console, or choose another client id',
  );
}
