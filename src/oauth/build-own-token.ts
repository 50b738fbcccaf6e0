import type { Clock } from '../lib/clock.ts';
import { SingleFlight } from '../lib/single-flight.ts';
import type { IssuedToken } from './parse-answer.ts';
import { findFreshUntil, isFresh, type TokenLife } from './token-life.ts';

/** A token of the gateway's own. */
export interface OwnToken {
  /** The one at hand while it is good, else a new one.
   * @throws UsherError of stage exchange
   */
  obtain(): Promise<IssuedToken>;
  /** What it was sent with was refused: it may have been withdrawn. True when another one is worth a try.
   */
  doubt(refused: IssuedToken): boolean;
}

/** A token younger than this is not doubted: whoever calls in a loop with what is refused for itself costs no more than that. */
const trustedMs = 60_000;

/** Asks for one when it is needed, and keeps it for as long as it is good. */
export function buildOwnToken(request: () => Promise<IssuedToken>, now: Clock): OwnToken {
  const flight = new SingleFlight<IssuedToken>();
  let kept: (TokenLife & { readonly token: IssuedToken }) | undefined;
  /** Was let go before its end. */
  let doubted: IssuedToken | undefined;

  async function ask(): Promise<IssuedToken> {
    const token = await request();
    const fromMs = now();
    kept =
      token.expiresAtMs === undefined
        ? undefined
        : { token, fromMs, freshUntilMs: findFreshUntil(token.expiresAtMs, fromMs) };
    return token;
  }

  return {
    async obtain() {
      return kept !== undefined && isFresh(kept, now()) ? kept.token : await flight.run('', ask);
    },
    doubt(refused) {
      // Others that were refused with it at the same time.
      if (refused === doubted) return true;
      if (kept?.token !== refused || Math.abs(now() - kept.fromMs) < trustedMs) return false;
      kept = undefined;
      doubted = refused;
      return true;
    },
  };
}
