import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, Provider, type KoaContextWithOIDC } from 'oidc-provider';
import { fail } from '../model/usher-error.ts';
import { shapeAnswer } from './answers.ts';
import { grantClientCredentials } from './client-credentials.ts';
import { activatePath, prepareActivation } from './device-flow.ts';
import { handleInteraction } from './interactions.ts';
import type { ServerContext } from './org.ts';
import { answerErrorPage } from './pages.ts';
import { buildProviderSettings } from './provider-settings.ts';
import { readmitClient } from './readmit-client.ts';
import { refuseTokenRequest } from './refuse-token-request.ts';
import { readForm, withForm } from './requests.ts';
import { maskToken } from './store.ts';
import { grantTokenExchange, tokenExchangeParameters, type ExchangeContext } from './token-exchange.ts';
import { tokenExchangeGrant } from '../model/urns.ts';

/** Answers one request that is for this server. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** One custom authorization server, with the keys it has now: a rotation builds it anew on the same store.
 * @throws UsherError `config_invalid` when the seed has an app that oidc-provider does not take
 */
export async function buildAuthorizationServer(context: ServerContext): Promise<RequestHandler> {
  const { org, server, issuer } = context;
  const provider = new Provider(issuer, buildProviderSettings(context));
  provider.registerGrantType('client_credentials', (ctx) => grantClientCredentials(context, ctx), 'scope');
  provider.registerGrantType(
    tokenExchangeGrant,
    (ctx: ExchangeContext) => grantTokenExchange(context, ctx),
    tokenExchangeParameters,
  );
  const refuse = refuseTokenRequest.bind(undefined, context);
  provider.on('grant.error', refuse);
  provider.on('introspection.error', refuse);
  provider.on('revocation.error', refuse);
  provider.on('device_authorization.error', refuse);
  const tell = (ctx: KoaContextWithOIDC, error: errors.OIDCProviderError) => {
    org.log('authorization refused', {
      server: server.id,
      client: ctx.oidc.client?.clientId ?? ctx.oidc.params?.client_id,
      user: org.directory.findUser(ctx.oidc.session?.accountId ?? '')?.login,
      scopes: ctx.oidc.params?.scope,
      error: error.error,
      reason: 'reason' in error ? error.reason : (error.error_detail ?? error.error_description),
    });
  };
  provider.on('authorization.error', tell);
  provider.on('code_verification.error', (ctx, error) => {
    // Codes that people mistype are none of them.
    if (error instanceof errors.OIDCProviderError) tell(ctx, error);
  });
  provider.on('device_resume.error', tell);
  provider.silent = true;
  const emitter: EventEmitter = provider;
  emitter.on('error', (error: unknown) => org.log('request failed', { server: server.id, reason: String(error) }));
  provider.on('server_error', (ctx, error) => {
    org.log('request failed', { server: server.id, path: ctx.path, reason: error.stack ?? error.message });
  });

  const mountPath = new URL(issuer).pathname;
  provider.use(async (ctx: KoaContextWithOIDC, next) => {
    ctx.mountPath = mountPath;
    ctx.path = ctx.path.slice(mountPath.length) || '/';
    if (ctx.path === '/v1/clients' && answerPreflight(ctx)) return;
    if (ctx.path === activatePath && (await prepareActivation(context, ctx))) return;
    if (ctx.path.startsWith('/signin/')) return await answerInteraction(context, provider, ctx);
    if (ctx.method === 'POST' && (ctx.path === '/v1/introspect' || ctx.path === '/v1/revoke')) await maskFormToken(ctx);
    if (ctx.method === 'GET' && ctx.path === '/v1/authorize') await readmitClient(context, provider, ctx.querystring);
    await next();
    if ('oidc' in ctx) await shapeAnswer(context, ctx);
  });
  for (const app of org.directory.apps) await checkApp(provider, app.clientId);
  const answer = provider.callback();
  return (request, response) => void answer(request, response);
}

/** Has oidc-provider read an app, which it otherwise does with the app's first request.
 * @throws UsherError `config_invalid` when it does not take it
 */
async function checkApp(provider: Provider, clientId: string): Promise<void> {
  try {
    await provider.Client.find(clientId);
  } catch (cause) {
    if (!(cause instanceof errors.OIDCProviderError)) throw cause;
    const report = `Cannot use the seed: app "${clientId}": ${cause.error_description ?? cause.message}`;
    throw fail('config_invalid', { report }, { cause });
  }
}

/** Clients that run in a browser register themselves from pages of any origin; there is no cookie or secret involved.
 * True when it was only the question whether they may (Fetch standard, CORS preflight).
 */
function answerPreflight(ctx: KoaContextWithOIDC): boolean {
  ctx.set('Access-Control-Allow-Origin', '*');
  if (ctx.method !== 'OPTIONS') return false;
  ctx.set('Access-Control-Allow-Methods', 'POST');
  ctx.set('Access-Control-Allow-Headers', 'content-type, mcp-protocol-version');
  ctx.status = 204;
  return true;
}

async function answerInteraction(context: ServerContext, provider: Provider, ctx: KoaContextWithOIDC): Promise<void> {
  try {
    await handleInteraction(context, provider, ctx);
  } catch (error) {
    if (!(error instanceof Error && 'error' in error && typeof error.error === 'string')) throw error;
    // The sign-in is over or another browser's: nothing to go back to.
    ctx.status = 400;
    const description = 'This sign-in has ended or was begun in another browser.';
    answerErrorPage(context.org, ctx, { error: error.error, error_description: description }, error);
  }
}

async function maskFormToken(ctx: KoaContextWithOIDC): Promise<void> {
  const form = await readForm(ctx.req);
  if (form === undefined) return;
  const [token, ...more] = form.getAll('token');
  // A token sent twice stays so, to be refused.
  if (token !== undefined && more.length === 0) form.set('token', maskToken(token));
  ctx.req = withForm(ctx.req, form);
}
