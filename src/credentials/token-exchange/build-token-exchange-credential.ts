import { LRUCache } from 'lru-cache';
import { type Flight, SingleFlight } from '../../lib/single-flight.ts';
import type { Identity } from '../../model/identity.ts';
import type { Credential } from '../../model/credential.ts';
import { Secret } from '../../model/secret.ts';
import type { UpstreamCredential } from '../../model/upstream-credential.ts';
import { fail } from '../../model/usher-error.ts';
import { buildProvider, type ProviderDeps } from './build-provider.ts';
import { RefusalMemory } from './refusal-memory.ts';
import type { TokenExchangeSettings } from './schema.ts';

export type TokenExchangeDeps = ProviderDeps;

interface Kept {
  readonly credential: UpstreamCredential;
  /** Past this it is not handed out any more; milliseconds since the epoch. */
  readonly freshUntilMs: number;
}

/** Strategy `token-exchange` (RFC 8693). One exchange per caller's token and target, however many calls race: the key
 * is the digest of the whole token, never the user, and each target has a cache of its own. A token is handed out until
 * shortly before the first of the two tokens ends. A refusal that is this token's own stands for a few seconds; a provider
 * that does not work is left alone.
 */
export function buildTokenExchangeCredential(settings: TokenExchangeSettings, deps: TokenExchangeDeps): Credential {
  const kept = new LRUCache<string, Kept>({
    maxSize: 64 * 1024 * 1024,
    sizeCalculation: ({ credential }) => (credential.header?.value.reveal().length ?? 0) + 1024,
  });
  const refused = new RefusalMemory(deps.now);
  const provider = buildProvider(settings, deps);
  const flight = new SingleFlight<UpstreamCredential>();
  const warnOfExtraScopes = buildExtraScopesWarning(settings, deps);

  async function exchange({ caller, callerToken }: Identity, shared: Flight): Promise<UpstreamCredential> {
    if (callerToken === undefined)
      throw fail('internal', { reason: 'token-exchange was asked to act for a caller without a token' });
    const startedAtMs = deps.now();
    const token = await provider.exchange(callerToken, shared).catch((error: unknown) => {
      refused.keep(caller.tokenDigest, error);
      throw error;
    });
    if (token.extraScopes.length > 0) warnOfExtraScopes(token.extraScopes);
    const nowMs = deps.now();
    const header = { name: 'authorization', value: new Secret(`Bearer ${token.upstreamToken}`) };
    const fresh = { header, claims: token.claims, source: 'fresh', waitedMs: nowMs - startedAtMs } as const;
    if (token.expiresAtMs !== undefined) {
      const endsAtMs = Math.min(token.expiresAtMs, caller.expiresAtMs);
      const freshUntilMs = endsAtMs - Math.min(30_000, (endsAtMs - nowMs) / 10);
      const credential = Object.freeze({ ...fresh, source: 'cached', waitedMs: 0 } as const);
      if (freshUntilMs > nowMs) kept.set(caller.tokenDigest, { credential, freshUntilMs });
    }
    return fresh;
  }

  /** Waits for an exchange another call started: it asked the provider for nothing itself. */
  async function join(key: string, identity: Identity, signal: AbortSignal): Promise<UpstreamCredential> {
    const startedAtMs = deps.now();
    const credential = await flight.run(key, (shared) => exchange(identity, shared), signal);
    return { ...credential, source: 'cached', waitedMs: deps.now() - startedAtMs };
  }

  return {
    strategy: 'token-exchange',
    obtain(identity, connection) {
      const key = identity.caller.tokenDigest;
      const known = kept.get(key);
      if (known !== undefined && deps.now() < known.freshUntilMs) return known.credential;
      if (flight.has(key)) return join(key, identity, connection.signal);
      const refusal = refused.find(key);
      if (refusal !== undefined) throw refusal;
      provider.checkAvailable();
      return flight.run(key, (shared) => exchange(identity, shared), connection.signal);
    },
    evict(identity, spurned) {
      const key = identity.caller.tokenDigest;
      const known = kept.get(key);
      // Another call may have replaced it meanwhile: that one deserves its chance.
      if (known !== undefined && known.credential.header?.value === spurned.header?.value) kept.delete(key);
      return spurned.source === 'cached';
    },
  };
}

/** Whoever grants more than was asked for gives the MCP server behind more power than anybody meant it to have. That is
 * the authorization server's to decide, so it is not refused; it is said once for each set of scopes.
 */
function buildExtraScopesWarning(
  { url, scopes }: TokenExchangeSettings,
  { log, name }: TokenExchangeDeps,
): (extra: readonly string[]) => void {
  const said = new Set<string>();
  return (extra) => {
    const text = extra.toSorted().join(' ');
    if (said.has(text) || said.size >= mostWarnings) return;
    said.add(text);
    log.warn(
      `The provider grants scopes nobody asked for: ${JSON.stringify(text)}, asked for ${JSON.stringify(scopes.join(' '))}`,
      {
        server: name,
        hint: `Narrow the default scopes or the rule at ${url}, or add them to --token-exchange-scopes if they are meant.`,
      },
    );
  };
}

const mostWarnings = 20;
