import { z } from 'zod';
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

const protocolVersion = '2026-07-28';

/** One stateless MCP request (2026-07-28): method and name mirrored into headers, version in `_meta`. The answer is JSON or
 * the first message of an event stream.
 * @throws UsherError step_failed when the answer is neither
 */
export async function callMcp(
  url: string,
  callerToken: string,
  method: string,
  params: Readonly<Record<string, unknown>> = {},
): Promise<McpAnswer> {
  const name = params['name'];
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${callerToken}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': protocolVersion,
      'mcp-method': method,
      ...(typeof name === 'string' ? { 'mcp-name': name } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }),
  });
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

const meta = {
  'io.modelcontextprotocol/protocolVersion': protocolVersion,
  'io.modelcontextprotocol/clientInfo': { name: 'usher-demo', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
