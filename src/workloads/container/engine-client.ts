import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { isObject } from '../../lib/is-object.ts';
import { parseJson } from '../../lib/parse-json.ts';
import { plain } from '../../lib/plain.ts';

/** The engine refused: its own words, and the status. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface EngineRequest {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** For the whole answer; without it as long as the engine likes. */
  readonly timeoutMs?: number;
}

/** What a schema of zod is, as far as it is needed here. */
interface Parser<T> {
  parse(value: unknown): T;
}

const longestAnswer = 16 * 1024 * 1024;

/** Speaks to a container engine over its socket, or its named pipe. Each request has a connection of its own: an engine
 * closes idle ones when it likes, and a handful of requests for each start needs no pool.
 */
export class EngineClient {
  readonly socketPath: string;
  readonly #prefix: string;

  /** @param apiVersion for example `1.41`; without it the engine's own, which is for asking which that is */
  constructor(socketPath: string, apiVersion?: string) {
    this.socketPath = socketPath;
    this.#prefix = apiVersion === undefined ? '' : `/v${apiVersion}`;
  }

  /** The path as the engine takes it, for those who speak to it themselves. */
  pathOf(path: string): string {
    return `${this.#prefix}${path}`;
  }

  /** One request and its whole answer.
   * @throws EngineError with the engine's words, Error when it cannot be reached
   */
  async ask(method: string, path: string, options: EngineRequest = {}): Promise<unknown> {
    const answer = await this.stream(method, path, options);
    return parseJson(await readText(answer));
  }

  /** The same, read by a schema. */
  async read<T>(schema: Parser<T>, method: string, path: string, options?: EngineRequest): Promise<T> {
    return schema.parse(await this.ask(method, path, options));
  }

  /** One request whose answer comes bit by bit.
   * @throws EngineError with the engine's words, Error when it cannot be reached
   */
  async stream(method: string, path: string, options: EngineRequest = {}): Promise<IncomingMessage> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = this.#send(method, path, options);
      sent.once('response', resolve).once('error', reject);
      sent.end(options.body === undefined ? undefined : JSON.stringify(options.body));
    });
    const { statusCode: status = 0 } = answer;
    if (status >= 200 && status < 300) return answer;
    throw new EngineError(status, wordsOf(await readText(answer), status));
  }

  /** A connection to a container's output, and to its input where that is open. Without a body: Podman hands a body on to
   * the container's input, where it would stand before the first message.
   * @throws EngineError, Error
   */
  attach(id: string, { stdin = false }: { readonly stdin?: boolean } = {}): Promise<Duplex> {
    const query = `stream=1&stdout=1&stderr=1${stdin ? '&stdin=1' : ''}`;
    return new Promise((resolve, reject) => {
      const headers = { connection: 'Upgrade', upgrade: 'tcp' };
      const sent = this.#send('POST', `/containers/${id}/attach?${query}`, { headers });
      sent.once('upgrade', (_, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
      });
      sent.once('response', (answer) => {
        const { statusCode: status = 0 } = answer;
        readText(answer).then((text) => reject(new EngineError(status, wordsOf(text, status))), reject);
      });
      sent.once('error', reject).end();
    });
  }

  #send(method: string, path: string, { body, headers = {}, signal, timeoutMs }: EngineRequest): ClientRequest {
    const signals = [signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)];
    const given = signals.filter((one) => one !== undefined);
    return request({
      socketPath: this.socketPath,
      method,
      path: this.pathOf(path),
      headers: {
        host: 'engine',
        ...(body === undefined ? { 'content-length': '0' } : { 'content-type': 'application/json' }),
        ...headers,
      },
      agent: false,
      ...(given.length === 0 ? {} : { signal: AbortSignal.any(given) }),
    });
  }
}

async function readText(answer: IncomingMessage): Promise<string> {
  let text = '';
  answer.setEncoding('utf8');
  for await (const part of answer) {
    text += String(part);
    if (text.length > longestAnswer) throw new Error(`the engine's answer is longer than ${longestAnswer} bytes`);
  }
  return text;
}

/** `{"message":"…"}`; Podman adds `cause`. */
function wordsOf(text: string, status: number): string {
  const parsed = parseJson(text);
  const message = isObject(parsed) && typeof parsed['message'] === 'string' ? parsed['message'] : text;
  return plain(message).trim() || `status ${status}`;
}
