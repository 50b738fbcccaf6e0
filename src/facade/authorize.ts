import { hash, randomBytes } from 'node:crypto';
import { readParameters, sendBack, sendPage } from './answers.ts';
import { nameOf, type Client } from './clients.ts';
import type { FacadeContext } from './context.ts';
import { isDocumentUrl } from './document-url.ts';
import { OAuthError } from './oauth-error.ts';
import { isRegistered } from './redirect-uri.ts';
import type { AuthorizationRequest } from './sealed-values.ts';
import type { Visit } from './visit.ts';
import { consentPage } from './views/consent-page.ts';

/** For how long somebody may think about it. */
export const consentMs = 600_000;
const longestState = 1024;
const longestShown = 200;

/** Shows who wants what, and asks: for every sign-in, whatever was said before. Any program on the machine can call itself by a
 * client's name and listen where it does (RFC 8252 §8.6), so a remembered yes would be a yes for all of them.
 * @throws OAuthError where nobody is known to send the browser back to
 */
export async function authorize(context: FacadeContext, visit: Visit): Promise<void> {
  const { urls, seals, cookies } = context;
  const { request, response, query } = visit;
  const parameters = readParameters(new URLSearchParams(query), ['resource']);
  const { client, redirectUri } = await findWhoAsks(parameters, context, visit);
  visit.learn({ redirectUri });
  const state = parameters.get('state');
  let asked: AuthorizationRequest;
  try {
    asked = readRequest(parameters, { query, client, redirectUri, context });
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    await visit.record({ event: 'refused', status: 303, reason: error.message, error: error.code });
    // Only where a registration leads, which is this machine or what the operator named: nobody else is sent anywhere.
    const back = { error: error.code, error_description: error.message, state: shortState(state), iss: urls.issuer };
    return sendBack(response, redirectUri, back);
  }
  const known = cookies.readBrowser(request);
  const browser = known ?? cookies.makeBrowser();
  const form = seals.consent.seal(
    {
      ...asked,
      app: { id: nameOf(client), name: client.name },
      id: randomBytes(16).toString('base64url'),
      browser: hash('sha256', browser, 'base64url'),
    },
    consentMs,
  );
  const page = consentPage({
    server: context.name,
    resourceUrl: context.resourceUrl,
    client: client.name,
    documentUrl: client.documentUrl,
    redirectUri,
    scopes: asked.scopes,
    provider: new URL(context.provider.issuer).host,
    action: urls.consent,
    form,
  });
  sendPage(response, 200, page, { hasForm: true, cookies: [cookies.browserLine(browser)] });
}

/** RFC 6749 §4.1.2.1: without these two the browser must not be sent anywhere.
 * @throws OAuthError invalid_request, invalid_client
 */
async function findWhoAsks(
  parameters: ReadonlyMap<string, string>,
  { clients }: FacadeContext,
  visit: Visit,
): Promise<{ readonly client: Client; readonly redirectUri: string }> {
  const id = parameters.get('client_id') ?? '';
  if (isDocumentUrl(id)) visit.learn({ app: id.slice(0, longestShown) });
  const client = await clients.find(id);
  if (client === undefined) {
    throw new OAuthError(
      'invalid_client',
      'The app is not registered here, or not any more. Remove its stored sign-in for this server and start again; it then registers itself.',
      { status: 400 },
    );
  }
  visit.learn({ app: nameOf(client), appName: client.name });
  const given = parameters.get('redirect_uri');
  const redirectUri = given ?? (client.redirectUris.length === 1 ? client.redirectUris[0] : undefined);
  if (redirectUri === undefined || !isRegistered(redirectUri, client.redirectUris)) {
    throw new OAuthError(
      'invalid_request',
      `The app wants you sent to ${JSON.stringify(given?.slice(0, 200) ?? 'nowhere')}, where it did not register to be.`,
    );
  }
  return { client, redirectUri };
}

function readRequest(
  parameters: ReadonlyMap<string, string>,
  {
    query,
    client,
    redirectUri,
    context,
  }: { query: string; client: Client; redirectUri: string; context: FacadeContext },
): AuthorizationRequest {
  const type = parameters.get('response_type');
  if (type !== 'code')
    throw new OAuthError('unsupported_response_type', `response_type is ${quote(type)}, expected code`);
  const mode = parameters.get('response_mode') ?? 'query';
  if (mode !== 'query') throw new OAuthError('invalid_request', `response_mode is ${quote(mode)}, expected query`);
  for (const name of ['request', 'request_uri']) {
    if (parameters.has(name))
      throw new OAuthError('invalid_request', `${name} is not taken here; send the parameters themselves`);
  }
  const challenge = parameters.get('code_challenge') ?? '';
  // Absent means plain (RFC 7636 §4.3), which protects nothing that is in the URL.
  if (parameters.get('code_challenge_method') !== 'S256' || !/^[\w-]{43}$/.test(challenge))
    throw new OAuthError('invalid_request', 'code_challenge with code_challenge_method=S256 is needed (RFC 7636)');
  const state = parameters.get('state');
  if (shortState(state) !== state)
    throw new OAuthError('invalid_request', `state has more than ${longestState} characters`);
  checkResource(new URLSearchParams(query).getAll('resource'), context.resourceUrl);
  const prompt = parameters.get('prompt');
  return {
    flow: randomBytes(16).toString('base64url'),
    client: client.digest,
    isKeyed: client.keys?.isRequired === true,
    redirectUri,
    state,
    challenge,
    scopes: [...chooseScopes(parameters.get('scope'), context)],
    prompt: prompt !== undefined && ['login', 'consent', 'select_account'].includes(prompt) ? prompt : undefined,
  };
}

/** What of it is offered here, and what the server needs when nothing is: RFC 6749 §3.3 lets the rest be left out, and the answer
 * says what was granted.
 */
function chooseScopes(asked: string | undefined, { scopes, usualScopes }: FacadeContext): readonly string[] {
  const chosen = [...new Set((asked ?? '').split(' '))].filter((one) => scopes.has(one));
  return chosen.length === 0 ? usualScopes : chosen;
}

/** RFC 8707 §2: a token of this façade is for this server alone, and a client that wants another must not get it.
 * @throws OAuthError invalid_target
 */
export function checkResource(asked: readonly string[], resourceUrl: string): void {
  const wanted = new URL(resourceUrl).href.replace(/\/$/, '');
  const other = asked.find((one) => !URL.canParse(one) || new URL(one).href.replace(/\/$/, '') !== wanted);
  if (other !== undefined)
    throw new OAuthError('invalid_target', `resource is ${quote(other)}, expected ${resourceUrl}`);
}

function shortState(state: string | undefined): string | undefined {
  return state !== undefined && state.length > longestState ? undefined : state;
}

function quote(text: string | undefined): string {
  return text === undefined ? 'missing' : JSON.stringify(text.slice(0, 100));
}
