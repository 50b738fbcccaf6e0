import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import { parseJson } from '../lib/parse-json.ts';
import { fail } from '../model/usher-error.ts';

const answerSchema = z.looseObject({
  result: z.looseObject({}).optional(),
  error: z
    .looseObject({
      message: z.string(),
      data: z.looseObject({ code: z.string().optional(), id: z.string().optional() }).optional(),
    })
    .optional(),
});

export interface McpAnswer {
  readonly status: number;
  readonly result: Readonly<Record<string, unknown>> | undefined;
  readonly errorCode: string | undefined;
  readonly challenge: string | null;
}

/** What a client calls with. */
export interface ClientToken {
  readonly callerToken: string;
  /** The key it is bound to: every call gets a proof of it (RFC 9449 §7.1). */
  readonly key?: oauth.DPoPHandle | undefined;
}

const protocolVersion = '2026-07-28';

/** One stateless MCP request (2026-07-28): method and name mirrored into headers, version in `_meta`. The answer is JSON or
 * the first message of an event stream.
 * @throws UsherError step_failed when the answer is neither
 */
export async function callMcp(
  url: string,
  token: ClientToken | string,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
): Promise<McpAnswer> {
  const name = params['name'];
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': protocolVersion,
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } });
  const response = await send(url, typeof token === 'string' ? { callerToken: token } : token, { headers, body });
  const text = await response.text();
  const json =
    response.headers.get('content-type')?.startsWith('text/event-stream') === true
      ? (/^data: ?(\{.*)$/m.exec(text)?.[1] ?? '')
      : text;
  const parsed = answerSchema.safeParse(parseJson(json));
  if (!parsed.success)
    throw fail('step_failed', {
      step: method,
      reason: `status ${response.status} with an answer that is no JSON-RPC message`,
    });
  const { result, error } = parsed.data;
  return {
    status: response.status,
    result,
    errorCode: error?.data?.code ?? error?.message,
    challenge: response.headers.get('www-authenticate'),
  };
}

async function send(
  url: string,
  { callerToken, key }: ClientToken,
  { headers, body }: { readonly headers: Record<string, string>; readonly body: string },
): Promise<Response> {
  if (key === undefined)
    return fetch(url, { method: 'POST', headers: { ...headers, authorization: `Bearer ${callerToken}` }, body });
  const options = { DPoP: key, [oauth.allowInsecureRequests]: true };
  try {
    return await oauth.protectedResourceRequest(callerToken, 'POST', new URL(url), new Headers(headers), body, options);
  } catch (error) {
    // That it was refused is an answer, too.
    if (error instanceof oauth.WWWAuthenticateChallengeError) return error.response;
    throw error;
  }
}

const meta = {
  'io.modelcontextprotocol/protocolVersion': protocolVersion,
  'io.modelcontextprotocol/clientInfo': { name: 'usher-demo', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
