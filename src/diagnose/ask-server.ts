import { parseJson } from '../lib/parse-json.ts';
import type { Route } from '../model/route.ts';
import type { UpstreamUser } from '../model/upstream.ts';
import type { UpstreamCredential } from '../model/upstream-credential.ts';

/** What the MCP server behind answered. */
export interface ServerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Of JSON, or of the first message of an event stream; undefined when it is neither. */
  readonly message: unknown;
}

const timeoutMs = 15_000;
const longestAnswer = 1024 * 1024;
const modern = '2026-07-28';

export interface Question {
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

/** Asks the MCP server behind as `forward` would: one stateless request (MCP 2026-07-28), with a proof where the token is
 * bound to a key, and once more where the proof has to hold a nonce (RFC 9449 §9).
 * @throws Error when it does not answer
 */
export async function askServer(
  route: Route,
  credential: UpstreamCredential | undefined,
  question: Question,
): Promise<ServerAnswer> {
  const { target } = route.upstream;
  const prove = () => credential?.proof?.prove('POST', target);
  const proof = prove();
  const user: UpstreamUser = { principal: 'usher doctor', claims: {}, credential };
  const answer = await askOnce(route, { header: credential?.header, proof, user }, question);
  const nonce = answer.headers['dpop-nonce'];
  const hasNewNonce = proof !== undefined && credential?.proof?.learnNonce(target, nonce, proof) === true;
  if (answer.status !== 401 || !hasNewNonce) return answer;
  return askOnce(route, { header: credential.header, proof: prove(), user }, question);
}

/** What goes along with one request. */
interface Sent {
  readonly header: UpstreamCredential['header'];
  readonly proof: string | undefined;
  readonly user: UpstreamUser;
}

function askOnce({ upstream }: Route, { header, proof, user }: Sent, question: Question): Promise<ServerAnswer> {
  const headers = buildHeaders(question);
  if (header !== undefined) headers.push(header.name, header.value.reveal());
  if (proof !== undefined) headers.push('dpop', proof);
  return new Promise((resolve, reject) => {
    let head: Omit<ServerAnswer, 'message'> | undefined;
    let text = '';
    const finish = (): void => {
      clearTimeout(timer);
      if (head !== undefined) resolve({ ...head, message: parseMessage(text) });
    };
    const exchange = upstream.send(
      { method: 'POST', query: '', headers, body: Buffer.from(buildBody(question)), user },
      {
        onHead: (status, found) => {
          head = { status, headers: found };
        },
        onData: (chunk) => {
          text += chunk.toString();
          // The stream of an answer may stay open: its first message is enough.
          if (parseMessage(text) === undefined && text.length < longestAnswer) return;
          exchange.abort();
          finish();
        },
        onEnd: finish,
        onError: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      },
    );
    const timer = setTimeout(() => {
      exchange.abort();
      if (head === undefined)
        reject(Object.assign(new Error('no answer in time'), { code: 'UND_ERR_HEADERS_TIMEOUT' }));
      else finish();
    }, timeoutMs);
  });
}

function buildHeaders({ method, params = {} }: Question): string[] {
  const name = params['name'];
  return [
    'content-type',
    'application/json',
    'accept',
    'application/json, text/event-stream',
    ...(method === 'initialize' ? [] : ['mcp-protocol-version', modern, 'mcp-method', method]),
    ...(typeof name === 'string' ? ['mcp-name', name] : []),
  ];
}

function buildBody({ method, params = {} }: Question): string {
  const withMeta = method === 'initialize' ? params : { ...params, _meta: meta };
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: withMeta });
}

const meta = {
  'io.modelcontextprotocol/protocolVersion': modern,
  'io.modelcontextprotocol/clientInfo': { name: 'usher-doctor', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** For servers of before: they know no other first request. */
export const initialize = {
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'usher-doctor', version: '1.0.0' } },
} as const;

function parseMessage(text: string): unknown {
  const json = /^(?:event|data|id|:)/.test(text) ? /^data: ?(\{.*)$/m.exec(text)?.[1] : text;
  return json === undefined ? undefined : parseJson(json);
}
