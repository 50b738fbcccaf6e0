import { isLoopbackHost } from '../lib/loopback.ts';
import { checkCredential, findGroups } from './check-credential.ts';
import { checkRateLimit } from './check-rate-limit.ts';
import { checkRemoteAuth, remoteAuthOf } from './check-remote-auth.ts';
import { checkTransport } from './check-transport.ts';
import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import { type Segment } from './leaves.ts';
import { needsCallerToken } from './needs-caller-token.ts';
import { isTree, valueAt } from './path.ts';
import { quote } from './quote.ts';

/** What is wrong between the settings of one server. Looks at the draft, so that it finds things even where single
 * values are wrong; values of the wrong type are passed over, the schema reports them.
 */
export function* checkServer(draft: Draft, server: string): Generator<Finding> {
  const base: readonly Segment[] = ['servers', server];
  const at = (...path: Segment[]): unknown => valueAt(draft.tree, [...base, ...path]);
  const list = at('authenticate');
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  const anonymousIndex = entries.findIndex((entry) => valueAt(entry, ['strategy']) === 'anonymous');
  const hasIssuer = entries.some((entry) => valueAt(entry, ['issuer']) !== undefined);

  if (anonymousIndex >= 0) {
    const path = [...base, 'authenticate', anonymousIndex, 'strategy'];
    if (hasIssuer) yield { path, what: 'lets everybody call, while an issuer is given as well; keep one of the two' };
    if (remoteAuthOf(draft, server) === undefined && needsCallerToken(at('credential', 'strategy'))) {
      yield {
        path,
        what: 'lets everybody call, so there is no token to exchange; give an issuer, or leave the exchange out',
      };
    }
    if (at('dpop', 'required') === true) {
      yield {
        path: [...base, 'dpop', 'required'],
        what: 'wants proofs for tokens, but callers without a token have none; give an issuer, or leave --require-dpop out',
      };
    }
    for (const key of ['required', 'methods', 'tools']) {
      const scopes = at('policy', key);
      if (typeof scopes !== 'object' || scopes === null || Object.keys(scopes).length === 0) continue;
      yield {
        path: [...base, 'policy', key],
        what: 'asks for scopes, but callers without a token have none; give an issuer, or leave the scopes out',
      };
    }
  }
  yield* checkRateLimit(draft, base, anonymousIndex >= 0);
  yield* checkRemoteAuth(draft, server);
  yield* checkIssuers(base, entries);
  yield* checkOpaqueTokens(base, entries);
  yield* checkTransport(draft, base);
  yield* checkOwnCredentials(base, entries, at('credential'));
  yield* checkCredential(draft, [...base, 'credential']);
  for (const index of entries.keys()) yield* checkCredential(draft, [...base, 'authenticate', index]);
  const targetPort = at('upstream', 'targetPort');
  if (
    typeof targetPort === 'number' &&
    targetPort !== 0 &&
    // That of a container is one of its own.
    at('upstream', 'strategy') !== 'container' &&
    targetPort === (valueAt(draft.tree, ['listen', 'port']) ?? 8000)
  ) {
    yield {
      path: [...base, 'upstream', 'targetPort'],
      what: `is ${targetPort}, the port Usher itself listens on; choose another one for the command, or another --port`,
    };
  }
  const allowHttp = entries.some((entry) => valueAt(entry, ['insecureAllowHttp']) === true);
  if (!allowHttp) yield* checkHttp(draft, base, entries);
}

/** Either nobody is asked about an opaque token, or it says by its beginning who is: trying would show it to strangers. */
function* checkOpaqueTokens(base: readonly Segment[], entries: readonly unknown[]): Generator<Finding> {
  const prefixes: string[] = [];
  for (const [index, entry] of entries.entries()) {
    if (valueAt(entry, ['strategy']) !== 'introspection') continue;
    const given = valueAt(entry, ['tokenPrefix']) ?? '';
    if (typeof given !== 'string') continue;
    const rival = prefixes.find((other) => other.startsWith(given) || given.startsWith(other));
    prefixes.push(given);
    if (rival === undefined) continue;
    yield {
      path: [...base, 'authenticate', index, 'tokenPrefix'],
      what: `is ${quote(given)}, and that of an entry before it ${quote(rival)}: whose an opaque token is has to be clear from how it begins; give each a prefix that is not the beginning of the other`,
    };
  }
}

/** Where one issuer's callers have a credential of their own, it has to be said for each of them. */
function* checkOwnCredentials(
  base: readonly Segment[],
  entries: readonly unknown[],
  common: unknown,
): Generator<Finding> {
  const withoutOwn = [...entries.keys()].filter((index) => valueAt(entries[index], ['credential']) === undefined);
  if (withoutOwn.length === entries.length) return;
  if (common !== undefined && withoutOwn.length === 0) {
    yield {
      path: [...base, 'credential'],
      what: 'is for nobody: each issuer under authenticate has a credential of its own; leave it out',
    };
  }
  if (common !== undefined) return;
  for (const index of withoutOwn) {
    yield {
      path: [...base, 'authenticate', index, 'credential'],
      what: 'is missing, while another issuer has one of its own; give it one (strategy: none for no token at all), or the server one for all without',
    };
  }
}

function* checkIssuers(base: readonly Segment[], entries: readonly unknown[]): Generator<Finding> {
  const issuers = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const issuer = isTree(entry) ? entry['issuer'] : undefined;
    if (typeof issuer !== 'string') continue;
    if (issuers.has(issuer)) {
      yield {
        path: [...base, 'authenticate', index, 'issuer'],
        what: `is ${quote(issuer)}, which an entry before it names already; put all its audiences into one entry`,
      };
    }
    issuers.add(issuer);
  }
}

/** Keys and tokens that travel in the clear can be changed on the way: plain http is for this machine only. */
function* checkHttp(draft: Draft, base: readonly Segment[], entries: readonly unknown[]): Generator<Finding> {
  const groups = [...entries.keys()].flatMap((index) => [...findGroups(draft, [...base, 'authenticate', index])]);
  groups.push(...findGroups(draft, [...base, 'credential']), ...findGroups(draft, [...base, 'remoteAuth']));
  const urls = groups.flatMap((group) =>
    ['issuer', 'jwksUrl', 'url', 'authorizeUrl', 'tokenUrl'].map((key) => ({
      path: [...group, key],
      value: valueAt(draft.tree, [...group, key]),
    })),
  );
  for (const { path, value } of urls) {
    if (typeof value !== 'string' || !URL.canParse(value)) continue;
    const { protocol, hostname } = new URL(value);
    if (protocol === 'http:' && !isLoopbackHost(hostname)) {
      yield {
        path,
        what: `is ${quote(value)}: plain http is taken on this machine only; use https, or --oidc-insecure-allow-http (insecureAllowHttp: true) in a network you trust`,
      };
    }
  }
}
