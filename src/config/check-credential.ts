import { readPrivateKey } from '../lib/read-private-key.ts';
import { checkClient } from './check-client.ts';
import { findLeaf } from './describe-issue.ts';
import type { Finding } from './finding.ts';
import type { Draft } from './draft.ts';
import type { Segment } from './leaves.ts';
import { isTree, valueAt } from './path.ts';
import { quote } from './quote.ts';
import { keysAt } from './schema-at.ts';

/** What is wrong with a credential: with each group of it that names a client of a token endpoint. */
export function* checkCredential(draft: Draft, path: readonly Segment[]): Generator<Finding> {
  for (const group of findGroups(draft, path)) {
    if (keysAt(draft.tree, group).includes('clientAuthentication')) yield* checkClient(draft, group);
    if (valueAt(draft.tree, [...group, 'strategy']) === 'token-exchange') yield* checkExchange(draft, group);
    yield* checkProof(draft, group);
    yield* checkHeader(draft, group);
  }
  yield* checkBoundHeader(draft, path);
}

/** What is wrong between the settings of one token exchange. */
function* checkExchange(draft: Draft, path: readonly Segment[]): Generator<Finding> {
  const at = (field: string): unknown => valueAt(draft.tree, [...path, field]);
  if (isEmpty(at('audience')) && isEmpty(at('resource'))) {
    yield {
      path: [...path, 'audience'],
      what: 'is missing, and so is resource: the exchange has to say which service the new token is for; expected audience (--token-exchange-audience), for example backend, or resource (--token-exchange-resource)',
    };
  }
  if (at('actorFromClient') === true && at('actorToken') !== undefined) {
    yield { path: [...path, 'actorFromClient'], what: 'is given beside an actor token; keep one of the two' };
  }
  if (at('actorFromClient') !== true && !isEmpty(at('actorScopes'))) {
    yield {
      path: [...path, 'actorScopes'],
      what: 'is given, but no actor token is asked for; give actorFromClient (--token-exchange-actor-from-client), or leave it out',
    };
  }
  const place = path.at(-1);
  const steps = typeof place === 'number' ? valueAt(draft.tree, path.slice(0, -1)) : undefined;
  const isLast = !Array.isArray(steps) || place === steps.length - 1;
  if (isLast && at('requestedTokenType') === 'id_token') {
    yield {
      path: [...path, 'requestedTokenType'],
      what: 'is "id_token", which says who signed in and opens no service; it is for a step of a chain that another follows',
    };
  }
}

/** Half of a proof of possession, or a key that cannot be used. */
function* checkProof(draft: Draft, path: readonly Segment[]): Generator<Finding> {
  const at = (field: string): unknown => valueAt(draft.tree, [...path, field]);
  const flag = findLeaf(draft, [...path, 'dpop'])?.meta.flag;
  const wish = flag === undefined ? 'dpop: true' : `--${flag} (dpop: true)`;
  for (const key of ['dpopKeyFile', 'dpopUrl']) {
    if (at(key) === undefined || at('dpop') === true) continue;
    yield {
      path: [...path, key],
      what: `says how to prove a key that is not asked for; set ${wish} as well, or leave it out`,
    };
  }
  const file = at('dpopKeyFile');
  if (typeof file !== 'string' || file === '' || at('dpop') !== true) return;
  const read = readPrivateKey(file);
  if ('problem' in read) yield { path: [...path, 'dpopKeyFile'], what: `is ${quote(file)}, which ${read.problem}` };
}

/** RFC 9449 §7.1: a token that is bound to a key has one form only. */
function* checkBoundHeader(draft: Draft, path: readonly Segment[]): Generator<Finding> {
  const isBound = [...findGroups(draft, path)].some((group) => valueAt(draft.tree, [...group, 'dpop']) === true);
  for (const key of ['header', 'headerPrefix']) {
    if (!isBound || valueAt(draft.tree, [...path, key]) === undefined) continue;
    yield {
      path: [...path, key],
      what: 'is given, but tokens that are bound to a key (dpop) go as Authorization: DPoP only; leave it out',
    };
  }
}

/** A header that callers may set as well would make two of it, or one that is theirs. */
function* checkHeader(draft: Draft, path: readonly Segment[]): Generator<Finding> {
  const header = valueAt(draft.tree, [...path, 'header']);
  const forwarded = valueAt(draft.tree, [...path.slice(0, 2), 'forwardHeaders']);
  if (typeof header !== 'string' || !Array.isArray(forwarded)) return;
  if (forwarded.some((name) => typeof name === 'string' && name.toLowerCase() === header.toLowerCase())) {
    yield {
      path: [...path, 'header'],
      what: `is ${quote(header)}, which forwardHeaders takes from the caller; take it out there`,
    };
  }
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

/** The credential itself, the groups in it, and the steps of a chain. */
export function* findGroups(draft: Draft, path: readonly Segment[]): Generator<readonly Segment[]> {
  const value = valueAt(draft.tree, path);
  if (Array.isArray(value)) {
    for (const index of value.keys()) yield* findGroups(draft, [...path, index]);
  } else if (isTree(value)) {
    yield path;
    for (const key of Object.keys(value)) yield* findGroups(draft, [...path, key]);
  }
}
