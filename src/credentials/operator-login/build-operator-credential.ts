import type { Credential } from '../../model/credential.ts';
import { Secret } from '../../model/secret.ts';
import type { UpstreamCredential } from '../../model/upstream-credential.ts';
import { fail, UsherError } from '../../model/usher-error.ts';
import type { OperatorLogin } from './operator-login.ts';
import type { OperatorToken } from './operator-token.ts';

/** What of a login the calls need. */
export type OperatorTokens = Pick<OperatorLogin, 'find' | 'obtain' | 'refuse'>;

/** What a credential of ours stands for: the token it came of, and the inner credential's own where there is one. */
interface Origin {
  readonly token: OperatorToken;
  readonly inner: UpstreamCredential | undefined;
}

/** Calls go on as the person who runs the gateway, whoever calls: with their token itself, or with what another credential
 * makes of it, to which they are the caller.
 * @param inner undefined where their token itself goes on
 */
export function buildOperatorCredential(
  login: OperatorTokens,
  inner: Credential | undefined,
  name: string,
): Credential {
  const origins = new WeakMap<UpstreamCredential, Origin>();
  // One for each of the inner ones, so that what is kept for it (audit) is found again.
  const outers = new WeakMap<object, UpstreamCredential>();

  function dress(token: OperatorToken, given: UpstreamCredential | undefined): UpstreamCredential {
    const known = outers.get(given ?? token);
    if (known !== undefined) return known;
    const { caller } = token;
    const base: UpstreamCredential = given ?? {
      header: { name: 'authorization', value: new Secret(`Bearer ${token.accessToken}`) },
      claims: caller.claims,
      source: 'cached',
      waitedMs: 0,
    };
    const outer: UpstreamCredential = {
      ...base,
      actsAs: 'operator',
      operatorSubject: typeof caller.tokenClaims['sub'] === 'string' ? caller.tokenClaims['sub'] : undefined,
      operator: {
        iss: caller.issuer,
        sub: caller.subject,
        ...(caller.name === undefined ? {} : { name: caller.name }),
      },
    };
    outers.set(given ?? token, outer);
    origins.set(outer, { token, inner: given });
    return outer;
  }

  function go(token: OperatorToken, connection: Parameters<Credential['obtain']>[1]) {
    if (inner === undefined) return dress(token, undefined);
    const given = withTurn(() => inner.obtain({ caller: token.caller, callerToken: token.accessToken }, connection));
    return given instanceof Promise
      ? given.then(
          (one) => dress(token, one),
          (error: unknown) => Promise.reject(turned(error)),
        )
      : dress(token, given);
  }

  /** What the caller of an exchange would have to mend is for the operator here. */
  function turned(error: unknown): unknown {
    if (!(error instanceof UsherError) || error.row.challenge === undefined) return error;
    return fail('operator_login_needed', { reason: error.message, server: name }, { cause: error, known: error.known });
  }

  function withTurn<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw turned(error);
    }
  }

  return {
    strategy: inner?.strategy ?? 'operator-login',
    obtain(_identity, connection) {
      const token = login.find();
      if (token !== undefined) return go(token, connection);
      return login.obtain(connection.signal).then((one) => go(one, connection));
    },
    evict(_identity, refused) {
      const origin = origins.get(refused);
      if (origin === undefined) return false;
      const { token, inner: given } = origin;
      if (inner !== undefined && given !== undefined)
        return inner.evict({ caller: token.caller, callerToken: token.accessToken }, given);
      return login.refuse(token);
    },
  };
}
