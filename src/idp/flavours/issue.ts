import { randomUUID } from 'node:crypto';
import { atHash } from '../access-token.ts';
import type { Granted, Tenant } from './flavour.ts';
import { protectToken, signToken } from './sign-token.ts';

interface IssueOptions {
  readonly isExchange?: boolean;
  readonly refreshToken?: string;
  readonly nonce?: string | undefined;
}

/** The answer of the token endpoint to what was granted. */
export async function issue(
  tenant: Tenant,
  granted: Granted,
  { isExchange = false, refreshToken, nonce }: IssueOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const content = tenant.flavour.accessToken(tenant, granted);
  const { claims } = content;
  const accessToken = await protectToken(tenant, content);
  const hasIdToken = !isExchange && granted.scopes.includes('openid');
  tenant.log('token issued', {
    client: granted.app.clientId,
    user: granted.user.login,
    audience: claims.aud,
    scopes: granted.scopes.join(' '),
    jti: claims.jti ?? claims['uti'],
  });
  return {
    access_token: accessToken,
    expires_in: granted.lifetimeSeconds,
    token_type: 'Bearer',
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(hasIdToken ? { id_token: await signIdToken(tenant, granted, accessToken, nonce) } : {}),
    ...tenant.flavour.answer(tenant, granted, isExchange),
  };
}

/** OpenID Connect Core §2. */
async function signIdToken(tenant: Tenant, granted: Granted, accessToken: string, nonce: string | undefined) {
  const now = Math.floor(tenant.now() / 1000);
  const { app, user } = granted;
  const claims = {
    iss: tenant.issuer,
    aud: app.clientId,
    iat: now,
    exp: now + 3600,
    auth_time: granted.authTime,
    sid: granted.sessionId,
    jti: randomUUID(),
    at_hash: atHash(accessToken),
    ...(nonce === undefined ? {} : { nonce }),
    ...tenant.flavour.describeUser(tenant, user, app),
  };
  return await signToken(tenant, claims, { typ: 'JWT' });
}
