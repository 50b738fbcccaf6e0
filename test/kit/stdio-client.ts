import assert from 'node:assert/strict';
import { post } from './call.ts';

export const clientInfo = { name: 'test', version: '1' };

/** Begins a session, as a client of 2025-11-25 does. */
export async function openSession(url: string) {
  const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
  const begun = await post(url, undefined, { jsonrpc: '2.0', id: 0, method: 'initialize', params: initialize });
  assert.equal(begun.status, 200, await begun.clone().text());
  const id = begun.headers.get('mcp-session-id') ?? '';
  const headers = { 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' };
  const send = (message: object) => post(url, undefined, { jsonrpc: '2.0', ...message }, headers);
  await send({ method: 'notifications/initialized' });
  const call = (name: string, rpcId: string | number = 1, more: object = {}) =>
    send({ id: rpcId, method: 'tools/call', params: { name, arguments: {}, ...more } });
  return {
    id,
    send,
    call,
    text: async (name: string, rpcId: string | number = 1, more: object = {}) =>
      textOf(await (await call(name, rpcId, more)).json()),
    listen: (more: Record<string, string> = {}, signal?: AbortSignal) =>
      fetch(url, { headers: { ...headers, accept: 'text/event-stream', ...more }, ...(signal ? { signal } : {}) }),
    end: () => fetch(url, { method: 'DELETE', headers }),
  };
}

export function textOf(message: unknown): string {
  const { result } = message as { result?: { content?: { text?: string }[] } };
  return result?.content?.[0]?.text ?? JSON.stringify(message);
}

export const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': clientInfo,
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Calls a tool, as a client of 2026-07-28 does. */
export function callModern(
  url: string,
  name: string,
  {
    id = 1,
    progressToken,
    signal,
    args = {},
  }: { id?: string | number; progressToken?: unknown; signal?: AbortSignal; args?: object } = {},
) {
  const params = {
    name,
    arguments: args,
    _meta: { ...meta, ...(progressToken === undefined ? {} : { progressToken }) },
  };
  return fetch(url, {
    method: 'POST',
    headers: modernHeaders('tools/call', name),
    body: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params }),
    ...(signal === undefined ? {} : { signal }),
  });
}

export function modernHeaders(method: string, name?: string): Record<string, string> {
  return {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(name === undefined ? {} : { 'mcp-name': name }),
  };
}

/** Asks for anything, as a client of 2026-07-28 does. */
export function pingModern(url: string): Promise<Response> {
  const message = { jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: meta } };
  return post(url, undefined, message, modernHeaders('ping'));
}
