import { isLoopbackHost } from '../lib/loopback.ts';
import { checkClient } from './check-client.ts';
import type { Draft } from './draft.ts';
import type { Finding } from './finding.ts';
import { isSecret, type Segment } from './leaves.ts';
import { isTree, valueAt } from './path.ts';
import { quote } from './quote.ts';

const leastKeyLength = 32;

/** What is wrong with the façade of one server, and between it and the rest. */
export function* checkFacade(draft: Draft, server: string): Generator<Finding> {
  const base: readonly Segment[] = ['servers', server, 'facade'];
  if (!isTree(valueAt(draft.tree, base))) return;
  const at = (field: string): unknown => valueAt(draft.tree, [...base, field]);
  yield* checkClient(draft, base);
  yield* checkIssuer(draft, server);
  const key = at('key');
  if (key === undefined && valueAt(draft.tree, ['state']) === undefined) {
    yield {
      path: [...base, 'key'],
      what: 'is missing: registrations and sign-ins are sealed with it; give --facade-key-file (key), for example what openssl rand -base64 32 prints, or shared state (--state-url), whose key then serves',
    };
  }
  const length = isSecret(key) ? key.reveal().length : 0;
  if (length > 0 && length < leastKeyLength) {
    yield {
      path: [...base, 'key'],
      what: `has ${length} characters, expected at least ${leastKeyLength}; for example what openssl rand -base64 32 prints`,
    };
  }
  yield* checkUrl(draft, server);
  yield* checkPlace(draft, server);
}

function* checkIssuer(draft: Draft, server: string): Generator<Finding> {
  const list = valueAt(draft.tree, ['servers', server, 'authenticate']);
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  const issuers = entries.map((entry) => valueAt(entry, ['issuer'])).filter((issuer) => typeof issuer === 'string');
  const path: readonly Segment[] = ['servers', server, 'facade', 'issuer'];
  const given = valueAt(draft.tree, path);
  if (entries.some((entry) => valueAt(entry, ['strategy']) === 'anonymous')) {
    yield {
      path: path.slice(0, -1),
      what: 'lets people sign in, while everybody may call without; keep one of the two',
    };
  } else if (entries.length > 0 && issuers.length === 0) {
    yield {
      path: path.slice(0, -1),
      what: 'lets people sign in, but the server takes no tokens of an issuer; give one, or leave the façade out',
    };
  } else if (given === undefined && issuers.length > 1) {
    yield {
      path,
      what: `is missing, while there are several issuers (${issuers.join(', ')}); say at which of them people sign in (--facade-issuer)`,
    };
  } else if (typeof given === 'string' && !issuers.includes(given)) {
    yield {
      path,
      what: `is ${quote(given)}, whose tokens the server does not take; it takes those of ${issuers.join(', ')}`,
    };
  }
}

/** Codes and cookies of people pass there: in the clear on this machine only. */
function* checkUrl(draft: Draft, server: string): Generator<Finding> {
  const path: readonly Segment[] = ['servers', server, 'facade', 'url'];
  const own = valueAt(draft.tree, path);
  const given = own ?? valueAt(draft.tree, ['servers', server, 'resourceUrl']);
  if (typeof given !== 'string' || !URL.canParse(given)) return;
  const { protocol, hostname } = new URL(given);
  const loopback: readonly Segment[] = [...path.slice(0, -1), 'unsafeDevLoopbackDocuments'];
  if (valueAt(draft.tree, loopback) === true && !isLoopbackHost(hostname)) {
    yield {
      path: loopback,
      what: `is true, and the façade is at ${quote(given)}: it is for tests on one machine, with http://localhost for both`,
    };
  }
  if (protocol === 'http:' && !isLoopbackHost(hostname)) {
    yield {
      path,
      what: `is ${quote(given)}${own === undefined ? ' by the resource URL' : ''}: plain http is taken on this machine only; use https`,
    };
  }
}

/** Each page has its path, whatever the host: two façades at one path, or a server below one, would answer for each other. */
function* checkPlace(draft: Draft, server: string): Generator<Finding> {
  const path: readonly Segment[] = ['servers', server, 'facade', 'url'];
  const place = placeOf(draft, server);
  if (place === undefined) return;
  const given = valueAt(draft.tree, path);
  const is = given === undefined ? `is ${quote(place)} by default` : `is ${quote(given)}`;
  const taken = draft.servers.find((other) => {
    const mounted = valueAt(draft.tree, ['servers', other, 'path']) ?? '/mcp';
    return typeof mounted === 'string' && mounted.startsWith(`${place}/`);
  });
  if (taken !== undefined) {
    const example = given === undefined ? '/sign-in' : `/oauth/${server}`;
    yield { path, what: `${is}, where ${taken} is served below; give it a path of its own, for example ${example}` };
  }
  const rival = draft.servers.find((other) => other < server && placeOf(draft, other) === place);
  if (rival !== undefined)
    yield { path, what: `${is}, whose path ${rival} has already; each façade is for one server, at a path of its own` };
}

/** Where the pages of a façade are; undefined where there is none, or its URL cannot be read. */
function placeOf(draft: Draft, server: string): string | undefined {
  const base: readonly Segment[] = ['servers', server, 'facade'];
  if (!isTree(valueAt(draft.tree, base))) return undefined;
  const given = valueAt(draft.tree, [...base, 'url']) ?? `http://here/oauth/${server}`;
  return typeof given === 'string' ? URL.parse(given)?.pathname.replace(/\/$/, '') : undefined;
}
