import { type AuthInfo, fromJsonSchema, McpServer } from '@modelcontextprotocol/server';
import { type CallContext, callApi } from './call-api.ts';
import type { Config } from './config-schema.ts';
import type { Operation } from './read-operations.ts';

/** What a call takes along to the API, by what is known of who sent it. */
export type FindCredentials = (auth: AuthInfo | undefined) => Pick<CallContext, 'token' | 'proof'>;

/** Every request gets a server object of its own; what is dear (the compiled input schemas) is built once. */
export function buildServerFactory(
  { endpoint, instructions }: Config,
  operations: readonly Operation[],
  findCredentials: FindCredentials,
): () => McpServer {
  const tools = operations.map((operation) => ({
    operation,
    inputSchema: fromJsonSchema<Record<string, unknown>>(operation.inputSchema),
  }));
  return () => {
    const server = new McpServer(
      { name: 'countries', version: '1.0.0' },
      instructions === undefined ? {} : { instructions },
    );
    for (const { operation, inputSchema } of tools) {
      const { name, description } = operation;
      const annotations = { title: name, readOnlyHint: true, idempotentHint: true, openWorldHint: true };
      server.registerTool(name, { description, inputSchema, annotations }, (args, { http, mcpReq }) =>
        callApi(operation, args, {
          endpoint,
          ...findCredentials(http?.authInfo),
          traceHeaders: readTraceHeaders(http?.req),
          signal: mcpReq.signal,
        }),
      );
    }
    return server;
  };
}

function readTraceHeaders(request: Request | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of ['traceparent', 'tracestate']) {
    const value = request?.headers.get(name);
    if (value) headers[name] = value;
  }
  return headers;
}
