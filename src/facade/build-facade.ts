import type { HttpClient } from '../lib/http-client.ts';
import type { Facade } from '../model/facade.ts';
import type { Log } from '../model/log.ts';
import type { Store } from '../model/store.ts';
import { fail } from '../model/usher-error.ts';
import type { ClientAuthentication } from '../oauth/token-request.ts';
import { readBody, sendError, sendJson, sendPage, sendPreflight } from './answers.ts';
import { authorize } from './authorize.ts';
import { comeBack } from './come-back.ts';
import { buildClientKeySets } from './client-key-sets.ts';
import { buildClientDocuments } from './client-documents.ts';
import { buildClients, nameOf } from './clients.ts';
import type { FacadeContext } from './context.ts';
import { buildCookies } from './cookies.ts';
import { decide } from './decide.ts';
import { buildGuardedFetch } from './guarded-fetch.ts';
import { issueTokens } from './issue-tokens.ts';
import { buildMetadata, facadeUrls, metadataPaths } from './metadata.ts';
import { OAuthError } from './oauth-error.ts';
import { buildProvider, type ProviderEndpoints } from './provider.ts';
import { register } from './registration.ts';
import type { FacadeSettings } from './schema.ts';
import { buildSeals } from './sealed.ts';
import { buildSpent, type SpentMemory } from './spent.ts';
import { errorPage } from './views/error-page.ts';
import { Visit } from './visit.ts';

export interface FacadeDeps {
  readonly name: string;
  readonly resourceUrl: string;
  readonly url: string;
  /** Of the provider people are signed in at. */
  readonly issuer: string;
  readonly allowedHosts: ReadonlySet<string>;
  readonly usualScopes: readonly string[];
  /** All that the server may ever ask for. */
  readonly everyScope: readonly string[];
  readonly client: ClientAuthentication;
  readonly http: HttpClient;
  /** Authorities that are trusted beside the system's, for documents of clients. */
  readonly ca: readonly string[] | undefined;
  readonly discover: () => Promise<ProviderEndpoints>;
  readonly store: Store | undefined;
  /** What was used here, also before the façade was configured as it is now. */
  readonly spentMemory: SpentMemory;
  readonly now: () => number;
  readonly log: Log;
}

type Answer = (visit: Visit) => void | Promise<void>;

/** An authorization server in front of the identity provider, for clients that register themselves where the provider does not
 * let them (docs/decisions/0027-facade.md).
 * @throws UsherError config_invalid when there is nothing to seal with
 */
export function buildFacade(settings: FacadeSettings, deps: FacadeDeps): Facade {
  const { name, url, log, now } = deps;
  const secret = settings.key?.reveal() ?? deps.store?.secretFor('façade').toString('base64');
  if (secret === undefined) throw fail('config_invalid', { report: 'facade.key is missing: the façade needs it' });
  const urls = facadeUrls(url);
  const seals = buildSeals(secret, { url, issuer: deps.issuer, clientId: deps.client.clientId }, now);
  const { clientDocuments: rules, redirectUris, unsafeDevLoopbackDocuments: isLoopback } = settings;
  const fetch = buildGuardedFetch({ isLoopback, ca: deps.ca, now });
  const documents = buildClientDocuments({ rules, redirectUris, fetch, now, log, name });
  const context: FacadeContext = {
    settings,
    urls,
    resourceUrl: deps.resourceUrl,
    name,
    usualScopes: deps.usualScopes,
    scopes: new Set([...deps.everyScope, ...settings.scopes]),
    provider: buildProvider(deps),
    seals,
    clients: buildClients(seals, documents, redirectUris),
    keySets: buildClientKeySets({ fetch, now, log, name }),
    spent: buildSpent(deps.spentMemory, deps.store, now),
    cookies: buildCookies(new URL(url).protocol === 'https:'),
    log,
    now,
  };
  const metadata = buildMetadata(urls, { scopes: [...context.scopes], takesDocuments: rules.length > 0 });
  const visited = { name, provider: deps.issuer, providerClient: deps.client.clientId };
  const pages = new Map<string, Page>();
  const add = (path: string, page: Page) => pages.set(path, page);
  for (const path of metadataPaths(url))
    add(path, {
      method: 'GET',
      isForPrograms: true,
      isOffRecord: true,
      answer: ({ response }) => sendJson(response, 200, metadata, { 'cache-control': 'max-age=300' }),
    });
  add(pathOf(urls.register), {
    method: 'POST',
    isForPrograms: true,
    answer: (visit) => answerRegistration(context, visit),
  });
  add(pathOf(urls.token), {
    method: 'POST',
    isForPrograms: true,
    answer: async (visit) => sendJson(visit.response, 200, await issueTokens(context, visit), { pragma: 'no-cache' }),
  });
  add(pathOf(urls.authorize), {
    method: 'GET',
    answer: (visit) => authorize(context, visit),
  });
  add(pathOf(urls.consent), { method: 'POST', answer: (visit) => decide(context, visit) });
  add(pathOf(urls.callback), {
    method: 'GET',
    answer: (visit) => comeBack(context, visit),
  });
  return {
    issuer: url,
    providerIssuer: deps.issuer,
    clientId: deps.client.clientId,
    callbackUrl: urls.callback,
    pages: new Map(
      [...pages].map(([path, page]) => [
        path,
        (inbound, audit) => void serve(page, new Visit(inbound, audit, visited), deps),
      ]),
    ),
  };
}

interface Page {
  readonly method: 'GET' | 'POST';
  /** JSON for programs, also in browsers; a page for people otherwise. */
  readonly isForPrograms?: true;
  /** What is public and the same for everybody. */
  readonly isOffRecord?: true;
  readonly answer: Answer;
}

async function answerRegistration({ seals, settings, log, name, now }: FacadeContext, visit: Visit): Promise<void> {
  const text = await readBody(visit.request, 'application/json');
  const { redirectUris: allowed, registrationDays: lifeDays, clientDocuments: rules } = settings;
  const { client, answer } = register(text, { seals, allowed, lifeDays, rules, nowMs: now() });
  log.info('A client registered itself', { server: name, client: client.name, redirectUris: client.redirectUris });
  visit.learn({ app: nameOf(client), appName: client.name, redirectUri: client.redirectUris.join(' ') });
  await visit.record({
    event: 'registered',
    status: 201,
    reason: 'Any app may register that comes back to an allowed place',
  });
  sendJson(visit.response, 201, answer);
}

/** Answers a request for one of the façade's addresses. Never rejects. */
async function serve(page: Page, visit: Visit, { allowedHosts, log, name }: FacadeDeps): Promise<void> {
  const { request, response } = visit;
  try {
    // A page whose name was rebound to this address sends its own name here.
    const host = (request.headers.host ?? '').replace(/:\d*$/, '').toLowerCase();
    if (!allowedHosts.has(host))
      throw new OAuthError('invalid_request', 'This host name is not one the gateway answers for.', { status: 403 });
    const { method = '' } = request;
    if (page.isForPrograms && method === 'OPTIONS') return sendPreflight(response, page.method);
    if (method !== page.method && !(method === 'HEAD' && page.method === 'GET')) {
      response.writeHead(405, { allow: page.method, 'cache-control': 'no-store' }).end();
      return;
    }
    if (!page.isOffRecord) visit.checkAudit();
    await page.answer(visit);
  } catch (thrown) {
    await refuse(thrown, page, visit, { log, name });
  }
}

async function refuse(
  thrown: unknown,
  { isForPrograms }: Page,
  visit: Visit,
  { log, name }: Pick<FacadeDeps, 'log' | 'name'>,
): Promise<void> {
  const { id, response } = visit;
  if (!(thrown instanceof OAuthError))
    log.error('The façade failed', {
      server: name,
      id,
      stack: thrown instanceof Error ? thrown.stack : String(thrown),
    });
  const error =
    thrown instanceof OAuthError
      ? thrown
      : new OAuthError('server_error', 'Something went wrong here.', { status: 500 });
  const { status, code, message: reason, details } = error;
  if (thrown instanceof OAuthError)
    log.info('The façade refused a request', { server: name, id, error: code, description: reason });
  await visit.record({ event: 'refused', status, reason, error: code, ...(details === undefined ? {} : { details }) });
  if (response.headersSent || response.destroyed) return void response.destroy();
  // What was not read of a body would be taken for the next request.
  if (!response.req.complete) response.setHeader('connection', 'close');
  if (isForPrograms) return sendError(response, error);
  sendPage(response, status, errorPage({ detail: reason, requestId: id }));
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}
