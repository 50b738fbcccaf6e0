import { LRUCache } from 'lru-cache';
import type { Clock } from '../../lib/clock.ts';
import { dropEnded } from '../../lib/drop-ended.ts';
import type { HttpClient } from '../../lib/http-client.ts';
import { parseJwtParts, type JwtParts } from '../../lib/jwt-parts.ts';
import type { Authenticator } from '../../model/authenticator.ts';
import type { Log } from '../../model/log.ts';
import type { Caller } from '../../model/caller.ts';
import { pickTokenClaims } from '../../model/token-claims.ts';
import { fail } from '../../model/usher-error.ts';
import { buildCaller } from '../build-caller.ts';
import { checkClaims } from '../check-claims.ts';
import { KeyStore } from './key-store.ts';
import { quoteValue } from '../quote-value.ts';
import type { JwtSettings } from './schema.ts';
import { checkSignatureText, verifySignature, type Problem } from '../../oauth/keys/verify-signature.ts';

export interface JwtDeps {
  readonly http: HttpClient;
  readonly now: Clock;
  readonly log: Log;
  /** Of the mounted server. */
  readonly name: string;
}

interface Known {
  /** All of it: found by its end only, it still has to be the same. */
  readonly callerToken: string;
  readonly caller: Caller;
  /** Of the keys it was verified with. */
  readonly generation: number;
}

/** Strategy `jwt`: the caller's token is a JWT signed by one of the configured issuers. A token that was verified is
 * known until it expires or the issuer's keys change; a known one costs a look-up.
 */
export function buildJwtAuthenticator(settings: readonly JwtSettings[], deps: JwtDeps): Authenticator {
  const issuers = new Map(settings.map((one) => [one.issuer, new Issuer(one, deps)]));
  const find = (callerToken: string): Caller | undefined => {
    for (const issuer of issuers.values()) {
      const caller = issuer.find(callerToken);
      if (caller !== undefined) return caller;
    }
    return undefined;
  };
  return {
    strategy: 'jwt',
    issuers: [...issuers.keys()],
    needsToken: true,
    anonymous: undefined,
    find,
    authenticate(callerToken, connection) {
      const known = find(callerToken);
      if (known !== undefined) return known;
      const parts = readParts(callerToken);
      const claimed = parts.claims['iss'];
      const issuer = typeof claimed === 'string' ? issuers.get(claimed) : undefined;
      if (issuer !== undefined) return issuer.verify(callerToken, parts, connection.signal);
      throw fail(
        'issuer_mismatch',
        {
          found: quoteValue(claimed),
          expected: [...issuers.keys()].map(quoteValue).join(' or '),
        },
        { claims: pickTokenClaims(parts.claims) },
      );
    },
    async warmUp() {
      await Promise.all([...issuers.values()].map((issuer) => issuer.keys.read()));
    },
    lacking: () => [...issuers.values()].flatMap((issuer) => issuer.lacking()),
  };
}

/** One issuer: its keys, and the tokens of it that are known to be good. */
class Issuer {
  readonly keys: KeyStore;
  readonly #settings: JwtSettings;
  readonly #now: Clock;
  /** Keyed by the end of the token, see {@link endOf}. */
  readonly #known = new LRUCache<string, Known>({
    maxSize: 64 * 1024 * 1024,
    sizeCalculation: ({ callerToken }) => callerToken.length + 1024,
  });

  constructor(settings: JwtSettings, deps: JwtDeps) {
    const { issuer, jwksUrl, insecureAllowHttp } = settings;
    this.#settings = settings;
    this.#now = deps.now;
    this.keys = new KeyStore({ ...deps, issuer, jwksUrl, allowHttp: insecureAllowHttp });
  }

  lacking(): readonly string[] {
    return this.keys.isReady
      ? []
      : [`the keys of ${this.#settings.issuer}, to check tokens with: ${this.keys.failure}`];
  }

  /** The caller of a token verified before, while it still is what it was then. */
  find(callerToken: string): Caller | undefined {
    const key = endOf(callerToken);
    const known = this.#known.get(key);
    // A changed token is an unknown one, wherever it was changed.
    if (known?.callerToken !== callerToken) return undefined;
    this.keys.refreshIfDue();
    const isGood =
      known.generation === this.keys.generation &&
      this.keys.isReady &&
      !this.keys.isOverdue &&
      !this.#hasExpired(known.caller);
    if (isGood) return known.caller;
    this.#known.delete(key);
    return undefined;
  }

  async verify(callerToken: string, parts: JwtParts, signal: AbortSignal): Promise<Caller> {
    const shown = pickTokenClaims(parts.claims);
    checkClaims(parts, this.#settings, shown, this.#now() / 1000);
    const unavailable = () =>
      fail('keys_unavailable', { issuer: this.#settings.issuer, reason: this.keys.failure }, { claims: shown });
    let keys = await this.keys.read(signal);
    if (keys === undefined) throw unavailable();
    this.keys.refreshIfDue();
    const { algorithms } = this.#settings;
    let problem = await verifySignature(callerToken, keys.findKey, algorithms);
    if (problem === 'key unknown') {
      const newer = await this.keys.readNewer(keys.generation, signal);
      // The key may be a new one: the caller must not throw a good token away because the issuer is down.
      if (newer === undefined && this.keys.isFailing) throw unavailable();
      if (newer !== undefined) {
        keys = newer;
        problem = await verifySignature(callerToken, newer.findKey, algorithms);
      }
    }
    if (problem !== undefined) throw this.#refusal(problem, parts);
    const caller = buildCaller(callerToken, parts.claims, this.#settings);
    dropEnded(this.#known, (known) => this.#hasExpired(known.caller));
    this.#known.set(endOf(callerToken), { callerToken, caller, generation: keys.generation });
    return caller;
  }

  #hasExpired({ acceptedUntilMs }: Caller): boolean {
    return this.#now() >= acceptedUntilMs;
  }

  #refusal(problem: Problem, parts: JwtParts): Error {
    const { issuer } = this.#settings;
    const extra = { claims: pickTokenClaims(parts.claims) };
    switch (problem) {
      case 'key unknown':
        return fail(
          'token_key_unknown',
          { kid: quoteValue(parts.header['kid']), alg: quoteValue(parts.header['alg']), issuer },
          extra,
        );
      case 'signature':
        return fail('token_signature_invalid', { issuer }, extra);
      case 'unusable':
        return fail('token_malformed', { reason: 'its signature or the key it names cannot be used' }, extra);
    }
  }
}

/** 64 characters, 384 bits, of the signature: as good a key as the whole token, and hashing that would cost more than
 * everything else a known token does.
 */
function endOf(callerToken: string): string {
  return callerToken.slice(-64);
}

function readParts(callerToken: string): JwtParts {
  try {
    const parts = parseJwtParts(callerToken);
    checkSignatureText(callerToken.slice(callerToken.lastIndexOf('.') + 1));
    return parts;
  } catch (cause) {
    throw fail('token_malformed', { reason: cause instanceof Error ? cause.message : 'it is not a JWT' }, { cause });
  }
}
