import type { Clock } from '../lib/clock.ts';
import { SingleFlight } from '../lib/single-flight.ts';
import type { IssuedToken } from './parse-answer.ts';
import { findFreshUntil } from './token-life.ts';

/** A token of the gateway's own, asked for when it is needed and kept for as long as it is good.
 * @returns its answer throws UsherError of stage exchange
 */
export function buildOwnToken(request: () => Promise<IssuedToken>, now: Clock): () => Promise<IssuedToken> {
  const flight = new SingleFlight<IssuedToken>();
  let kept: { readonly token: IssuedToken; readonly freshUntilMs: number } | undefined;

  async function ask(): Promise<IssuedToken> {
    const token = await request();
    kept =
      token.expiresAtMs === undefined ? undefined : { token, freshUntilMs: findFreshUntil(token.expiresAtMs, now()) };
    return token;
  }

  return async () => (kept !== undefined && now() < kept.freshUntilMs ? kept.token : flight.run('', ask));
}
