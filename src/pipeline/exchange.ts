import type { Authorized, Credentialed } from '../model/stages.ts';
import { UsherError } from '../model/usher-error.ts';
import type { UpstreamCredential } from '../model/upstream-credential.ts';

/** Stage `exchange`: as whom the call goes on. The caller's token ends here: what comes out does not contain it. There is
 * no way on without a credential of the configured kind.
 * @throws UsherError of stage exchange
 */
export function exchange(authorized: Authorized): Credentialed | Promise<Credentialed> {
  // A call that goes nowhere costs no exchange.
  const down = authorized.route.workload?.failure;
  if (down !== undefined) throw down;
  const { credential: strategy } = authorized.route;
  try {
    const credential = strategy.obtain(authorized.identity, authorized.connection);
    return credential instanceof Promise
      ? credential.then(
          (one) => withCredential(authorized, one),
          (error: unknown) => giveUp(authorized, error),
        )
      : withCredential(authorized, credential);
  } catch (error) {
    return giveUp(authorized, error);
  }
}

/** What is kept for this user with an earlier token goes with the right to it. */
function giveUp({ route, identity }: Authorized, error: unknown): never {
  const isRefused = error instanceof UsherError && error.row.stage === 'exchange' && error.row.fault === 'caller';
  if (isRefused) route.upstream.withdraw?.(identity.caller.principal);
  throw error;
}

function withCredential(authorized: Authorized, credential: UpstreamCredential): Credentialed {
  return {
    id: authorized.id,
    startedAtMs: authorized.startedAtMs,
    request: authorized.request,
    response: authorized.response,
    path: authorized.path,
    query: authorized.query,
    connection: authorized.connection,
    from: authorized.from,
    route: authorized.route,
    call: authorized.call,
    decision: authorized.decision,
    caller: authorized.identity.caller,
    credential,
  };
}
