import type { BackOff } from '../lib/back-off.ts';
import { isModern } from '../model/protocol-version.ts';
import type { Upstream, UpstreamAnswer, UpstreamExchange, UpstreamRequest } from '../model/upstream.ts';
import { AnswerStream } from './answer-stream.ts';
import type { OpenChannel } from './channel.ts';
import { Places } from './places.ts';
import { invalidParams, invalidRequest, metaOf, readMessages, type RpcMessage } from './rpc-message.ts';
import type { SessionSettings } from './session-settings.ts';
import { headerOf, Sessions } from './sessions.ts';
import { SharedChannels } from './shared-channels.ts';

export interface BridgeOptions {
  readonly strategy: string;
  readonly target: string;
  readonly settings: SessionSettings;
  readonly open: OpenChannel;
  readonly answerTimeoutMs: number;
  /** How long a server may take until it can answer anything. */
  readonly startTimeoutMs: number;
  /** How the newer era is spoken; undefined where the server cannot. */
  readonly modern: ModernOptions | undefined;
  /** Resolves when everything that was opened is gone. */
  readonly whenClosed: () => Promise<void>;
}

export interface ModernOptions {
  readonly isPerUser: boolean;
  readonly buildBackOff: () => BackOff;
}

export interface Bridge extends Upstream {
  /** Opens what all calls share, where there is something, and finds out what the server speaks.
   * @throws UsherError of stage forward
   */
  start(): Promise<void>;
}

/** An upstream whose server has channels of messages instead of HTTP: answers as a Streamable HTTP server does, with sessions
 * to clients of before 2026-07-28 and without to those of today.
 */
export function buildBridge(options: BridgeOptions): Bridge {
  const { target, settings, open, answerTimeoutMs, startTimeoutMs, modern } = options;
  const idleMs = settings.sessionIdleSeconds * 1000;
  const common = { target, open, answerTimeoutMs, startTimeoutMs, idleMs };
  const places = new Places({
    most: settings.maxSessions,
    mostPerUser: settings.maxSessionsPerUser,
    target,
    makeRoom: (principal) => sessions.makeRoom(principal) || shared?.makeRoom(principal) === true,
  });
  const sessions = new Sessions({ ...common, isPerUser: modern?.isPerUser ?? false }, () => places);
  const shared = modern === undefined ? undefined : new SharedChannels({ ...common, ...modern }, () => places);
  return {
    strategy: options.strategy,
    target,
    async start() {
      if (modern?.isPerUser === false) await shared?.start();
    },
    send(request, answer) {
      const messages = request.body === undefined ? [] : readMessages(request.body.toString('utf8'));
      if (messages === undefined)
        return refuse(answer, 400, invalidRequest(null, 'The body is not a message of JSON-RPC'));
      const [message, second] = messages;
      if (second !== undefined || !isOfToday(request, message)) return sessions.take(request, messages, answer);
      if (shared === undefined || message === undefined) return refuse(answer, ...withoutSessions(request, message));
      // What does not say of itself that it is of today may turn a server of both eras into one of before, for everybody.
      const missing = findMissing(message);
      if (missing !== undefined)
        return refuse(answer, 400, invalidParams(message.id ?? null, `params._meta has no ${missing}`));
      return shared.take(request, message, answer);
    },
    withdraw(principal) {
      sessions.withdraw(principal);
      shared?.withdraw(principal);
    },
    async close() {
      sessions.close();
      shared?.close();
      await options.whenClosed();
    },
  };
}

function isOfToday(request: UpstreamRequest, message: RpcMessage | undefined): boolean {
  const version = message === undefined ? undefined : metaOf(message)['io.modelcontextprotocol/protocolVersion'];
  // Whatever version it names: only the newer era says it there.
  return version !== undefined || isModern(headerOf(request, 'mcp-protocol-version'));
}

/** MCP 2026-07-28, Streamable HTTP, earlier revisions: no GET and no DELETE. */
function withoutSessions({ method }: UpstreamRequest, message: RpcMessage | undefined): [status: number, text: string] {
  if (method !== 'POST') return [405, invalidRequest(null, 'This protocol version has no GET and no DELETE')];
  const text = 'This server speaks protocol versions with sessions: begin with initialize';
  return [400, invalidRequest(message?.id ?? null, text)];
}

/** MCP 2026-07-28, base protocol, _meta: what every request has to say. */
function findMissing(message: RpcMessage): string | undefined {
  const meta = metaOf(message);
  const isThere = (name: string) => meta[`io.modelcontextprotocol/${name}`] !== undefined;
  return ['protocolVersion', 'clientCapabilities']
    .filter((name) => message.kind === 'request' || name === 'protocolVersion')
    .find((name) => !isThere(name));
}

function refuse(answer: UpstreamAnswer, status: number, text: string): UpstreamExchange {
  const stream = new AnswerStream(answer);
  stream.answer(status, text);
  return stream;
}
