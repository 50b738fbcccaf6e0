import { Secret } from '../../src/model/secret.ts';
import { post, toolCall } from './call.ts';
import { sendJson, startHttpServer, type TestServer } from './start-http-server.ts';
import { startIssuer, type TestIssuer } from './start-issuer.ts';
import { startRedis, type TestRedis } from './start-redis.ts';
import { exchangingServer, startTestGateway, type TestGateway } from './start-test-gateway.ts';

/** Two gateways in front of one server, with one provider and one Redis. */
export interface Replicas extends AsyncDisposable {
  readonly redis: TestRedis;
  readonly issuer: TestIssuer;
  readonly upstream: TestServer;
  readonly a: TestGateway;
  readonly b: TestGateway;
  /** A further one, configured as `b` is. */
  startAnother(): Promise<TestGateway>;
}

type Change = (server: ReturnType<typeof exchangingServer>) => ReturnType<typeof exchangingServer>;

interface ReplicaOptions {
  readonly now?: () => number;
  readonly changeA?: Change;
  /** Long, so that a machine that stands still for a moment is not taken for a server that hangs. */
  readonly stateCommandMs?: number;
}

/** What their server answers. */
export const answer = { jsonrpc: '2.0', id: 1, result: {} };

export async function startReplicas(
  respond: Parameters<typeof startHttpServer>[0] = (_, response) => sendJson(response, 200, answer),
  changeB: Change = (server) => server,
  { changeA = (server) => server, ...given }: ReplicaOptions = {},
): Promise<Replicas> {
  const options = { stateCommandMs: 5_000, ...given };
  const redis = await startRedis();
  const issuer = await startIssuer();
  const upstream = await startHttpServer(respond);
  const config = {
    state: { url: redis.url, password: new Secret(redis.password), key: new Secret('k'.repeat(32)) },
  };
  const server = exchangingServer(issuer, upstream, { resourceUrl: 'http://localhost/mcp' });
  const a = await startTestGateway({ apollo: changeA(server) }, { config, ...options });
  const startOne = () => startTestGateway({ apollo: changeB(server) }, { config, ...options });
  const b = await startOne();
  const others: TestGateway[] = [];
  return {
    redis,
    issuer,
    upstream,
    a,
    b,
    async startAnother() {
      const another = await startOne();
      others.push(another);
      return another;
    },
    async [Symbol.asyncDispose]() {
      for (const one of [...others, a, b, upstream, issuer, redis]) await one[Symbol.asyncDispose]();
    },
  };
}

/** Of one call; its answer is read to the end. */
export async function status(gateway: TestGateway, callerToken: string, headers = {}, message: unknown = toolCall()) {
  const response = await post(gateway.mcpUrl, callerToken, message, headers);
  await response.text();
  return response.status;
}
