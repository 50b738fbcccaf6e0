import * as oauth from 'oauth4webapi';
import { holdLock } from '../../lib/hold-lock.ts';
import type { HttpClient } from '../../lib/http-client.ts';
import type { Secret } from '../../model/secret.ts';
import type { SecretStore } from '../../model/secret-store.ts';
import { clientSecretBasic } from '../../oauth/client-authentication/build-client-authentication.ts';
import type { ClientAuthentication } from '../../oauth/token-request.ts';
import { isLoginName, lockPathOf, readLogin, type KeptLogin } from './kept-login.ts';
import { findClientById, publicClient } from './login-client.ts';
import { readServer } from './login-server.ts';
import { LoginTrouble, readTrouble } from './login-trouble.ts';
import { throughHttp } from './token-requests.ts';

/** A login that is kept, without what opens anything. */
export interface NamedLogin {
  /** In the secret store. */
  readonly name: string;
  /** Undefined where it cannot be read any more. */
  readonly issuer: string | undefined;
  readonly clientId: string | undefined;
  /** Would the client's secret be sent for it, if one is given? Not where it had none, nor where Usher registered the client. */
  readonly takesSecret: boolean;
  /** Who signed in, as far as the provider said. */
  readonly who: string | undefined;
  /** Mounted servers that signed in with it or refreshed it. */
  readonly servers: readonly string[];
}

/** What became of the tokens at the provider. They are forgotten here whatever it was. */
export type Revocation =
  | { readonly end: 'revoked'; readonly accessUntilMs?: number }
  | { readonly end: 'no endpoint'; readonly accessUntilMs?: number }
  | { readonly end: 'failed'; readonly reason: string; readonly advice: string };

export interface SignOutDeps {
  readonly http: HttpClient;
  readonly secrets: SecretStore;
  /** Of the client that was signed in with, where it has one and did not register itself. */
  readonly clientSecret: Secret | undefined;
  /** How long another process is waited for that refreshes the login. */
  readonly lockMs: number;
}

/** Every login there is. */
export function listLogins(secrets: SecretStore): readonly NamedLogin[] {
  const names = secrets.list().map(({ name }) => name);
  return names.filter(isLoginName).map((name) => {
    const kept = readLogin(secrets, name);
    return {
      name,
      issuer: kept?.issuer,
      clientId: kept?.clientId,
      takesSecret: kept !== undefined && takesSecret(kept, secrets),
      who: kept?.personName ?? kept?.subject,
      servers: kept?.servers ?? [],
    };
  });
}

/** Forgets a login and takes its tokens back at the provider (RFC 7009), in this order: whatever the provider says, they are gone
 * here. Under the lock of whoever refreshes it, or a refresh under way would keep it anew.
 * @returns undefined where it is not there any more, or could not be read
 * @throws LoginTrouble when it is being refreshed for longer than anybody should wait
 */
export async function signOut(name: string, deps: SignOutDeps): Promise<Revocation | undefined> {
  const { secrets, lockMs } = deps;
  const path = lockPathOf(secrets, name);
  const kept = await (async () => {
    await using lock = await holdLock(path, { timeoutMs: lockMs });
    if (lock === undefined)
      throw new LoginTrouble(
        `another Usher has been refreshing it for more than ${lockMs / 1000} s`,
        `Try again; when none runs any more, remove ${path}`,
      );
    const found = readLogin(secrets, name);
    await secrets.remove(name);
    return found;
  })();
  return kept === undefined ? undefined : await revoke(kept, deps);
}

async function revoke(kept: KeptLogin, { http, secrets, clientSecret }: SignOutDeps): Promise<Revocation> {
  const { issuer, refreshToken, accessToken, expiresAtMs } = kept;
  const sent = [accessToken, refreshToken ?? '', clientSecret?.reveal() ?? ''];
  const until = expiresAtMs === undefined ? {} : { accessUntilMs: expiresAtMs };
  try {
    const server = await readServer(issuer, http);
    if (server.revocation_endpoint === undefined) return { end: 'no endpoint', ...until };
    const client = findClient(kept, { secrets, clientSecret });
    const request = { server, client, http };
    // The longer-lived first; servers take the access tokens that came of it back with it (RFC 7009 §2.1).
    if (refreshToken !== undefined) await revokeOne(request, refreshToken, 'refresh_token');
    try {
      await revokeOne(request, accessToken, 'access_token');
    } catch (cause) {
      // RFC 7009 §2.2.1: one that checks access tokens by their signature alone cannot take them back.
      const isUnsupported = cause instanceof oauth.ResponseBodyError && cause.error === 'unsupported_token_type';
      if (!isUnsupported) throw cause;
      return { end: 'revoked', ...until };
    }
    return { end: 'revoked' };
  } catch (cause) {
    const { message: reason, advice } = readTrouble(cause, sent);
    return { end: 'failed', reason, advice };
  }
}

function takesSecret(kept: KeptLogin, secrets: SecretStore): boolean {
  return kept.hasSecret !== false && findClientById(kept, secrets) === undefined;
}

function findClient(
  kept: KeptLogin,
  { secrets, clientSecret }: Pick<SignOutDeps, 'secrets' | 'clientSecret'>,
): ClientAuthentication {
  const { clientId } = kept;
  if (clientSecret === undefined || !takesSecret(kept, secrets))
    return findClientById(kept, secrets) ?? publicClient(clientId);
  const secret = clientSecret.reveal();
  return { clientId, authenticate: clientSecretBasic(secret), secrets: [secret] };
}

/** @throws what oauth4webapi throws, or HttpClientError */
async function revokeOne(
  { server, client, http }: { server: oauth.AuthorizationServer; client: ClientAuthentication; http: HttpClient },
  token: string,
  hint: 'refresh_token' | 'access_token',
): Promise<void> {
  const named = { client_id: client.clientId };
  const options = { ...throughHttp(http), additionalParameters: { token_type_hint: hint } };
  const answer = await oauth.revocationRequest(server, named, client.authenticate, token, options);
  await oauth.processRevocationResponse(answer);
}
