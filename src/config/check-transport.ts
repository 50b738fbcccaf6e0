import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import type { Segment } from './leaves.ts';
import { needsCallerToken } from './needs-caller-token.ts';
import { valueAt } from './path.ts';
import { quote } from './quote.ts';

/** What is wrong between how a server is run, how it is spoken with, and as whom it is called. Looks at the draft. */
export function* checkTransport(draft: Draft, base: readonly Segment[]): Generator<Finding> {
  const at = (...path: Segment[]): unknown => valueAt(draft.tree, [...base, ...path]);
  const strategy = at('upstream', 'strategy');
  const transport = at('upstream', 'transport') ?? 'streamable-http';
  const path = (key: string) => [...base, 'upstream', key];
  if (at('upstream') === undefined) return;
  if (transport === 'stdio' && (strategy === undefined || strategy === 'http')) {
    yield {
      path: path('transport'),
      what: 'is stdio, which needs a server that is run here: give a command after --, or an image, instead of a URL',
    };
    return;
  }
  if (transport === 'stdio') yield* checkStdio(at, path);
  else yield* checkOverHttp(at, path, { strategy, transport });
}

type At = (...path: Segment[]) => unknown;
type PathOf = (key: string) => readonly Segment[];

const tokenKeys = ['userTokenEnv', 'userTokenFile'] as const;
const sessionKeys = ['maxSessions', 'maxSessionsPerUser', 'sessionIdleSeconds'] as const;
const ofHttp = new Map([
  ['targetPort', 'is for a server that listens; over its standard streams it does not: leave it out'],
  ['targetPath', 'is for a server that listens; over its standard streams it does not: leave it out'],
  [
    'publish',
    'is for a server that listens; over its standard streams each session or user has a container of its own, and a port can be published once: leave it out',
  ],
  ['restart', 'is for a server that listens; here one is started whenever a session needs it: leave it out'],
]);

function* checkStdio(at: At, path: PathOf): Generator<Finding> {
  for (const [key, what] of ofHttp) if (at('upstream', key) !== undefined) yield { path: path(key), what };
  const [first, second] = tokenKeys.filter((key) => at('upstream', key) !== undefined);
  if (second !== undefined && at('upstream', 'userTokenEnv') === at('upstream', 'userTokenFile')) {
    yield {
      path: path(second),
      what: `is ${quote(at('upstream', second))}, as the variable for the token itself; give two`,
    };
  }
  if (at('remoteAuth') !== undefined) {
    yield {
      path: path('transport'),
      what: 'is stdio, which has no headers: the token that --remote-auth signs in for would reach nobody; leave one of the two out',
    };
  }
  const credentials = credentialsOf(at);
  const strategies = credentials.map(({ strategy }) => strategy);
  const withToken = strategies.filter(needsCallerToken);
  if (first === undefined && strategies.some((one) => one !== 'none')) {
    yield {
      path: path('transport'),
      what: 'is stdio, which has no headers: the token that callers are exchanged for would reach nobody; say where the server reads it with --user-token-env NAME or --user-token-file NAME, or leave the credential out',
    };
  }
  if (first !== undefined && (withToken.length === 0 || withToken.length < strategies.length)) {
    yield {
      path: path(first),
      what: "is given, but there is no token of a user to put there: have the caller's token exchanged (--token-exchange-url …), or leave it out",
    };
  }
  if (first !== undefined && credentials.some(({ dpop }) => dpop)) {
    yield {
      path: path(first),
      what: 'is given, while the exchanged token is bound to a key of the gateway (DPoP): a process that has only the token can do nothing with it; leave the binding out',
    };
  }
}

function* checkSse(at: At, path: PathOf, strategy: unknown): Generator<Finding> {
  if (strategy !== undefined && strategy !== 'http' && at('upstream', 'targetPath') === undefined) {
    yield {
      path: path('targetPath'),
      what: 'is missing: give the path at which the server has its stream of events, with HTTP+SSE usually /sse',
    };
  }
  if (credentialsOf(at).some(({ dpop }) => dpop)) {
    yield {
      path: path('transport'),
      what: 'is sse, whose messages go where the server says: proofs of possession (DPoP) are for one place; leave the binding of the exchanged token out',
    };
  }
}

interface UsedCredential {
  readonly strategy: unknown;
  /** Is its token bound to a key of the gateway? */
  readonly dpop: boolean;
}

/** For each kind of caller: the entry's own credential, or the server's. */
function credentialsOf(at: At): readonly UsedCredential[] {
  const own = at('authenticate');
  const entries: readonly unknown[] = Array.isArray(own) ? own : [];
  return entries.map((entry) => {
    const one = valueAt(entry, ['credential']) ?? at('credential');
    return { strategy: valueAt(one, ['strategy']) ?? 'none', dpop: valueAt(one, ['dpop']) === true };
  });
}

function* checkOverHttp(
  at: At,
  path: PathOf,
  { strategy, transport }: { readonly strategy: unknown; readonly transport: unknown },
): Generator<Finding> {
  for (const key of tokenKeys) {
    if (at('upstream', key) === undefined) continue;
    yield { path: path(key), what: 'is for servers that speak over their standard streams: add --transport stdio' };
  }
  for (const key of transport === 'sse' ? [] : sessionKeys) {
    if (at('upstream', key) === undefined) continue;
    yield {
      path: path(key),
      what: 'is for servers to whom each session is a process (--transport stdio) or a connection (--transport sse); the sessions of others are their own: leave it out',
    };
  }
  if (transport === 'sse') yield* checkSse(at, path, strategy);
  if (strategy === 'process' && at('upstream', 'targetPort') === undefined) {
    yield {
      path: path('targetPort'),
      what: 'is missing: give the port the command listens on, or --transport stdio for one that speaks over its standard streams',
    };
  }
}
