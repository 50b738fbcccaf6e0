import { readAssertionKey } from '../lib/read-private-key.ts';
import { readTlsPair } from '../lib/read-tls-pair.ts';
import type { Finding } from './finding.ts';
import { adviceOnSecret, findLeaf } from './describe-issue.ts';
import type { Draft } from './draft.ts';
import type { Segment } from './leaves.ts';
import { isTree, type Tree, valueAt } from './path.ts';
import { quote } from './quote.ts';
import { formatSource } from './source.ts';

/** What each way to prove who a client is needs, and what else it takes. */
const methods: Readonly<Record<string, { readonly needs: readonly string[]; readonly takes: readonly string[] }>> = {
  client_secret_basic: { needs: ['clientSecret'], takes: [] },
  client_secret_post: { needs: ['clientSecret'], takes: [] },
  private_key_jwt: {
    needs: ['clientKeyFile'],
    takes: ['clientKeyId', 'clientKeyAlgorithm', 'clientCertFile', 'clientAssertionAudience'],
  },
  tls_client_auth: { needs: ['clientCertFile', 'clientKeyFile'], takes: [] },
};
const usualMethod = 'client_secret_basic';
const proofs = [...new Set(Object.values(methods).flatMap(({ needs, takes }) => [...needs, ...takes]))];

/** What is wrong with the client of a group that asks a token endpoint: half of a proof, two of them, or a file that cannot
 * be used. What has the wrong type is passed over; the schema reports it.
 */
export function* checkClient(draft: Draft, path: readonly Segment[]): Generator<Finding> {
  const group = valueAt(draft.tree, path);
  if (!isTree(group)) return;
  const said = group['clientAuthentication'];
  const method = said ?? usualMethod;
  if (typeof method !== 'string') return;
  const row = Object.hasOwn(methods, method) ? methods[method] : undefined;
  if (row === undefined) return;
  const unneeded = proofs.filter(
    (field) => group[field] !== undefined && !row.needs.includes(field) && !row.takes.includes(field),
  );
  for (const field of unneeded) {
    const others = Object.keys(methods).filter((name) =>
      [...(methods[name]?.needs ?? []), ...(methods[name]?.takes ?? [])].includes(field),
    );
    yield {
      path: [...path, field],
      what: `is given, but clientAuthentication is ${method}${said === undefined ? ' by default' : ''}; leave it out, or use ${others.join(' or ')}`,
    };
  }
  // A key without a word about it is most likely meant: one sentence is enough.
  if (said === undefined && unneeded.length > 0) return;
  for (const field of row.needs) {
    if (group[field] === undefined) yield missing(draft, [...path, field], method);
  }
  yield* checkFiles(group, path, method);
}

function missing(draft: Draft, path: readonly Segment[], method: string): Finding {
  const origin = draft.originOf(path);
  const because =
    origin === undefined ? `is missing for ${method}` : `is missing, but ${formatSource(origin)} is given`;
  const leaf = findLeaf(draft, path);
  if (leaf === undefined) return { path, what: because };
  return { path, what: `${because}; ${leaf.kind === 'secret' ? adviceOnSecret(leaf) : `expected: ${leaf.meta.help}`}` };
}

function* checkFiles(group: Tree, path: readonly Segment[], method: string): Generator<Finding> {
  const [keyFile, certFile, algorithm] = ['clientKeyFile', 'clientCertFile', 'clientKeyAlgorithm'].map((field) => {
    const value = group[field];
    return typeof value === 'string' && value !== '' ? value : undefined;
  });
  if (keyFile === undefined) return;
  if (method === 'private_key_jwt') {
    const read = readAssertionKey({ keyFile, certFile, algorithm });
    if ('problem' in read)
      yield { path: [...path, read.field], what: `is ${quote(group[read.field])}, which ${read.problem}` };
  } else if (certFile !== undefined) {
    const read = readTlsPair({ certFile, keyFile });
    for (const { field, what } of 'problems' in read ? read.problems : []) {
      const key = field === 'certFile' ? 'clientCertFile' : 'clientKeyFile';
      yield { path: [...path, key], what: `is ${quote(group[key])}, which ${what}` };
    }
  }
}
