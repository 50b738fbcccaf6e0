import { readFileSync } from 'node:fs';
import { readTlsPair } from '../lib/read-tls-pair.ts';
import { isLoopbackHost } from '../lib/loopback.ts';
import type { Finding } from './finding.ts';
import { fileProblem } from './config-file.ts';
import type { Draft } from './draft.ts';
import { isSecret } from './leaves.ts';
import { isTree, valueAt } from './path.ts';
import { quote } from './quote.ts';

const leastKeyLength = 32;
const reservedPaths = ['/health', '/ready', '/.well-known'];

/** What is wrong between the servers, and with what they share. */
export function* checkGateway(draft: Draft): Generator<Finding> {
  const servers = valueAt(draft.tree, ['servers']);
  if (isTree(servers) && Object.keys(servers).length === 0) {
    yield { path: ['servers'], what: 'is empty; expected at least one server under it' };
  }
  // An object cannot have this key like others: the schema would read over it, and nobody would serve it.
  if (isTree(servers) && Object.hasOwn(servers, '__proto__')) {
    yield { path: ['servers', '__proto__'], what: 'is not a name a server can have; give it another' };
  }
  yield* checkPaths(draft);
  yield* checkResourceUrls(draft);
  yield* checkCaFile(draft);
  yield* checkTlsFiles(draft);
  yield* checkState(draft);
}

function* checkPaths(draft: Draft): Generator<Finding> {
  const owners = new Map<string, string>();
  for (const server of draft.servers) {
    const given = valueAt(draft.tree, ['servers', server, 'path']);
    const path = given === undefined ? '/mcp' : given;
    if (typeof path !== 'string') continue;
    const place = ['servers', server, 'path'];
    const reserved = reservedPaths.find((prefix) => path === prefix || path.startsWith(`${prefix}/`));
    if (reserved !== undefined) {
      yield { path: place, what: `is ${quote(path)}, but ${reserved} is Usher's own; expected another such as /mcp` };
    }
    const owner = owners.get(path);
    if (owner !== undefined) {
      const byDefault = given === undefined ? ' by default' : '';
      yield {
        path: place,
        what: `is ${quote(path)}${byDefault}, where ${owner} is served already; give each server a path of its own, for example /${server}/mcp`,
      };
    } else owners.set(path, server);
  }
}

/** Metadata is found by the path of the resource URL (RFC 9728 §3.1): of two servers with one path, the clients of the
 * second would be sent where the first one's sign in.
 */
function* checkResourceUrls(draft: Draft): Generator<Finding> {
  const owners = new Map<string, string>();
  for (const server of draft.servers) {
    const given = valueAt(draft.tree, ['servers', server, 'resourceUrl']);
    if (typeof given !== 'string' || !URL.canParse(given)) continue;
    const { pathname } = new URL(given);
    const owner = owners.get(pathname);
    if (owner !== undefined) {
      yield {
        path: ['servers', server, 'resourceUrl'],
        what: `is ${quote(given)}, whose path ${quote(pathname)} is that of ${owner} already; give each server a path of its own, by which clients find its metadata`,
      };
    } else owners.set(pathname, server);
  }
}

/** What is kept in the shared state is as safe as the key it is encrypted with; and whoever has the password can delete it. */
function* checkState(draft: Draft): Generator<Finding> {
  const at = (key: string): unknown => valueAt(draft.tree, ['state', key]);
  const [key, url] = [at('key'), at('url')];
  // An empty one could not be read, which is reported.
  const length = isSecret(key) ? key.reveal().length : 0;
  if (length > 0 && length < leastKeyLength) {
    yield {
      path: ['state', 'key'],
      what: `has ${length} characters, expected at least ${leastKeyLength}; for example what openssl rand -base64 32 prints`,
    };
  }
  if (at('insecureAllowPlain') === true || typeof url !== 'string' || !URL.canParse(url)) return;
  const { protocol, hostname } = new URL(url);
  if (protocol === 'redis:' && !isLoopbackHost(hostname)) {
    yield {
      path: ['state', 'url'],
      what: `is ${quote(url)}: without TLS on this machine only; use rediss://, or --state-insecure-allow-plain (insecureAllowPlain: true) in a network you trust`,
    };
  }
}

function* checkCaFile(draft: Draft): Generator<Finding> {
  const file = valueAt(draft.tree, ['caFile']);
  if (typeof file !== 'string' || file === '') return;
  const path = ['caFile'];
  try {
    if (!readFileSync(file, 'utf8').includes('-----BEGIN CERTIFICATE-----')) {
      yield {
        path,
        what: `is ${quote(file)}, which has no certificate in it; expected PEM text with BEGIN CERTIFICATE`,
      };
    }
  } catch (error) {
    yield { path, what: `is ${quote(file)}, which ${fileProblem(error)}` };
  }
}

function* checkTlsFiles(draft: Draft): Generator<Finding> {
  const path = ['listen', 'tls'];
  const [certFile, keyFile] = ['certFile', 'keyFile'].map((field) => valueAt(draft.tree, [...path, field]));
  // One without the other, or an empty one: the schema says so.
  if (typeof certFile !== 'string' || typeof keyFile !== 'string' || certFile === '' || keyFile === '') return;
  const files = { certFile, keyFile };
  const read = readTlsPair(files);
  if ('pair' in read) return;
  for (const { field, what } of read.problems) {
    yield { path: [...path, field], what: `is ${quote(files[field])}, which ${what}` };
  }
}
