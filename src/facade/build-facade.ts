import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpClient } from '../lib/http-client.ts';
import type { Facade } from '../model/facade.ts';
import type { Log } from '../model/log.ts';
import type { Store } from '../model/store.ts';
import { fail } from '../model/usher-error.ts';
import type { ClientAuthentication } from '../oauth/token-request.ts';
import { readBody, sendError, sendJson, sendPage, sendPreflight } from './answers.ts';
import { authorize } from './authorize.ts';
import { comeBack } from './come-back.ts';
import { buildClientDocuments } from './client-documents.ts';
import { buildClients } from './clients.ts';
import type { FacadeContext } from './context.ts';
import { buildCookies } from './cookies.ts';
import { decide } from './decide.ts';
import { issueTokens } from './issue-tokens.ts';
import { buildMetadata, facadeUrls, metadataPaths } from './metadata.ts';
import { OAuthError } from './oauth-error.ts';
import { buildProvider, type ProviderEndpoints } from './provider.ts';
import { register } from './registration.ts';
import type { FacadeSettings } from './schema.ts';
import { buildSeals } from './sealed.ts';
import { buildSpent } from './spent.ts';
import { errorPage } from './views/error-page.ts';

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
  readonly now: () => number;
  readonly log: Log;
}

type Answer = (request: IncomingMessage, response: ServerResponse, query: string) => void | Promise<void>;

/** An authorization server in front of the identity provider, for clients that register themselves where the provider does not
 * let them (docs/decisions/0027-facade.md).
 * @throws UsherError config_invalid when there is nothing to seal with
 */
export function buildFacade(settings: FacadeSettings, deps: FacadeDeps): Facade {
  const { name, url, log, now } = deps;
  const secret = settings.key?.reveal() ?? deps.store?.secretFor('façade').toString('base64');
  if (secret === undefined) throw fail('config_invalid', { report: 'facade.key is missing: the façade needs it' });
  const urls = facadeUrls(url);
  const seals = buildSeals(secret, url, now);
  const { clientDocuments: rules, redirectUris, unsafeDevelopmentLoopbackDocuments: isLoopback } = settings;
  const documents = buildClientDocuments({ rules, redirectUris, isLoopback, ca: deps.ca, now, log, name });
  const context: FacadeContext = {
    settings,
    urls,
    resourceUrl: deps.resourceUrl,
    name,
    usualScopes: deps.usualScopes,
    scopes: new Set([...deps.everyScope, ...settings.scopes]),
    provider: buildProvider(deps),
    seals,
    clients: buildClients(seals, documents),
    spent: buildSpent(deps.store),
    cookies: buildCookies(new URL(url).protocol === 'https:'),
    log,
    now,
  };
  const metadata = buildMetadata(urls, { scopes: [...context.scopes], takesDocuments: rules.length > 0 });
  const lifeDays = settings.registrationDays;
  const pages = new Map<string, Page>();
  const add = (path: string, page: Page) => pages.set(path, page);
  for (const path of metadataPaths(url))
    add(path, {
      method: 'GET',
      isForPrograms: true,
      answer: (_, response) => sendJson(response, 200, metadata, { 'cache-control': 'max-age=300' }),
    });
  add(pathOf(urls.register), {
    method: 'POST',
    isForPrograms: true,
    async answer(request, response) {
      const text = await readBody(request, 'application/json');
      const registered = register(text, {
        seals: context.seals,
        allowed: settings.redirectUris,
        lifeDays,
        nowMs: now(),
      });
      log.info('A client registered itself', {
        server: name,
        client: registered['client_name'],
        redirectUris: registered['redirect_uris'],
      });
      sendJson(response, 201, registered);
    },
  });
  add(pathOf(urls.token), {
    method: 'POST',
    isForPrograms: true,
    answer: async (request, response) =>
      sendJson(response, 200, await issueTokens(context, request), { pragma: 'no-cache' }),
  });
  add(pathOf(urls.authorize), {
    method: 'GET',
    answer: (request, response, query) => authorize(context, request, response, query),
  });
  add(pathOf(urls.consent), { method: 'POST', answer: (request, response) => decide(context, request, response) });
  add(pathOf(urls.callback), {
    method: 'GET',
    answer: (request, response, query) => comeBack(context, request, response, query),
  });
  return {
    issuer: url,
    providerIssuer: deps.issuer,
    clientId: deps.client.clientId,
    callbackUrl: urls.callback,
    pages: new Map(
      [...pages].map(([path, page]) => [path, (request, response) => void serve(page, request, response, deps)]),
    ),
  };
}

interface Page {
  readonly method: 'GET' | 'POST';
  /** JSON for programs, also in browsers; a page for people otherwise. */
  readonly isForPrograms?: true;
  readonly answer: Answer;
}

/** Answers a request for one of the façade's addresses. Never rejects. */
async function serve(
  page: Page,
  request: IncomingMessage,
  response: ServerResponse,
  { allowedHosts, log, name }: FacadeDeps,
): Promise<void> {
  try {
    // A page whose name was rebound to this address sends its own name here.
    const host = (request.headers.host ?? '').replace(/:\d*$/, '').toLowerCase();
    if (!allowedHosts.has(host))
      throw new OAuthError('invalid_request', 'This host name is not one the gateway answers for.', { status: 403 });
    const { method = '', url = '' } = request;
    if (page.isForPrograms && method === 'OPTIONS') return sendPreflight(response, page.method);
    if (method !== page.method && !(method === 'HEAD' && page.method === 'GET')) {
      response.writeHead(405, { allow: page.method, 'cache-control': 'no-store' }).end();
      return;
    }
    const mark = url.indexOf('?');
    await page.answer(request, response, mark === -1 ? '' : url.slice(mark + 1));
  } catch (thrown) {
    refuse(thrown, page, response, { log, name });
  }
}

function refuse(
  thrown: unknown,
  { isForPrograms }: Page,
  response: ServerResponse,
  { log, name }: Pick<FacadeDeps, 'log' | 'name'>,
): void {
  const id = randomUUID();
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
  if (thrown instanceof OAuthError)
    log.info('The façade refused a request', { server: name, id, error: error.code, description: error.message });
  if (response.headersSent || response.destroyed) return void response.destroy();
  // What was not read of a body would be taken for the next request.
  if (!response.req.complete) response.setHeader('connection', 'close');
  if (isForPrograms) return sendError(response, error);
  sendPage(response, error.status, errorPage({ detail: error.message, requestId: id }));
}

function pathOf(url: string): string {
  return new URL(url).pathname;
}
