import { randomUUID } from 'node:crypto';
import { errors, type Provider } from 'oidc-provider';
import type { ServerContext } from './org.ts';

/** The id of a client that registers itself (RFC 7591 §3.2.1). */
export function makeClientId(): string {
  return `0oa${randomUUID().replaceAll('-', '')}`;
}

const madeHere = /^0oa[0-9a-f]{32}$/;

/** Lets a client in again that has an id of this provider's making which this process does not know. MCP clients keep what
 * they registered by the issuer's URL and have no way to learn that it is forgotten, since a provider that does not know a
 * client must not send the browser back to it (RFC 6749 §4.1.2.1); here it is forgotten with each restart, and at the same
 * URL there may be the provider of another folder. Whoever may register may as well name the redirect URI now, so nothing is
 * given away; a client with a secret becomes one without.
 * @param search the query of an authorization request
 */
export async function readmitClient(context: ServerContext, provider: Provider, search: string): Promise<void> {
  const { org, server } = context;
  const parameters = new URLSearchParams(search);
  const [clientId = '', ...moreIds] = parameters.getAll('client_id');
  const [redirectUri = '', ...moreUris] = parameters.getAll('redirect_uri');
  if (!server.registration || moreIds.length + moreUris.length > 0 || !madeHere.test(clientId)) return;
  if ((await provider.Client.find(clientId)) !== undefined) return;
  const clients = org.store.adapterFor(server.id, async () => undefined)('Client');
  await clients.upsert(clientId, {
    client_id: clientId,
    client_name: 'An app that registered here before',
    application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'none',
  });
  try {
    await provider.Client.find(clientId);
    org.log('client registered again', { server: server.id, client: clientId, redirectUri });
  } catch (error) {
    await clients.destroy(clientId);
    if (!(error instanceof errors.OIDCProviderError)) throw error;
  }
}
