import { hash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { readBody, readParameters } from './answers.ts';
import { checkResource } from './authorize.ts';
import { codeMs } from './come-back.ts';
import type { FacadeContext } from './context.ts';
import { OAuthError } from './oauth-error.ts';
import type { ProviderTokens } from './provider.ts';
import type { KnownClient } from './clients.ts';

/** For so long a refresh token that was used is known as used. */
const usedRefreshMs = 30 * 86_400_000;

/** Hands out the provider's tokens: for a code, or for a refresh token. It keeps none of them: a refresh token is the
 * provider's own, sealed, so that only this client can use it, here, once.
 * @throws OAuthError
 */
export async function issueTokens(
  context: FacadeContext,
  request: IncomingMessage,
): Promise<Readonly<Record<string, unknown>>> {
  const text = await readBody(request, 'application/x-www-form-urlencoded');
  const form = readParameters(new URLSearchParams(text), ['resource']);
  if (request.headers.authorization !== undefined)
    throw new OAuthError(
      'invalid_client',
      'clients have no secret here: send client_id in the body, and no Authorization',
    );
  const client = context.clients.recognize(form.get('client_id') ?? '');
  if (client === undefined)
    throw new OAuthError('invalid_client', 'client_id is not of a client that is registered here; register again');
  checkResource(new URLSearchParams(text).getAll('resource'), context.resourceUrl);
  const grant = form.get('grant_type');
  if (grant === 'authorization_code') return await redeemCode(context, client, form);
  if (grant === 'refresh_token') return await refresh(context, client, form);
  throw new OAuthError('unsupported_grant_type', 'grant_type is neither authorization_code nor refresh_token');
}

async function redeemCode(context: FacadeContext, client: KnownClient, form: ReadonlyMap<string, string>) {
  const { seals, spent, provider, urls, settings, resourceUrl } = context;
  const code = seals.code.open(form.get('code') ?? '');
  if (code === undefined || code.client !== client.digest)
    throw new OAuthError('invalid_grant', 'code is not one for this client, or is over');
  if (form.get('redirect_uri') !== undefined && form.get('redirect_uri') !== code.redirectUri)
    throw new OAuthError('invalid_grant', 'redirect_uri is not the one the code was sent to');
  const verifier = form.get('code_verifier') ?? '';
  // RFC 7636 §4.1, §4.6.
  if (!/^[\w.~-]{43,128}$/.test(verifier) || hash('sha256', verifier, 'base64url') !== code.challenge)
    throw new OAuthError('invalid_grant', 'code_verifier does not fit the code_challenge of the sign-in');
  if (!(await spent.take(`code ${code.id}`, codeMs))) throw new OAuthError('invalid_grant', 'code was used before');
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
  return answerOf(context, client, tokens);
}

async function refresh(context: FacadeContext, client: KnownClient, form: ReadonlyMap<string, string>) {
  const { seals, spent, provider, settings, resourceUrl } = context;
  const kept = seals.refresh.open(form.get('refresh_token') ?? '');
  if (kept?.client !== client.digest)
    throw new OAuthError('invalid_grant', 'refresh_token is not one of this client; sign in again');
  // RFC 9700 §4.14.2: a public client's are good once, also where the provider's own is good for longer.
  if (!(await spent.take(`refresh ${kept.id}`, usedRefreshMs)))
    throw new OAuthError('invalid_grant', 'refresh_token was used before; sign in again');
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
    return answerOf(context, client, { ...tokens, refreshToken: tokens.refreshToken ?? kept.token });
  } catch (error) {
    // The provider did nothing with it, so the client may come again.
    if (error instanceof OAuthError && error.status >= 500) await spent.giveBack(`refresh ${kept.id}`);
    throw error;
  }
}

/** RFC 6749 §5.1. An ID token stays behind: it is about the gateway's own client, and of an issuer this client does not know. */
function answerOf(
  { seals }: FacadeContext,
  client: KnownClient,
  tokens: ProviderTokens,
): Readonly<Record<string, unknown>> {
  const { accessToken, refreshToken, expiresIn, scope } = tokens;
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    ...(expiresIn === undefined ? {} : { expires_in: expiresIn }),
    ...(scope === undefined ? {} : { scope }),
    ...(refreshToken === undefined
      ? {}
      : {
          refresh_token: seals.refresh.seal({
            id: randomBytes(16).toString('base64url'),
            client: client.digest,
            token: refreshToken,
          }),
        }),
  };
}
