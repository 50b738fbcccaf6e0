/** Posts one JSON-RPC message as an MCP client would. */
export function post(
  url: string,
  callerToken: string | undefined,
  message: unknown = toolCall(),
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(callerToken === undefined ? {} : { authorization: `Bearer ${callerToken}` }),
      ...headers,
    },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });
}

export function toolCall(name = 'GetCountry', id: string | number = 1): Record<string, unknown> {
  return { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: { code: 'CZ' } } };
}
