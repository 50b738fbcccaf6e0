import { z } from 'zod';
import type { HttpClient } from '../../../lib/http-client.ts';
import { Secret } from '../../../model/secret.ts';
import type { SetUp, SetUpOutcome } from '../../../model/set-up.ts';
import { AdminApi, title } from './admin-api.ts';
import type { KeycloakAdmin, KeycloakNames } from './choices.ts';
import { conflict } from './conflict.ts';
import { findClient, planApiClient, planGatewayClient, planMcpClient, planScopeOfClient } from './plan-clients.ts';
import { planScope } from './plan-scopes.ts';
import { tokenExchangeGrant } from '../../../model/urns.ts';

const metadataSchema = z.object({
  issuer: z.string(),
  token_endpoint: z.string(),
  grant_types_supported: z.array(z.string()).default([]),
});
const id = '[\\w.-]+';
/** All that the undos send: clients and client scopes with what is in them, deleted or put back. */
const undone = new RegExp(
  `^(?:/clients/${id}(?:/optional-client-scopes/${id})?|/client-scopes/${id}(?:/protocol-mappers/models/${id})?)$`,
);

/** Sets a realm up for the gateway: the gateway's client with Standard Token Exchange, the API's client as audience, people's
 * MCP client, and the two scopes that bring the audiences. The realm itself must be there.
 */
export function buildKeycloakSetUp(admin: KeycloakAdmin, names: KeycloakNames, http: HttpClient): SetUp {
  const api = new AdminApi(admin, http);

  async function checkRealm(): Promise<void> {
    const realm = await api.find('', z.object({ enabled: z.boolean().default(true) }), 'read the realm');
    const name = JSON.stringify(admin.realm);
    if (realm === undefined)
      throw conflict(
        `there is no realm ${name}`,
        'Create it in the Admin Console (Manage realms → Create realm), or mend --realm',
      );
    if (!realm.enabled) throw conflict(`the realm ${name} is switched off`, 'Switch it on under Realm settings');
    const { grant_types_supported: grants } = await readMetadata();
    if (!grants.includes(tokenExchangeGrant)) {
      const advice = 'Run Keycloak 26.2 or newer with its feature token-exchange-standard on';
      throw conflict('this Keycloak has no standard token exchange', advice);
    }
  }

  const readMetadata = () =>
    api.readPublic('/.well-known/openid-configuration', metadataSchema, "read the realm's metadata");

  /** Undefined for a public client. */
  async function findSecret(clientId: string): Promise<Secret | undefined> {
    const client = await findClient(api, clientId);
    if (client === undefined || client.publicClient) return undefined;
    const schema = z.object({ value: z.string() });
    const action = `read the secret of the client ${JSON.stringify(clientId)}`;
    return new Secret((await api.read(`/clients/${client.id}/client-secret`, schema, action)).value);
  }

  async function readOutcome(): Promise<SetUpOutcome> {
    const { issuer, token_endpoint: url } = await readMetadata();
    const clientSecret = await findSecret(names.gateway);
    if (clientSecret === undefined)
      throw conflict(`the client ${JSON.stringify(names.gateway)} has no secret`, 'Run the same again: it looks anew');
    return {
      callers: { issuer, audience: [names.gateway], scopes: [names.callScope] },
      exchange: { url, clientId: names.gateway, clientSecret, audience: [names.api], scopes: [names.apiScope] },
      client: {
        clientId: names.mcpClient,
        clientSecret: await findSecret(names.mcpClient),
        redirectUris: names.redirectUris,
      },
    };
  }

  return {
    provider: 'keycloak',
    title,
    target: api.target,
    async plan() {
      await checkRealm();
      const parts = [
        await planApiClient(api, names),
        await planGatewayClient(api, names),
        await planScope(api, {
          name: names.apiScope,
          description: 'What the gateway asks for at the API',
          audience: names.api,
        }),
        await planScopeOfClient(api, names.gateway, names.apiScope),
        await planScope(api, {
          name: names.callScope,
          description: 'Call tools through the gateway',
          audience: names.gateway,
        }),
        await planMcpClient(api, names),
        await planScopeOfClient(api, names.mcpClient, names.callScope),
      ];
      return {
        found: parts.flatMap(({ found }) => found),
        steps: parts.flatMap(({ steps }) => steps),
        isPublicClient: parts.some(({ isPublicClient }) => isPublicClient === true),
      };
    },
    readOutcome,
    mayUndo: ({ method, path }) => method !== 'POST' && undone.test(path),
    undo: async (request) => ((await api.send(request, 'take it back')) === 'gone' ? 'gone' : 'done'),
    close: () => http.close(),
  };
}
