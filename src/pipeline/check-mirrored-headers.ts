import type { IncomingMessage } from 'node:http';
import { decodeHeaderText } from '../lib/decode-header-text.ts';
import type { Message } from '../model/call.ts';
import type { Understood } from '../model/stages.ts';
import { fail } from '../model/usher-error.ts';
import { isModern } from '../model/protocol-version.ts';

const mirrored = ['mcp-protocol-version', 'mcp-method', 'mcp-name'] as const;
type Mirrored = (typeof mirrored)[number];
/** Where the header is a must beside the two of every request. */
const namedMethods = new Set(['tools/call', 'prompts/get', 'resources/read']);

/** Part of stage `readCall`: headers that repeat the body have to say the same, so that whoever reads only them behind this
 * gateway decides on what is really asked (MCP 2026-07-28, Streamable HTTP, server validation). Older versions do not have
 * these headers; where they are sent all the same, they may not lie either.
 * @throws UsherError header_mismatch
 */
export function checkMirroredHeaders({ request, call }: Understood): void {
  const headers = findMirrored(request);
  const [message, second] = call.messages;
  if (message === undefined) return;
  if (second !== undefined) {
    const name = headers.has('mcp-method') ? 'mcp-method' : headers.has('mcp-name') ? 'mcp-name' : undefined;
    if (name !== undefined) throw fail('header_mismatch', { reason: `${spelled[name]} is sent with a batch` });
    return;
  }
  const version = headers.get('mcp-protocol-version');
  if (message.version !== undefined) expectSame(headers, 'mcp-protocol-version', message.version);
  if (isModern(message.version ?? version) && message.kind === 'request') checkRequired(headers, message);
  if (headers.has('mcp-method')) expectSame(headers, 'mcp-method', message.method);
  // What the name of an extension's method repeats, only the extension knows.
  const isNamed = message.target !== undefined || namedMethods.has(message.method ?? '');
  if (headers.has('mcp-name') && isNamed) expectSame(headers, 'mcp-name', message.target);
}

const spelled = {
  'mcp-protocol-version': 'MCP-Protocol-Version',
  'mcp-method': 'Mcp-Method',
  'mcp-name': 'Mcp-Name',
} as const satisfies Record<Mirrored, string>;

function isMirrored(name: string): name is Mirrored {
  return name in spelled;
}

/** The headers that repeat the body, each once. Read from the raw lines: Node joins several into one. */
function findMirrored({ rawHeaders }: IncomingMessage): ReadonlyMap<Mirrored, string> {
  const found = new Map<Mirrored, string>();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const raw = rawHeaders[index] ?? '';
    // Of the three lengths only; lower case costs more than comparing numbers.
    if (raw.length !== 20 && raw.length !== 10 && raw.length !== 8) continue;
    const name = raw.toLowerCase();
    if (!isMirrored(name)) continue;
    if (found.has(name)) throw fail('header_mismatch', { reason: `${spelled[name]} stands there more than once` });
    const value = rawHeaders[index + 1] ?? '';
    if (!/^[\t\x20-\x7e]*$/.test(value))
      throw fail('header_mismatch', { reason: `${spelled[name]} has characters that cannot stand in a header` });
    found.set(name, value.trim());
  }
  return found;
}

function checkRequired(headers: ReadonlyMap<Mirrored, string>, { method = '' }: Message): void {
  for (const name of mirrored) {
    const isNeeded = name !== 'mcp-name' || namedMethods.has(method);
    if (isNeeded && !headers.has(name)) throw fail('header_mismatch', { reason: `${spelled[name]} is missing` });
  }
}

function expectSame(headers: ReadonlyMap<Mirrored, string>, name: Mirrored, inBody: string | undefined): void {
  const value = headers.get(name);
  const found = value === undefined || name !== 'mcp-name' ? value : decode(value);
  if (found === inBody) return;
  const [says, meant] = [found, inBody].map((one) => (one === undefined ? 'nothing' : JSON.stringify(one)));
  throw fail('header_mismatch', { reason: `${spelled[name]} says ${says}, the body ${meant}` });
}

function decode(value: string): string {
  const text = decodeHeaderText(value);
  if (text === undefined) throw fail('header_mismatch', { reason: 'Mcp-Name is said to be base64 and is not' });
  return text;
}
