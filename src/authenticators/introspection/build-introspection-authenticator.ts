import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { SingleFlight } from '../../lib/single-flight.ts';
import type { Authenticator } from '../../model/authenticator.ts';
import type { Caller } from '../../model/caller.ts';
import { pickTokenClaims } from '../../model/token-claims.ts';
import { fail } from '../../model/usher-error.ts';
import { RefusalMemory } from '../../oauth/refusal-memory.ts';
import { isFresh, type TokenLife } from '../../oauth/token-life.ts';
import { buildCaller } from '../build-caller.ts';
import { quoteValue } from '../quote-value.ts';
import { readShape } from '../token-shape.ts';
import {
  buildIntrospectionEndpoint,
  type IntrospectionDeps,
  type IntrospectionEndpoint,
} from './build-introspection-endpoint.ts';
import { checkIntrospected } from './check-introspected.ts';
import type { IntrospectionSettings } from './schema.ts';
import type { Introspected } from './send-introspection.ts';

/** RFC 6750 §2.1, b64token. */
const opaqueToken = /^[A-Za-z0-9._~+/-]+=*$/;

/** Strategy `introspection` (RFC 7662): the issuer is asked about the caller's token. Which issuer, its `iss` says where the
 * token is a JWT, and else how it begins: none hears of a token that another one issued.
 */
export function buildIntrospectionAuthenticator(
  settings: readonly IntrospectionSettings[],
  deps: IntrospectionDeps,
): Authenticator {
  const issuers = settings.map((one) => new Issuer(one, deps));
  const find = (callerToken: string): Caller | undefined => {
    for (const issuer of issuers) {
      const caller = issuer.find(callerToken);
      if (caller !== undefined) return caller;
    }
    return undefined;
  };
  const issuerOf = (callerToken: string): Issuer => {
    const claims = readShape(callerToken)?.claims;
    if (claims === undefined) {
      // Nobody issued it, and what a provider makes of it need not be good for all the others.
      if (!opaqueToken.test(callerToken))
        throw fail('token_malformed', { reason: 'it is opaque, with characters that no token has (RFC 6750 §2.1)' });
      const issuer = issuers.find((one) => callerToken.startsWith(one.settings.tokenPrefix));
      if (issuer !== undefined) return issuer;
      throw fail('token_malformed', { reason: 'it is opaque, and begins as the tokens of no issuer here do' });
    }
    const issuer = issuers.find((one) => one.settings.issuer === claims['iss']);
    if (issuer !== undefined) return issuer;
    const expected = settings.map((one) => quoteValue(one.issuer)).join(' or ');
    throw fail('issuer_mismatch', { found: quoteValue(claims['iss']), expected }, { claims: pickTokenClaims(claims) });
  };
  return {
    strategy: 'introspection',
    issuers: settings.map((one) => one.issuer),
    needsToken: true,
    anonymous: undefined,
    find,
    authenticate: (callerToken, connection) =>
      find(callerToken) ?? issuerOf(callerToken).verify(callerToken, connection.signal),
    async warmUp() {
      await Promise.all(issuers.map(({ endpoint }) => endpoint.warmUp()));
    },
    lacking: () => issuers.flatMap(({ endpoint }) => endpoint.lacking ?? []),
  };
}

/** From when the issuer was asked, for as long as its answer counts. */
interface Known extends TokenLife {
  readonly caller: Caller;
  /** Of the answer, all of which is kept for rules to decide on. */
  readonly characters: number;
}

/** One issuer: what it said of which token. */
class Issuer {
  readonly settings: IntrospectionSettings;
  readonly #now: () => number;
  readonly endpoint: IntrospectionEndpoint;
  /** By the token itself; also those whose answer counts no more, see {@link IntrospectionEndpoint}. */
  readonly #known = new LRUCache<string, Known>({
    maxSize: 64 * 1024 * 1024,
    sizeCalculation: ({ characters }, callerToken) => callerToken.length + characters + 1024,
  });
  readonly #refused: RefusalMemory;
  readonly #flight = new SingleFlight<Caller>();

  constructor(settings: IntrospectionSettings, deps: IntrospectionDeps) {
    this.settings = settings;
    this.#now = deps.now;
    this.endpoint = buildIntrospectionEndpoint(settings, deps);
    this.#refused = new RefusalMemory(deps.now);
  }

  /** The caller of a token that the issuer was asked about a moment ago. */
  find(callerToken: string): Caller | undefined {
    const known = this.#known.get(callerToken);
    return known !== undefined && isFresh(known, this.#now()) ? known.caller : undefined;
  }

  async verify(callerToken: string, signal: AbortSignal): Promise<Caller> {
    const digest = hash('sha256', callerToken, 'base64url');
    const refusal = this.#refused.find(digest);
    if (refusal !== undefined) throw refusal;
    return this.#flight.run(digest, () => this.#ask(callerToken, digest), signal);
  }

  async #ask(callerToken: string, digest: string): Promise<Caller> {
    // What it says is as old as the question.
    const fromMs = this.#now();
    try {
      const answer = await this.endpoint.ask(callerToken, this.#known.has(callerToken));
      const { issuer, clientId, cacheSeconds } = this.settings;
      const url = this.endpoint.label;
      if (answer === undefined) throw fail('token_inactive', { issuer, url, clientId });
      const bound = withBinding(answer.claims, callerToken);
      const claims = checkIntrospected(bound, this.settings, pickTokenClaims(answer.claims), this.#now() / 1000);
      const caller = buildCaller(callerToken, claims, this.settings);
      // What is kept for a token, here and where it is exchanged, is one user's.
      const earlier = this.#known.get(callerToken)?.caller;
      if (earlier !== undefined && (earlier.subject !== caller.subject || earlier.jkt !== caller.jkt)) {
        const reason = 'it names another user or key than it did before for the same token';
        throw fail('introspection_answer_invalid', { issuer, url, reason });
      }
      const freshUntilMs = Math.min(fromMs + cacheSeconds * 1000, caller.expiresAtMs);
      this.#known.set(callerToken, { caller, characters: answer.characters, fromMs, freshUntilMs });
      return caller;
    } catch (error) {
      this.#refused.keep(digest, error);
      if (this.#refused.find(digest) !== undefined) this.#known.delete(callerToken);
      throw error;
    }
  }
}

/** RFC 9449 §6.2 wants the key that a token is bound to in the answer. Where that is left out and the token says it itself, the
 * token is right, although nobody has verified it: else whoever took it from its owner could use it as a bearer token.
 */
function withBinding(answer: Introspected, callerToken: string): Introspected {
  const cnf = answer['cnf'] === undefined ? readShape(callerToken)?.claims['cnf'] : undefined;
  return cnf === undefined ? answer : { ...answer, cnf };
}
