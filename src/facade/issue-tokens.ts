import { hash, randomBytes } from 'node:crypto';
import { readBody, readParameters } from './answers.ts';
import { checkResource } from './authorize.ts';
import { codeMs } from './come-back.ts';
import type { FacadeContext } from './context.ts';
import { OAuthError } from './oauth-error.ts';
import { proveClient, readClientId, refuseUnproved } from './prove-client.ts';
import type { ProviderTokens } from './provider.ts';
import { readIssued, type Issued } from './read-issued.ts';
import type { Visit } from './visit.ts';
import { describeRequest } from './describe-request.ts';
import { nameOf, type KnownClient } from './clients.ts';
import { isRegistered } from './redirect-uri.ts';

/** A refresh token that nobody uses for so long is over (RFC 9700 §4.14.2): no longer is it known that one was used. */
const unusedRefreshMs = 30 * 86_400_000;
/** An app with several windows may ask twice at the same moment: it is refused the second time, and nothing else. */
const latelyMs = 10_000;

/** Hands out the provider's tokens: for a code, or for a refresh token. It keeps none of them: a refresh token is the
 * provider's own, sealed, so that only this client can use it, here, once.
 * @throws OAuthError
 */
export async function issueTokens(context: FacadeContext, visit: Visit): Promise<Readonly<Record<string, unknown>>> {
  const { request } = visit;
  const text = await readBody(request, 'application/x-www-form-urlencoded');
  const form = readParameters(new URLSearchParams(text), ['resource']);
  if (request.headers.authorization !== undefined)
    throw new OAuthError(
      'invalid_client',
      'clients have no secret here: send client_id in the body, and no Authorization',
    );
  const client = context.clients.recognize(readClientId(form));
  if (client === undefined)
    throw new OAuthError('invalid_client', 'client_id is not of a client that is registered here; register again');
  visit.learn({ app: nameOf(client), ...(client.name === undefined ? {} : { appName: client.name }) });
  checkResource(new URLSearchParams(text).getAll('resource'), context.resourceUrl);
  const isProved = await proveClient(context, client, form);
  const grant = form.get('grant_type');
  if (grant === 'authorization_code') return await redeemCode(context, { client, isProved, form, visit });
  if (grant === 'refresh_token') return await refresh(context, { client, isProved, form, visit });
  throw new OAuthError('unsupported_grant_type', 'grant_type is neither authorization_code nor refresh_token');
}

/** Whose request for tokens it is. */
interface TokenRequest {
  readonly client: KnownClient;
  /** Did it prove by its key that it is that client? */
  readonly isProved: boolean;
  readonly form: ReadonlyMap<string, string>;
  readonly visit: Visit;
}

async function redeemCode(context: FacadeContext, { client, isProved, form, visit }: TokenRequest) {
  const { seals, spent, provider, urls, settings, resourceUrl } = context;
  const code = seals.code.open(form.get('code') ?? '');
  if (code === undefined || code.client !== client.digest)
    throw new OAuthError('invalid_grant', 'code is not one for this client, or is over');
  if (client.redirectUris !== undefined && !isRegistered(code.redirectUri, client.redirectUris))
    throw new OAuthError('invalid_grant', 'code was sent where this client may not come back to any more');
  if (code.isKeyed === true && !isProved) throw refuseUnproved();
  visit.learn(describeRequest(code));
  if (form.get('redirect_uri') !== undefined && form.get('redirect_uri') !== code.redirectUri)
    throw new OAuthError('invalid_grant', 'redirect_uri is not the one the code was sent to');
  const verifier = form.get('code_verifier') ?? '';
  // RFC 7636 §4.1, §4.6.
  if (!/^[\w.~-]{43,128}$/.test(verifier) || hash('sha256', verifier, 'base64url') !== code.challenge)
    throw new OAuthError('invalid_grant', 'code_verifier does not fit the code_challenge of the sign-in');
  if (!(await spent.take('code', code.id, codeMs)))
    throw await reuse(visit, { event: 'code-reused', reason: 'code was used before' });
  const tokens = await provider.askForTokens(
    {
      grant_type: 'authorization_code',
      code: code.providerCode,
      redirect_uri: urls.callback,
      code_verifier: code.verifier,
      ...(settings.dropResource ? {} : { resource: resourceUrl }),
    },
    [code.providerCode, code.verifier],
  );
  context.log.info('A client got tokens', { server: context.name, client: client.name ?? client.id });
  return await hand(context, visit, { tokens, client, isKeyed: isProved, flow: code.flow, event: 'issued' });
}

async function refresh(context: FacadeContext, { client, isProved, form, visit }: TokenRequest) {
  const { seals, spent, provider, settings, resourceUrl } = context;
  const kept = seals.refresh.open(form.get('refresh_token') ?? '');
  if (kept?.client !== client.digest)
    throw new OAuthError('invalid_grant', 'refresh_token is not one of this client; sign in again');
  if (kept.isKeyed === true && !isProved) throw refuseUnproved();
  const { flow, who } = kept;
  visit.learn({ ...describeRequest(kept), ...(who === undefined ? {} : { who }) });
  // RFC 9700 §4.14.2: a public client's are good once, also where the provider's own is good for longer.
  if (flow !== undefined && (await spent.takenAtMs('ended', flow)) !== undefined)
    throw new OAuthError(
      'invalid_grant',
      'one of its refresh tokens was used twice, which ended the sign-in; sign in again',
    );
  if (!(await spent.take('refresh', kept.id, unusedRefreshMs))) throw await refuseCopy(context, visit, kept);
  const scopes = (form.get('scope') ?? '').split(' ').filter((one) => context.scopes.has(one));
  try {
    const tokens = await provider.askForTokens(
      {
        grant_type: 'refresh_token',
        refresh_token: kept.token,
        ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
        ...(settings.dropResource ? {} : { resource: resourceUrl }),
      },
      [kept.token],
    );
    const next = { ...tokens, refreshToken: tokens.refreshToken ?? kept.token };
    return await hand(context, visit, {
      tokens: next,
      client,
      isKeyed: isProved,
      flow,
      event: 'refreshed',
      earlier: who,
    });
  } catch (error) {
    // The provider did nothing with it, so the client may come again.
    if (error instanceof OAuthError && error.status >= 500) await spent.giveBack('refresh', kept.id);
    throw error;
  }
}

/** One of two has a copy of it, and nobody can tell which: the sign-in ends for both (RFC 9700 §4.14.2), here and at the provider. */
async function refuseCopy(
  { spent, provider, now }: FacadeContext,
  visit: Visit,
  { id, flow, token }: { readonly id: string; readonly flow?: string | undefined; readonly token: string },
): Promise<OAuthError> {
  const takenAtMs = await spent.takenAtMs('refresh', id);
  if (takenAtMs !== undefined && now() - takenAtMs < latelyMs) {
    const reason = 'refresh_token was used before, a moment ago; sign in again';
    return await reuse(visit, { event: 'refresh-token-reused', reason });
  }
  if (flow !== undefined) await spent.take('ended', flow, unusedRefreshMs);
  const isRevoked = await provider.revoke(token);
  const reason = `refresh_token was used before, which ends the sign-in${isRevoked ? ' here and at the identity provider' : ''}; sign in again`;
  return await reuse(visit, { event: 'refresh-token-reused', reason });
}

async function reuse(
  visit: Visit,
  { event, reason }: { readonly event: 'code-reused' | 'refresh-token-reused'; readonly reason: string },
): Promise<OAuthError> {
  const error = new OAuthError('invalid_grant', reason);
  await visit.record({ event, status: error.status, reason, error: error.code });
  return error;
}

interface Handed {
  readonly tokens: ProviderTokens;
  readonly client: KnownClient;
  /** Its refresh token is of no use without its key. */
  readonly isKeyed: boolean;
  readonly flow: string | undefined;
  readonly event: 'issued' | 'refreshed';
  /** Whose they were before. */
  readonly earlier?: Issued['who'] | undefined;
}

/** RFC 6749 §5.1. An ID token stays behind: it is about the gateway's own client, and of an issuer this client does not know. */
async function hand(
  { seals }: FacadeContext,
  visit: Visit,
  { tokens, client, isKeyed, flow, event, earlier }: Handed,
): Promise<Readonly<Record<string, unknown>>> {
  const { accessToken, refreshToken, expiresIn, scope, idToken } = tokens;
  const { who: found, claims } = readIssued(accessToken, idToken);
  const who = found.sub === undefined && earlier !== undefined ? earlier : found;
  visit.learn({ who, claims, ...(scope === undefined ? {} : { scopes: scope.split(' ') }) });
  const reason = event === 'issued' ? 'The code was redeemed' : 'The refresh token was redeemed';
  await visit.record({ event, status: 200, reason });
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
    ...(scope === undefined ? {} : { scope }),
    ...(refreshToken === undefined
      ? {}
      : {
          refresh_token: seals.refresh.seal(
            {
              ...(flow === undefined ? {} : { flow }),
              id: randomBytes(16).toString('base64url'),
              client: client.digest,
              isKeyed,
              token: refreshToken,
              who,
            },
            unusedRefreshMs,
          ),
        }),
  };
}
