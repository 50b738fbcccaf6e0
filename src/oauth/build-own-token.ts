import type { Clock } from '../lib/clock.ts';
import { SingleFlight } from '../lib/single-flight.ts';
import type { IssuedToken } from './parse-answer.ts';
import { findFreshUntil, isFresh, type TokenLife } from './token-life.ts';

/** A token of the gateway's own, asked for when it is needed and kept for as long as it is good.
 * @returns its answer throws UsherError of stage exchange
 */
export function buildOwnToken(request: () => Promise<IssuedToken>, now: Clock): () => Promise<IssuedToken> {
  const flight = new SingleFlight<IssuedToken>();
  let kept: (TokenLife & { readonly token: IssuedToken }) | undefined;

  async function ask(): Promise<IssuedToken> {
    const token = await request();
    const fromMs = now();
    kept =
      token.expiresAtMs === undefined
        ? undefined
        : { token, fromMs, freshUntilMs: findFreshUntil(token.expiresAtMs, fromMs) };
    return token;
  }

  return async () => (kept !== undefined && isFresh(kept, now()) ? kept.token : flight.run('', ask));
}
