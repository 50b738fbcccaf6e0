import { once } from 'node:events';
import { request } from 'node:http';
import { parseObject } from '../lib/parse-object.ts';
import { isObject } from '../lib/is-object.ts';

/** What a caller sees of a call. */
export interface CallAnswer {
  readonly status: number;
  /** Of a refusal: what the caller can quote. */
  readonly id: string | undefined;
}

const version = '2026-07-28';
const message = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: {
    name: 'GetCountry',
    arguments: { code: 'CZ' },
    _meta: {
      'io.modelcontextprotocol/protocolVersion': version,
      'io.modelcontextprotocol/clientInfo': { name: 'usher-lab', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
};

/** One call of the scenario's tool. Not by fetch: the name the caller has the gateway by may be another.
 * @throws Error when there is no answer
 */
export async function callTool(port: number, callerToken: string, host = `localhost:${port}`): Promise<CallAnswer> {
  const call = request({
    host: '127.0.0.1',
    port,
    path: '/mcp',
    method: 'POST',
    headers: {
      host,
      authorization: `Bearer ${callerToken}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
      'mcp-method': message.method,
      'mcp-name': message.params.name,
    },
  });
  call.end(JSON.stringify(message));
  const [answer] = await once(call, 'response');
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
  return { status: answer.statusCode, id: findId(text) };
}

/** `error.data.id`, as a refusal has it. */
function findId(text: string): string | undefined {
  const error = parseObject(text)?.['error'];
  const data = isObject(error) ? error['data'] : undefined;
  const id = isObject(data) ? data['id'] : undefined;
  return typeof id === 'string' ? id : undefined;
}
