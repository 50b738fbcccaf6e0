import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import type { configSchema } from '../../src/config/schema.ts';
import { buildMemorySecrets } from '../../src/gateway/memory-secrets.ts';
import { Secret } from '../../src/model/secret.ts';
import type { SecretStore } from '../../src/model/secret-store.ts';
import { exchangeGrant, startIssuer, type TestIssuer } from './start-issuer.ts';
import { sendJson, type SeenRequest, startHttpServer, type Respond, type TestServer } from './start-http-server.ts';
import { startTestGateway, type TestGateway } from './start-test-gateway.ts';

type ServerInput = z.input<typeof configSchema>['servers'][string];

/** An authorization server people can sign in at, whose every answer a test can bend: real keys, real redirects. */
export interface LoginIssuer extends AsyncDisposable {
  readonly issuer: string;
  readonly authorizeUrl: string;
  readonly tokens: TestIssuer;
  /** Seconds an access token lives; 3600 at first. */
  lifeSeconds: number;
  /** Refresh tokens that are good: each is spent when it is used. */
  readonly refreshTokens: Set<string>;
  /** Of requests to the token endpoint, in order. */
  grants(): string[];
  /** Changes what the browser is sent back with. */
  bendAnswer: (answer: URLSearchParams) => void;
  /** Changes what the token endpoint answers. */
  bendTokens: (tokens: Record<string, unknown>, form: URLSearchParams) => void | Promise<void>;
  /** What the metadata says beside the usual. */
  metadata: Record<string, unknown>;
}

/** @param lifeSeconds of its access tokens */
export async function startLoginIssuer(lifeSeconds = 3600): Promise<LoginIssuer> {
  const tokens = await startIssuer();
  const { issuer } = tokens;
  const authorizeUrl = `${issuer}/v1/authorize`;
  const exchange = tokens.onToken;
  const lab: LoginIssuer = {
    issuer,
    authorizeUrl,
    tokens,
    lifeSeconds,
    refreshTokens: new Set(),
    grants: () =>
      tokens.server.seen
        .filter(({ url }) => url === new URL(tokens.tokenUrl).pathname)
        .map(({ body }) => new URLSearchParams(body).get('grant_type') ?? ''),
    bendAnswer: () => {},
    bendTokens: () => {},
    metadata: {},
    [Symbol.asyncDispose]: () => tokens[Symbol.asyncDispose](),
  };
  tokens.onOther = (request, response) => {
    const url = new URL(request.url, issuer);
    if (url.pathname.startsWith('/.well-known/oauth-authorization-server')) {
      const usual = {
        issuer,
        authorization_endpoint: authorizeUrl,
        token_endpoint: tokens.tokenUrl,
        jwks_uri: tokens.jwksUrl,
      };
      sendJson(response, 200, { ...usual, authorization_response_iss_parameter_supported: true, ...lab.metadata });
      return true;
    }
    if (url.pathname !== new URL(authorizeUrl).pathname) return false;
    const back = new URL(url.searchParams.get('redirect_uri') ?? '');
    const answer = new URLSearchParams({
      code: randomUUID(),
      state: url.searchParams.get('state') ?? '',
      iss: issuer,
    });
    lab.bendAnswer(answer);
    back.search = answer.toString();
    response.writeHead(302, { location: back.href }).end();
    return true;
  };
  tokens.onToken = async (request, response) => {
    const form = new URLSearchParams(request.body);
    if (form.get('grant_type') === exchangeGrant) return exchange(request, response);
    const spent = form.get('refresh_token');
    if (spent !== null && !lab.refreshTokens.delete(spent))
      return sendJson(response, 400, { error: 'invalid_grant', error_description: 'The refresh token is spent.' });
    const now = Math.floor(Date.now() / 1000);
    const refreshToken = `refresh-${randomUUID()}`;
    lab.refreshTokens.add(refreshToken);
    const answer: Record<string, unknown> = {
      access_token: await tokens.sign({ exp: now + lab.lifeSeconds }),
      token_type: 'Bearer',
      expires_in: lab.lifeSeconds,
      refresh_token: refreshToken,
    };
    await lab.bendTokens(answer, form);
    return sendJson(response, answer['error'] === undefined ? 200 : 400, answer);
  };
  return lab;
}

export interface LoginLab extends AsyncDisposable {
  readonly issuer: LoginIssuer;
  readonly behind: TestServer;
  readonly gateway: TestGateway;
  readonly secrets: SecretStore;
  /** What it is configured with. */
  readonly server: ServerInput;
  /** What local callers need. */
  readonly callerToken: string;
  /** Addresses that were opened in a browser. */
  readonly opened: readonly string[];
  /** What the person was told. */
  readonly told: readonly string[];
  /** Milliseconds the gateway's clock is ahead. */
  aheadMs: number;
}

export interface LoginLabOptions {
  readonly issuer?: LoginIssuer;
  readonly secrets?: SecretStore;
  readonly remoteAuth?: Partial<NonNullable<ServerInput['remoteAuth']>>;
  readonly server?: Partial<ServerInput>;
  readonly respond?: Respond;
  /** What the person does with the address; opens it and follows where it leads, when absent. */
  readonly visit?: (url: string) => Promise<unknown>;
}

const answer = { jsonrpc: '2.0', id: 1, result: { content: [] } };

/** A gateway whose operator has signed in, at an issuer that can be bent. */
export async function startLoginLab(options: LoginLabOptions = {}): Promise<LoginLab> {
  const issuer = options.issuer ?? (await startLoginIssuer());
  const behind = await startHttpServer(
    options.respond ?? ((_: SeenRequest, response) => sendJson(response, 200, answer)),
  );
  const secrets = options.secrets ?? buildMemorySecrets();
  const [opened, told]: [string[], string[]] = [[], []];
  const { visit = (url: string) => fetch(url) } = options;
  const clock = { aheadMs: 0 };
  const server: ServerInput = {
    authenticate: [{ strategy: 'local-token' }],
    remoteAuth: {
      issuer: issuer.issuer,
      clientId: 'operator-client',
      scopes: ['mcp:tools:call'],
      callbackPort: 0,
      timeoutSeconds: 20,
      ...options.remoteAuth,
    },
    credential: {
      strategy: 'token-exchange',
      url: issuer.tokens.tokenUrl,
      clientId: 'gateway',
      clientSecret: new Secret('gateway-secret'),
      audience: ['backend'],
    },
    upstream: { strategy: 'http', url: `${behind.url}/mcp` },
    ...options.server,
  };
  const close = async () => {
    await behind[Symbol.asyncDispose]();
    if (options.issuer === undefined) await issuer[Symbol.asyncDispose]();
  };
  const gateway = await startTestGateway(
    { apollo: server },
    {
      secrets,
      now: () => Date.now() + clock.aheadMs,
      loginAid: {
        hasBrowser: true,
        open: async (url) => {
          opened.push(url);
          void visit(url);
          return true;
        },
        tell: (text) => told.push(text),
      },
    },
  ).catch(async (error: unknown) => {
    await close();
    throw error;
  });
  return {
    issuer,
    behind,
    gateway,
    secrets,
    server,
    callerToken: gateway.servers[0]?.callerToken?.reveal() ?? '',
    opened,
    told,
    get aheadMs() {
      return clock.aheadMs;
    },
    set aheadMs(ms: number) {
      clock.aheadMs = ms;
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await close();
    },
  };
}
