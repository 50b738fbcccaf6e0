import type { ServerResponse } from 'node:http';
import { sendJson, startHttpServer, type TestServer } from './start-http-server.ts';

/** A tool call that the model makes. */
export interface ScriptedCall {
  /** Of the tool, as the MCP server names it. */
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A language model for agents: whatever it is asked, it calls one tool, then repeats what that answered. It speaks
 * OpenAI's Responses API (platform.openai.com/docs/api-reference/responses) at /v1/responses and Anthropic's Messages API
 * (docs.claude.com/en/api/messages) at /v1/messages, both as streams.
 */
export function startScriptedModel(call: ScriptedCall): Promise<TestServer> {
  return startHttpServer(({ url, body }, response) => {
    const { pathname } = new URL(url, 'http://model');
    if (pathname === '/v1/responses') return respond(response, answerResponses(JSON.parse(body) as Asked, call));
    if (pathname === '/v1/messages') return respond(response, answerMessages(JSON.parse(body) as Asked, call));
    return sendJson(response, 404, {});
  });
}

interface Asked {
  readonly tools?: readonly { readonly type?: string; readonly name?: string }[];
  /** Of the Responses API. */
  readonly input?: readonly { readonly type?: string; readonly output?: unknown }[];
  /** Of the Messages API. */
  readonly messages?: readonly { readonly content: unknown }[];
}

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

function respond(response: ServerResponse, events: readonly Event[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
}

function answerResponses({ tools = [], input = [] }: Asked, { tool, input: given }: ScriptedCall): readonly Event[] {
  const answered = input.find(({ type }) => type === 'function_call_output');
  // Tools of MCP servers stand in a namespace each, or have its name before theirs.
  const known = tools.find((one) => JSON.stringify(one).includes(`"${tool}"`) || one.name?.endsWith(tool) === true);
  const name = known?.type === 'namespace' ? { namespace: known.name, name: tool } : { name: known?.name ?? tool };
  const text = JSON.stringify(answered?.output);
  const item =
    answered === undefined
      ? { type: 'function_call', id: 'fc_1', call_id: 'call_1', ...name, arguments: JSON.stringify(given) }
      : { type: 'message', id: 'msg_1', role: 'assistant', content: [{ type: 'output_text', text }] };
  const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
  return [
    { type: 'response.created', response: { id: 'resp_1' } },
    { type: 'response.output_item.done', item },
    { type: 'response.completed', response: { id: 'resp_1', usage } },
  ];
}

function answerMessages({ tools = [], messages = [] }: Asked, { tool, input }: ScriptedCall): readonly Event[] {
  const blocks = messages.flatMap(({ content }) => (Array.isArray(content) ? (content as { type?: string }[]) : []));
  const answered = blocks.find(({ type }) => type === 'tool_result');
  const name = tools.find((one) => one.name?.endsWith(tool) === true)?.name ?? tool;
  const isCall = answered === undefined;
  const start = isCall ? { type: 'tool_use', id: 'toolu_1', name, input: {} } : { type: 'text', text: '' };
  const delta = isCall
    ? { type: 'input_json_delta', partial_json: JSON.stringify(input) }
    : { type: 'text_delta', text: JSON.stringify(answered) };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'scripted', content: [] };
  const usage = { input_tokens: 1, output_tokens: 1 };
  return [
    { type: 'message_start', message: { ...message, stop_reason: null, stop_sequence: null, usage } },
    { type: 'content_block_start', index: 0, content_block: start },
    { type: 'content_block_delta', index: 0, delta },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: isCall ? 'tool_use' : 'end_turn', stop_sequence: null },
      usage: { output_tokens: 1 },
    },
    { type: 'message_stop' },
  ];
}
