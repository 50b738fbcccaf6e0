import { createHash } from 'node:crypto';
import { describe } from '../../lib/describe-error.ts';
import type { Facade } from '../../model/facade.ts';
import { type Check, failed, type Outcome, type Patient, pass, unknown } from '../check.ts';
import { findRegistration } from '../find-registration.ts';
import { type ClientRow, knownClients } from '../known-clients.ts';
import { providerOfIssuer } from '../provider-of-issuer.ts';
import type { MetadataDocument } from '../read-issuer-metadata.ts';

const timeoutMs = 5_000;

/** Whether a redirect URI is registered shows in how the provider refuses: with an unknown one it must not send the browser
 * there (RFC 6749 §4.1.2.1). With `prompt=none` nobody has to sign in for that (OpenID Connect Core §3.1.2.1).
 */
export const redirectUris: Check = {
  id: 'redirect-uris',
  title: 'The clients people use may come back after signing in',
  needs: ['issuer-metadata'],
  applies: ({ route }) => route.authenticator.issuers.length > 0,
  async run(patient) {
    const { aids, findings, route } = patient;
    const document = findings.metadata.get(route.authenticator.issuers[0] ?? '')?.document;
    const { facade } = route;
    if (facade !== undefined) return judgeFacade(facade, patient);
    const endpoint = document?.authorization_endpoint;
    if (document === undefined || endpoint === undefined) return unknown('The metadata name no authorization endpoint');
    if (aids.clientId === undefined) return judgeOwn(document, patient);
    const tried = await Promise.all(
      knownClients.map(async (client) => ({ client, found: await tryEach(client, endpoint, patient) })),
    );
    const silent = tried.flatMap(({ found }) => found).find(({ problem }) => problem !== undefined);
    if (silent !== undefined) return unknown(`${endpoint}: ${silent.problem}`);
    const seen = tried.map(({ client, found }) => {
      const missing = found.filter(({ isTaken }) => !isTaken).map(({ uri }) => uri);
      return missing.length === 0 ? `${client.title}: yes` : `${client.title}: not ${missing.join(', ')}`;
    });
    const evidence = `Client ${aids.clientId}: ${seen.join('; ')}`;
    if (tried.some(({ found }) => found.every(({ isTaken }) => isTaken))) return pass(evidence);
    const provider = providerOfIssuer(patient, document.issuer);
    if (provider.keepsErrorsOf?.(aids.clientId) === true)
      return unknown(`${provider.title} shows errors of ${aids.clientId} on a page, whatever the redirect URI`);
    const wanted = knownClients.flatMap(({ title, redirectUris: uris }) => `${title}: ${uris.join(', ')}`).join('; ');
    return failed(evidence, {
      cause: 'redirect-uri-missing',
      fix: `Register the redirect URIs of the client people use, to the letter (${wanted}); or the client id is not the one of that registration.`,
    });
  },
};

/** Whoever registers itself says where it comes back to. */
async function judgeOwn(document: MetadataDocument, patient: Patient): Promise<Outcome> {
  const { isOpen, refused } = await findRegistration(document, patient);
  const hint = 'Give the id of the client people sign in with: --client-id ID.';
  if (isOpen || document.client_id_metadata_document_supported === true)
    return pass('Clients bring their own redirect URIs when they register themselves');
  return refused === undefined
    ? unknown('Clients have to be registered by hand, and no client id was given', hint)
    : unknown(
        `Clients that take ${document.registration_endpoint} from the metadata and register there are refused: ${refused.words}`,
        `${hint} ${refused.known.fix}`,
      );
}

/** Clients register at the façade; what has to be registered at the provider is where the façade itself comes back to. */
async function judgeFacade({ providerIssuer, clientId, callbackUrl }: Facade, patient: Patient): Promise<Outcome> {
  const endpoint = patient.findings.metadata.get(providerIssuer)?.document?.authorization_endpoint;
  if (endpoint === undefined) return unknown(`The metadata of ${providerIssuer} name no authorization endpoint`);
  try {
    if (await takes(callbackUrl, endpoint, { ...patient, aids: { ...patient.aids, clientId } }))
      return pass(`Clients register at the façade, and its own client ${clientId} may come back to ${callbackUrl}`);
  } catch (error) {
    return unknown(`${endpoint}: ${describe(error)}`);
  }
  return failed(`Client ${clientId}, the façade's own: not ${callbackUrl}`, {
    cause: 'redirect-uri-missing',
    fix: `Register ${callbackUrl} as a redirect URI of ${clientId}, to the letter; or --facade-client-id is not the id of that registration.`,
  });
}

interface Tried {
  readonly uri: string;
  readonly isTaken: boolean;
  /** Why nothing can be said. */
  readonly problem?: string;
}

async function tryEach({ redirectUris: uris }: ClientRow, endpoint: string, patient: Patient): Promise<Tried[]> {
  return Promise.all(
    uris.map(async (uri) => {
      try {
        return { uri, isTaken: await takes(uri, endpoint, patient) };
      } catch (error) {
        return { uri, isTaken: false, problem: describe(error) };
      }
    }),
  );
}

async function takes(uri: string, endpoint: string, { http, aids, route }: Patient): Promise<boolean> {
  const url = new URL(endpoint);
  const request = {
    client_id: aids.clientId ?? '',
    response_type: 'code',
    redirect_uri: uri,
    scope: ['openid', ...route.policy.scopes].join(' '),
    resource: route.resourceUrl,
    state: 'usher-doctor',
    code_challenge: createHash('sha256').update('usher-doctor').digest('base64url'),
    code_challenge_method: 'S256',
    prompt: 'none',
  };
  for (const [name, value] of Object.entries(request)) url.searchParams.set(name, value);
  const answer = await http.send(url.href, { method: 'GET', headers: { accept: 'text/html' }, timeoutMs });
  return answer.headers.get('location')?.startsWith(uri) === true;
}
