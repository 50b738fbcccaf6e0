import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  hostHeaderValidation,
  type NodeIncomingMessageLike,
  originValidation,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import {
  type AuthInfo,
  createMcpHandler,
  getOAuthProtectedResourceMetadataUrl,
  localhostAllowedHostnames,
} from '@modelcontextprotocol/server';
import { buildChallenge } from '../lib/build-challenge.ts';
import { proofAlgorithms } from '../lib/build-proof-check.ts';
import { CannotStart } from '../lib/cannot-start.ts';
import { buildPrintLog, type LogFormat } from '../lib/print-log.ts';
import { type RunningServer, startHttpServer } from '../lib/start-http-server.ts';
import { trustCaFile } from '../lib/trust-ca-file.ts';
import { buildBearerCheck, type Refusal } from './build-bearer-check.ts';
import { buildServerFactory, type FindCredentials } from './build-server-factory.ts';
import type { AuthConfig, Config } from './config-schema.ts';
import { readOperations } from './read-operations.ts';

export interface StartOptions {
  readonly logFormat: LogFormat;
  /** Goes before the port of the configuration; 0 takes a free one. */
  readonly port: number | undefined;
}

const largestRequestBytes = 1024 * 1024;

/** Starts the MCP server on `/mcp`, without sessions, for the protocol's 2025 and 2026 eras. With `transport.auth` a
 * request is checked before its body is read. Throws `CannotStart`. */
export async function startMcpServer(config: Config, { logFormat, port }: StartOptions): Promise<RunningServer> {
  const { auth, address, host_validation: hosts } = config.transport;
  const log = buildPrintLog(logFormat);
  if (auth?.tls.ca_cert) {
    const problem = trustCaFile(auth.tls.ca_cert);
    if (problem) throw new CannotStart('the MCP server', [`transport.auth.tls.ca_cert: ${problem}`]);
  }
  const operations = readOperations(config.schema.path, config.operations.paths);
  const checkBearer = auth === undefined ? undefined : buildBearerCheck(auth);
  const handler = createMcpHandler(buildServerFactory(config, operations, findCredentials(config)), {
    maxRequestBodySize: largestRequestBytes,
    onerror: (error) => log('mcp.error', `MCP error: ${error.message}`, { message: error.message }),
  });
  const handleMcp = toNodeHandler(handler, { maxRequestBodySize: largestRequestBytes });
  const names = [...localhostAllowedHostnames(), address, ...hosts.allowed_hosts];
  const hostIsKnown = hostHeaderValidation(names);
  const originIsKnown = originValidation(names);
  const metadataPath =
    auth === undefined ? undefined : new URL(getOAuthProtectedResourceMetadataUrl(new URL(auth.resource))).pathname;

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (!hostIsKnown(req, res)) return;
    const path = (req.url ?? '/').split('?')[0];
    if (auth !== undefined && path === metadataPath) return answerMetadata(req, res, auth);
    if (path !== '/mcp')
      return answerJson(res, 404, { error: 'not_found', error_description: 'The MCP server is at /mcp' });
    if (!originIsKnown(req, res)) return;
    if (auth === undefined || checkBearer === undefined) return handleMcp(buildHandlerInput(req), res);
    const { authorization, dpop } = req.headers;
    const target = auth.disable_auth_token_passthrough
      ? { method: req.method ?? '', url: auth.resource }
      : { method: 'POST', url: config.endpoint };
    const result = await checkBearer({ authorization, proof: dpop === undefined ? undefined : String(dpop), target });
    if ('auth' in result) return handleMcp({ ...buildHandlerInput(req), auth: result.auth }, res);
    const { status, reason, hint } = result.refusal;
    log('token.refused', `refused ${status}: ${reason}${hint === undefined ? '' : `. ${hint}`}`, { ...result.refusal });
    return answerRefusal(res, result.refusal, auth);
  };
  const server = await startHttpServer(answer, {
    what: 'the MCP server',
    host: address,
    port: port ?? config.transport.port,
    portSetting: 'transport.port, --port or APOLLO_MCP_TRANSPORT__PORT',
    path: '/mcp',
  });
  const tools = operations.map(({ name }) => name);
  log('listening', `MCP server with the tools ${tools.join(', ')} listening on ${server.url}`, {
    url: server.url,
    tools,
  });
  const close = async (): Promise<void> => {
    await handler.close();
    await server.close();
  };
  return { url: server.url, close, [Symbol.asyncDispose]: close };
}

/** What the MCP library reads of a request. */
function buildHandlerInput(req: IncomingMessage): NodeIncomingMessageLike {
  return {
    method: req.method ?? 'GET',
    url: req.url ?? '/',
    headers: req.headers,
    [Symbol.asyncIterator]: () => req[Symbol.asyncIterator](),
  };
}

function answerJson(res: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The caller's own, where they are to be handed on. */
function findCredentials(config: Config): FindCredentials {
  const forwardsToken = config.transport.auth?.disable_auth_token_passthrough === false;
  return (auth) => ({ token: forwardsToken ? auth?.token : undefined, proof: readProof(auth) });
}

function readProof(auth: AuthInfo | undefined): string | undefined {
  const proof = auth?.extra?.['proof'];
  return typeof proof === 'string' ? proof : undefined;
}

/** RFC 9728 §2, with the members Apollo's server publishes. */
function answerMetadata(req: IncomingMessage, res: ServerResponse, auth: AuthConfig): void {
  if (req.method !== 'GET' && req.method !== 'HEAD') {
    res.setHeader('allow', 'GET, HEAD');
    return answerJson(res, 405, { error: 'method_not_allowed', error_description: 'Ask with GET' });
  }
  res.setHeader('access-control-allow-origin', '*');
  return answerJson(res, 200, {
    resource: auth.resource,
    authorization_servers: auth.servers,
    bearer_methods_supported: ['header'],
    scopes_supported: auth.scopes,
    ...(auth.resource_documentation === undefined ? {} : { resource_documentation: auth.resource_documentation }),
  });
}

function answerRefusal(res: ServerResponse, { status, error, reason, isDpop }: Refusal, auth: AuthConfig): void {
  if (status === 503) {
    res.setHeader('retry-after', '5');
    return answerJson(res, status, { error: 'temporarily_unavailable', error_description: reason });
  }
  const challenge = buildChallenge(
    {
      resource_metadata: getOAuthProtectedResourceMetadataUrl(new URL(auth.resource)),
      error,
      error_description: error === undefined ? undefined : reason,
      scope: auth.scopes.length === 0 ? undefined : auth.scopes.join(' '),
      algs: isDpop ? proofAlgorithms.join(' ') : undefined,
    },
    isDpop ? 'DPoP' : 'Bearer',
  );
  res.setHeader('www-authenticate', challenge);
  return answerJson(res, status, { error: error ?? 'unauthorized', error_description: reason });
}
