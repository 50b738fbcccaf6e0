import { isIP } from 'node:net';

/** It stands in URLs, logs and on a page. */
const longest = 512;
const hostRule = /^(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::\d{1,5})?$/;

/** Does a client say by this id where its document is, rather than that it registered itself? */
export function isDocumentUrl(id: string): boolean {
  return /^https?:/i.test(id);
}

/** Why this cannot be the URL of a client's document (draft-ietf-oauth-client-id-metadata-document-03 §3); undefined when it can.
 * Reads as the end of `a URL that …`. Only normalized URLs are taken: what is fetched is then to the letter what it is called.
 */
export function findDocumentUrlProblem(id: string): string | undefined {
  if (id.length > longest) return `has at most ${longest} characters`;
  if (!/^https:\/\/[\u0021-\u007e]+$/.test(id) || !URL.canParse(id)) return 'begins with https://';
  const { href, hostname, username, password } = new URL(id);
  if (username !== '' || password !== '' || /^https:\/\/[^/?#]*@/.test(id)) return 'has no user name';
  if (id.includes('#')) return 'has no fragment';
  if (/\/(?:\.|%2e){1,2}(?=[/?]|$)/i.test(id)) return 'has no . and .. in its path';
  if (!/^https:\/\/[^/?]+\//.test(id)) return 'has a path';
  if (href !== id) return `is written as ${href}`;
  if (isIP(hostname) !== 0 || hostname.startsWith('[')) return 'has a name, not an address';
  return undefined;
}

/** What is wrong with a rule of the operator, as what is wanted; undefined when it is fine. */
export function findRuleProblem(rule: string): string | undefined {
  if (rule === '*' || hostRule.test(rule)) return undefined;
  if (isDocumentUrl(rule)) {
    const problem = findDocumentUrlProblem(rule);
    return problem === undefined ? undefined : `the URL of a client's document that ${problem}`;
  }
  return 'the URL of a document, a host in lower case such as vscode.dev, *.example.com or example.com:8443, or * for any host';
}

/** How an operator let it in: by its name, so that it is trusted with its own site too, or as anybody; undefined when not at all.
 * Hosts are meant at the usual port, without a query: whoever lists a host means its documents, not all that can be made to
 * look like one there.
 */
export function findTrust(id: string, rules: readonly string[]): 'named' | 'any' | undefined {
  if (rules.includes(id)) return 'named';
  const { host, hostname, port, search } = new URL(id);
  if (search !== '') return undefined;
  const isNamed = rules.some((rule) =>
    rule.startsWith('*.') ? host.endsWith(rule.slice(1)) && host.length >= rule.length : rule === host,
  );
  if (isNamed) return 'named';
  return rules.includes('*') && port === '' && hostname.includes('.') ? 'any' : undefined;
}
