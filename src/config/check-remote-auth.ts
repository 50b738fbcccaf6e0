import { isLoopbackHost } from '../lib/loopback.ts';
import { checkClient } from './check-client.ts';
import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import type { Segment } from './leaves.ts';
import { needsCallerToken } from './needs-caller-token.ts';
import { isTree, setOwn, type Tree, valueAt } from './path.ts';
import { quote } from './quote.ts';

/** The settings of a server whose operator signs in; undefined where nobody does. */
export function remoteAuthOf(draft: Draft, server: string): Tree | undefined {
  const group = valueAt(draft.tree, ['servers', server, 'remoteAuth']);
  return isTree(group) && group['enabled'] !== false ? group : undefined;
}

/** Says who may call where the operator signs in and nobody said it: who has the token that Usher makes; everybody on this
 * machine only where that is named.
 */
export function completeRemoteAuth(draft: Draft): void {
  for (const server of draft.servers) {
    const group = remoteAuthOf(draft, server);
    const tree = valueAt(draft.tree, ['servers', server]);
    if (group === undefined || !isTree(tree) || Object.hasOwn(tree, 'authenticate')) continue;
    setOwn(tree, 'authenticate', [{ strategy: group['open'] === true ? 'anonymous' : 'local-token' }]);
  }
}

const local = new Set<unknown>(['local-token', 'anonymous']);

/** What is wrong where the operator signs in: their identity is for programs of this machine, with a token. */
export function* checkRemoteAuth(draft: Draft, server: string): Generator<Finding> {
  const group = remoteAuthOf(draft, server);
  if (group === undefined) return;
  const base: readonly Segment[] = ['servers', server];
  const at = (...path: Segment[]): unknown => valueAt(draft.tree, [...base, ...path]);
  const place = (field: string): Segment[] => [...base, 'remoteAuth', field];
  const host = valueAt(draft.tree, ['listen', 'host']);
  if (typeof host === 'string' && !isLoopbackHost(host)) {
    yield {
      path: ['listen', 'host'],
      what: `is ${quote(host)}, while calls go on as the person who signs in (--remote-auth): others on the network would act as them; listen on 127.0.0.1`,
    };
  }
  yield* checkCallers(draft, base, group);
  const strategy = at('credential', 'strategy');
  if (strategy !== undefined && strategy !== 'none' && !needsCallerToken(strategy)) {
    yield {
      path: [...base, 'credential', 'strategy'],
      what: `is ${quote(strategy)}, which would not use the login of --remote-auth; leave one of the two out`,
    };
  }
  const { clientId, clientSecret, clientKeyFile, authorizeUrl, tokenUrl, bearerToken } = group;
  const proof =
    clientSecret === undefined ? (clientKeyFile === undefined ? undefined : 'clientKeyFile') : 'clientSecret';
  if (clientId === undefined && proof !== undefined)
    yield { path: place(proof), what: 'is given, but no client; give --remote-auth-client-id' };
  // Whoever runs the server behind would say who gets it (MCP authorization, Authorization Server Binding).
  if (proof !== undefined && group['issuer'] === undefined && authorizeUrl === undefined && tokenUrl === undefined)
    yield {
      path: place(proof),
      what: 'is given, but no issuer, so the server behind would say whom it is sent to; give --remote-auth-issuer',
    };
  const says = ['clientSecret', 'clientKeyFile', 'clientCertFile', 'clientAuthentication'];
  // Without any of them it is a public client.
  if (says.some((field) => group[field] !== undefined)) yield* checkClient(draft, [...base, 'remoteAuth']);
  if ((authorizeUrl === undefined) !== (tokenUrl === undefined) && group['issuer'] === undefined) {
    const missing = authorizeUrl === undefined ? 'authorizeUrl' : 'tokenUrl';
    yield {
      path: place(missing),
      what: 'is missing, while the other of the two endpoints is given; give both, or an issuer',
    };
  }
  if (bearerToken !== undefined && (group['issuer'] !== undefined || clientId !== undefined))
    yield {
      path: place('bearerToken'),
      what: 'is given, so nobody signs in; leave out either it or issuer and client',
    };
}

function* checkCallers(draft: Draft, base: readonly Segment[], group: Tree): Generator<Finding> {
  const list = valueAt(draft.tree, [...base, 'authenticate']);
  for (const [index, entry] of (Array.isArray(list) ? list : []).entries()) {
    const strategy: unknown = valueAt(entry, ['strategy']);
    const path = [...base, 'authenticate', index, 'strategy'];
    if (!local.has(strategy)) {
      yield {
        path,
        what: 'lets people call by tokens of their own, who would then act as the person who signs in (--remote-auth); leave one of the two out',
      };
    } else if (strategy === 'anonymous' && group['open'] !== true) {
      yield {
        path,
        what: 'would let every program on this machine act as the person who signs in; leave it out (clients get a token), or say so with --remote-auth-open',
      };
    }
  }
  const isLocal = Array.isArray(list) && list.some((entry) => valueAt(entry, ['strategy']) === 'local-token');
  for (const key of isLocal ? ['required', 'methods', 'tools'] : []) {
    const scopes = valueAt(draft.tree, [...base, 'policy', key]);
    if (typeof scopes !== 'object' || scopes === null || Object.keys(scopes).length === 0) continue;
    yield {
      path: [...base, 'policy', key],
      what: 'asks for scopes, but callers with the local token have none; leave it out (--remote-auth-scopes says what to sign in for)',
    };
  }
  if (group['open'] === true && isLocal) {
    yield {
      path: [...base, 'remoteAuth', 'open'],
      what: 'is true, while callers need the local token; leave one of the two out',
    };
  }
}
