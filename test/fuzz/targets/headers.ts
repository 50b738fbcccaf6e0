import assert from 'node:assert/strict';
import { Secret } from '../../../src/model/secret.ts';
import { buildAnswerHeaders } from '../../../src/pipeline/answer-headers.ts';
import { buildUpstreamHeaders } from '../../../src/pipeline/upstream-headers.ts';
import type { Target } from '../target.ts';

const mayGoUp =
  /^(?:accept|accept-language|content-type|last-event-id|mcp-protocol-version|mcp-session-id|mcp-method|mcp-name|mcp-param-[^_]*|traceparent|tracestate|baggage|authorization)$/;
const nothingMore = { names: new Set<string>(), dropsSession: false };
const upstreamToken = 'Bearer upstream-token';

/** Nothing outside the allow-list goes upstream; our credential stands last, once, and is the only one. */
export function checkUp(rawHeaders: readonly string[]): void {
  const header = { name: 'authorization', value: new Secret(upstreamToken) };
  const sent = buildUpstreamHeaders(
    rawHeaders,
    { header, claims: undefined, source: 'fresh', waitedMs: 0 },
    nothingMore,
  );
  assert.equal(sent.length % 2, 0);
  const names = sent.filter((_, index) => index % 2 === 0);
  for (const name of names) if (!name.startsWith('mcp-param-')) assert.match(name, mayGoUp);
  assert.deepEqual(sent.slice(-2), ['authorization', upstreamToken]);
  assert.equal(names.filter((name) => name === 'authorization').length, 1);
  assert.ok(names.filter((name) => name === 'content-type').length <= 1);
  const none = buildUpstreamHeaders(
    rawHeaders,
    { header: undefined, claims: undefined, source: 'none', waitedMs: 0 },
    nothingMore,
  );
  const isOwnSent = none.some((name, index) => index % 2 === 0 && name === 'authorization');
  assert.ok(!isOwnSent, "the caller's own is not sent in its stead");
}

const mayNotComeDown =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|www-authenticate|authentication-info|authorization|dpop-nonce|set-cookie2?|alt-svc|strict-transport-security|access-control-.*)$/;

/** Nothing that is about another connection, another origin or another token comes down; the rest as it was. */
export function checkDown(headers: Readonly<Record<string, string | readonly string[] | undefined>>): void {
  const passed = buildAnswerHeaders(headers);
  const options = String(headers['connection'] ?? '')
    .toLowerCase()
    .split(',')
    .map((one) => one.trim());
  for (let index = 0; index < passed.length; index += 2) {
    const [name = '', value = ''] = passed.slice(index, index + 2);
    assert.ok(Object.hasOwn(headers, name));
    assert.ok([headers[name]].flat().includes(value));
    if (
      !['proxy-status'].includes(name) &&
      name.startsWith('proxy-') &&
      !/^proxy-(?:authenticate|authorization|connection)$/.test(name)
    )
      continue;
    assert.doesNotMatch(name, mayNotComeDown);
    assert.ok(!options.includes(name), 'Connection names it');
  }
}

/** Lines of headers, sent both ways. */
export const target: Target = {
  seeds: [
    'accept: */*\ncontent-type: application/json\nmcp-session-id: a\nMcp-Param-Region: eu\ncookie: a=b',
    'Connection: close, X-Hop\nx-hop: 1\nauthorization: Bearer x\nAuthorization: Bearer y',
    'connection: authorization\ncontent-type: a\ncontent-type: b\nx_forwarded_user: root',
    'www-authenticate: Bearer\nset-cookie: a=b\naccess-control-allow-origin: *\n__proto__: x\nx-kept: 1',
  ],
  fuzz(bytes) {
    const rawHeaders: string[] = [];
    const headers: Record<string, string | string[]> = Object.create(null) as Record<string, string[]>;
    for (const line of bytes.toString('latin1').split('\n')) {
      const colon = line.indexOf(':');
      if (colon < 1) continue;
      const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
      rawHeaders.push(name, value);
      const known = headers[name.toLowerCase()];
      headers[name.toLowerCase()] = known === undefined ? value : [known, value].flat();
    }
    checkUp(rawHeaders);
    checkDown(headers);
  },
};
