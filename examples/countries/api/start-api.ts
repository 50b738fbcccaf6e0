import { ApolloServer, HeaderMap } from '@apollo/server';
import {
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buildChallenge } from '../lib/build-challenge.ts';
import { proofAlgorithms } from '../lib/build-proof-check.ts';
import { buildPrintLog, type PrintLog, quoteValue } from '../lib/print-log.ts';
import { type RunningServer, startHttpServer } from '../lib/start-http-server.ts';
import { buildResolvers } from './build-resolvers.ts';
import { buildTokenCheck, type Claims, type Refusal } from './build-token-check.ts';
import { readJsonBody } from './read-json-body.ts';
import type { Settings } from './read-settings.ts';

const schemaFile = new URL('../schema.graphql', import.meta.url);

/** Starts the GraphQL API on `/` and `/graphql`. Every request is checked before anything of it is read.
 * Throws `CannotStart` when the issuer is not usable or the address is taken. */
export async function startApi(settings: Settings): Promise<RunningServer> {
  const { tokens } = settings;
  const log = buildPrintLog(settings.logFormat);
  const checkToken = tokens === undefined ? undefined : buildTokenCheck(tokens);
  const apollo = await startApollo();
  const server: RunningServer = await startHttpServer(
    async (req, res) => {
      const path = (req.url ?? '/').split('?')[0];
      if (path !== '/' && path !== '/graphql') {
        return answerError(res, 404, 'NOT_FOUND', `Cannot answer: there is nothing at this path, ask /graphql`);
      }
      if (checkToken !== undefined && tokens !== undefined) {
        const url = new URL(path, settings.publicUrl ?? server.url).href;
        const { authorization, dpop } = req.headers;
        const proof = dpop === undefined ? undefined : String(dpop);
        const result = await checkToken({ authorization, proof, method: req.method ?? '', url });
        if ('refusal' in result) {
          logRefusal(log, result.refusal);
          return answerRefusal(res, result.refusal, tokens.requiredScopes);
        }
        logClaims(log, result.claims);
      }
      return answerQuery(apollo, req, res);
    },
    { what: 'the countries API', host: settings.host, port: settings.port, portSetting: 'PORT', path: '/' },
  );
  if (tokens === undefined) {
    log('auth.off', 'REQUIRE_AUTH is false: every request is answered, no token is looked at', {});
  }
  log('listening', `countries API listening on ${server.url}`, { url: server.url });
  const close = async (): Promise<void> => {
    await server.close();
    await apollo.stop();
  };
  return { url: server.url, close, [Symbol.asyncDispose]: close };
}

/** Everything that would talk to anybody outside is off, whatever APOLLO_* variables say. */
async function startApollo(): Promise<ApolloServer> {
  const apollo = new ApolloServer({
    typeDefs: readFileSync(schemaFile, 'utf8'),
    resolvers: buildResolvers(),
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    persistedQueries: false,
    parseOptions: { maxTokens: 2000 },
    plugins: [
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
    ],
  });
  await apollo.start();
  return apollo;
}

async function answerQuery(apollo: ApolloServer, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const read = req.method === 'POST' ? await readJsonBody(req) : { json: undefined };
  if ('status' in read) return answerError(res, read.status, 'BAD_REQUEST', read.reason);
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(req.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  const search = URL.parse(req.url ?? '/', 'http://localhost')?.search ?? '';
  const response = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: req.method ?? 'POST', headers, search, body: read.json },
    context: async () => ({}),
  });
  res.writeHead(response.status ?? 200, Object.fromEntries(response.headers));
  if (response.body.kind === 'complete') res.write(response.body.string);
  else for await (const chunk of response.body.asyncIterator) res.write(chunk);
  res.end();
}

function answerError(res: ServerResponse, status: number, code: string, message: string): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code } }] });
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8', connection: 'close' }).end(body);
}

function answerRefusal(
  res: ServerResponse,
  { status, error, reason, isDpop }: Refusal,
  scopes: readonly string[],
): void {
  if (status === 503) {
    res.setHeader('retry-after', '5');
    return answerError(res, status, 'SERVICE_UNAVAILABLE', reason);
  }
  const description = error === undefined ? undefined : reason;
  res.setHeader(
    'www-authenticate',
    buildChallenge(
      {
        realm: 'countries',
        error,
        error_description: description,
        scope: scopes.join(' '),
        algs: isDpop ? proofAlgorithms.join(' ') : undefined,
      },
      isDpop ? 'DPoP' : 'Bearer',
    ),
  );
  return answerError(res, status, status === 401 ? 'UNAUTHENTICATED' : 'FORBIDDEN', reason);
}

function logClaims(log: PrintLog, claims: Claims): void {
  const words = ['iss', 'aud', 'scp', 'sub', 'cid']
    .filter((name) => claims[name] !== undefined)
    .map((name) => `${name}=${quoteValue(claims[name])}`);
  log('token.validated', `validated token ${words.join(' ')} claims=${JSON.stringify(claims)}`, { claims });
}

function logRefusal(log: PrintLog, { status, error, reason, hint }: Refusal): void {
  log('token.refused', `refused ${status}: ${reason}${hint === undefined ? '' : `. ${hint}`}`, {
    status,
    error,
    reason,
    hint,
  });
}
