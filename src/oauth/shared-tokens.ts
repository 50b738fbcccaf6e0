import { setTimeout as waitFor } from 'node:timers/promises';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { parseObject } from '../lib/parse-object.ts';
import type { TokenClaims } from '../model/caller.ts';
import type { Store } from '../model/store.ts';
import type { CredentialStep } from '../model/upstream-credential.ts';

/** A token as it is handed out: to the calls of one caller, and to the other replicas. */
export interface HeldToken {
  readonly upstreamToken: string;
  readonly claims: TokenClaims | undefined;
  /** Those that were got on the way to it. */
  readonly steps?: readonly CredentialStep[];
  /** Past this it is not handed out any more, milliseconds since the epoch; undefined for this one time only. */
  readonly freshUntilMs: number | undefined;
  /** From here on the next one is asked for; absent where that would change nothing. */
  readonly refreshAtMs?: number;
}

export interface Obtained {
  readonly token: HeldToken;
  /** Did this replica ask for it? */
  readonly isOwn: boolean;
}

/** How long a replica that asks keeps the others waiting, at the most: it may be gone. */
const lockMs = 15_000;
/** How long the others wait for it before they ask themselves. */
const waitMs = 5_000;
const poll = { firstMs: 10, longestMs: 100 };

/** All that is shown of a token: what is left out here the other replicas' audit trails would not have. */
const claimFields = {
  iss: z.string().exactOptional(),
  aud: z.union([z.string(), z.array(z.string())]).exactOptional(),
  scp: z.array(z.string()).exactOptional(),
  sub: z.string().exactOptional(),
  jti: z.string().exactOptional(),
  exp: z.number().exactOptional(),
  oid: z.string().exactOptional(),
  act: z.array(z.string()).exactOptional(),
  clientId: z.string().exactOptional(),
} satisfies Record<keyof TokenClaims, z.ZodType>;
const claimsSchema = z.object(claimFields);
const heldSchema = z.object({
  upstreamToken: z.string().min(1),
  claims: claimsSchema.exactOptional(),
  steps: z.array(claimsSchema.extend({ strategy: z.string() })).exactOptional(),
  freshUntilMs: z.number(),
  refreshAtMs: z.number().exactOptional(),
  /** How long that was when it was put there, by the clock of whoever did. */
  livesMs: z.number().positive(),
});

/** Tokens that replicas share: whoever needs one looks there first, and one of those who miss it at the same time asks for
 * all. Where the store cannot be used each asks for itself.
 */
export class SharedTokens {
  readonly #store: Store;
  readonly #now: Clock;

  constructor(store: Store, now: Clock) {
    this.#store = store;
    this.#now = now;
  }

  /** The token that is there, or the one that `ask` gets.
   * @param spurned a token that is to be replaced, or that the service behind refused: as good as none
   * @throws what `ask` throws
   */
  async obtain(key: string, spurned: string | undefined, ask: () => Promise<HeldToken>): Promise<Obtained> {
    const known = await this.#find(key, spurned);
    if (known !== undefined) return { token: known, isOwn: false };
    const lock = `lock ${key}`;
    const startedAtMs = performance.now();
    let isOurs = await this.#store.setIfAbsent(lock, '', lockMs);
    for (let delayMs = poll.firstMs; isOurs === false; delayMs = Math.min(poll.longestMs, delayMs * 2)) {
      if (performance.now() - startedAtMs > waitMs) break;
      await waitFor(delayMs);
      const found = await this.#find(key, spurned);
      if (found !== undefined) return { token: found, isOwn: false };
      isOurs = await this.#store.setIfAbsent(lock, '', lockMs);
    }
    if (isOurs !== true) return { token: await this.#ask(key, ask), isOwn: true };
    const lockedAtMs = performance.now();
    try {
      // Between the look and the lock another one may have been through.
      const found = await this.#find(key, spurned);
      return found === undefined ? { token: await this.#ask(key, ask), isOwn: true } : { token: found, isOwn: false };
    } finally {
      // Once it is over it may be another one's.
      if (performance.now() < lockedAtMs + lockMs - 1_000) void this.#store.delete(lock);
    }
  }

  async #ask(key: string, ask: () => Promise<HeldToken>): Promise<HeldToken> {
    const token = await ask();
    const ttlMs = (token.freshUntilMs ?? 0) - this.#now();
    // Not waited for: commands arrive in order, and so this one before the lock is gone.
    if (ttlMs > 0) void this.#store.set(key, JSON.stringify({ ...token, livesMs: ttlMs }), ttlMs);
    return token;
  }

  async #find(key: string, spurned: string | undefined): Promise<HeldToken | undefined> {
    const text = await this.#store.get(key);
    const token = text === undefined ? undefined : parseHeld(text);
    const nowMs = this.#now();
    if (token === undefined || token.upstreamToken === spurned) return undefined;
    const { livesMs, ...held } = token;
    // Where the clock of whoever put it there is ahead of this one, at least not for longer than it lived then.
    const freshUntilMs = Math.min(held.freshUntilMs, nowMs + livesMs);
    return freshUntilMs > nowMs ? { ...held, freshUntilMs } : undefined;
  }
}

/** Undefined for what another version wrote. */
function parseHeld(
  text: string,
): (HeldToken & { readonly freshUntilMs: number; readonly livesMs: number }) | undefined {
  const { success, data } = heldSchema.safeParse(parseObject(text));
  if (!success) return undefined;
  return { claims: undefined, ...data };
}
