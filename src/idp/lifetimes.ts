import type { Configuration, RefreshToken } from 'oidc-provider';
import { decide } from './decide.ts';
import type { ServerContext } from './org.ts';
import type { PolicyQuestion } from './policy.ts';
import { deviceCodeGrant, tokenExchangeGrant } from '../model/urns.ts';

/** How long things live, in seconds. For tokens the rule that grants them says so: this is where the policy is asked
 * at the token endpoint, by every grant alike, and where what no rule grants is refused.
 */
export function buildLifetimes(context: ServerContext): NonNullable<Configuration['ttl']> {
  const { lifetimes } = context.org.seed;
  return {
    AccessToken: (_, token) => seconds(decide(context, questionOf(context, token)).accessTokenLifetimeMinutes),
    ClientCredentials: (_, { clientId = '', scopes }) => {
      const question = { clientId, grantType: 'client_credentials', user: undefined, scopes: [...scopes] } as const;
      return seconds(decide(context, question).accessTokenLifetimeMinutes);
    },
    RefreshToken: (_, token) => refreshTokenLifetime(context, token),
    DeviceCode: lifetimes.deviceCodeSeconds,
    AuthorizationCode: lifetimes.authorizationCodeSeconds,
    IdToken: seconds(lifetimes.idTokenMinutes),
    Session: seconds(lifetimes.sessionMinutes),
    Interaction: seconds(60),
    // As long as any refresh token.
    Grant: seconds(2_628_000),
  };
}

function seconds(minutes: number): number {
  return minutes * 60;
}

/** The window starts anew with each rotation, the lifetime runs from the first one. */
function refreshTokenLifetime(context: ServerContext, token: RefreshToken): number {
  const rule = decide(context, questionOf(context, token));
  const window = seconds(rule.refreshTokenWindowMinutes);
  if (rule.refreshTokenLifetimeMinutes === 0) return window;
  const now = Math.floor(context.org.now() / 1000);
  const left = (token.iiat ?? now) + seconds(rule.refreshTokenLifetimeMinutes) - now;
  return Math.max(1, Math.min(window, left));
}

/** How oidc-provider calls the grant that something began by. */
const grantByType: Readonly<Record<string, PolicyQuestion['grantType']>> = {
  [tokenExchangeGrant]: tokenExchangeGrant,
  device_code: deviceCodeGrant,
};

interface UserToken {
  readonly accountId: string;
  readonly clientId?: string | undefined;
  readonly gty?: string | undefined;
  readonly scopes: Set<string>;
}

/** A refreshed token has the grant "authorization_code refresh_token"; the policy goes by how it began. */
function questionOf({ org }: ServerContext, { accountId, clientId = '', gty, scopes }: UserToken): PolicyQuestion {
  const user = org.directory.findUser(accountId);
  if (user === undefined) throw new Error('a token for a user the seed does not have');
  const begun = gty?.split(' ')[0] ?? '';
  return { clientId, grantType: grantByType[begun] ?? 'authorization_code', user, scopes: [...scopes] };
}
