import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exchangeGrant, startTestGateway, type TestGateway } from '../kit/start-test-gateway.ts';
import { sendJson, startHttpServer, type TestServer } from '../kit/start-http-server.ts';
import { startTestIdp, type SeedData, type TestIdp } from '../kit/start-test-idp.ts';
import { freePort } from '../kit/free-port.ts';
import { clientBehaviours } from './client-behaviour.ts';
import { Secret } from '../../src/model/secret.ts';

export interface ShieldLab extends AsyncDisposable {
  readonly idp: TestIdp;
  readonly gateway: TestGateway;
  readonly upstream: TestServer;
  /** How far the gateway's clock is ahead of the provider's. */
  readonly clock: { aheadMs: number };
  /** What the gateway trusts. */
  readonly caFile: string;
}

type ServerInput = Parameters<typeof startTestGateway>[0][string];
type FacadeInput = NonNullable<ServerInput['facade']>;

export interface ShieldLabOptions {
  /** Of the gateway; a free one when absent. */
  readonly port?: number;
  readonly seed?: (seed: SeedData) => void;
  /** Clients sign in by the gateway's façade, at a provider that lets nobody register. */
  readonly facade?: true | Partial<FacadeInput>;
  /** What the gateway trusts beside the provider's authority, PEM. */
  readonly ca?: string;
  /** Where the trail goes, when not to a file of its own. */
  readonly auditFile?: string;
  readonly server?: (usual: ServerInput, idp: TestIdp) => ServerInput;
}

/** What the tool GetSecret takes beside the usual scope. */
export const adminScope = 'mcp:tools:admin';
/** Pages that may call: where the Inspector's stands. */
const pages = ['http://localhost:6274'];

/** The development provider, a gateway in front of an MCP server that answers everything, and a tool that needs a scope more. */
export async function startShieldLab(options: ShieldLabOptions = {}): Promise<ShieldLab> {
  await using started = new AsyncDisposableStack();
  const clock = { aheadMs: 0 };
  const port = options.port ?? (options.facade === undefined ? 0 : await freePort());
  const facade = options.facade === undefined ? undefined : buildFacadeInput(options.facade);
  const idp = started.use(
    await startTestIdp((seed) => {
      addAdminScope(seed);
      addStaticClient(seed);
      if (facade !== undefined) closeRegistration(seed, `http://localhost:${port}/oauth/countries/callback`);
      options.seed?.(seed);
    }),
  );
  const upstream = started.use(await startHttpServer(({ body }, response) => answerMcp(body, response)));
  const [caller, backend] = [idp.server('mcpserver'), idp.server('backend')];
  const usual: ServerInput = {
    allowedOrigins: pages,
    authenticate: [{ strategy: 'jwt', issuer: caller.issuer, audience: ['mcpserver'] }],
    policy: { strategy: 'scopes', required: ['mcp:tools:call'], tools: { GetSecret: [adminScope] } },
    credential: {
      strategy: 'token-exchange',
      url: backend.tokenUrl,
      clientId: 'gateway',
      clientSecret: new Secret('gateway-development-secret'),
      audience: ['backend'],
      scopes: ['backend-api:read'],
    },
    upstream: { strategy: 'http', url: `${upstream.url}/mcp` },
    ...(facade === undefined ? {} : { facade }),
  };
  const folder = mkdtempSync(join(tmpdir(), 'usher-shield-'));
  started.defer(() => rmSync(folder, { recursive: true, force: true }));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, `${readFileSync(idp.idp.caFile, 'utf8')}\n${options.ca ?? ''}`);
  const gateway = started.use(
    await startTestGateway(
      { countries: options.server?.(usual, idp) ?? usual },
      {
        config: {
          caFile,
          listen: { port },
          ...(options.auditFile === undefined ? {} : { audit: { file: options.auditFile } }),
        },
        now: () => Date.now() + clock.aheadMs,
      },
    ),
  );
  const all = started.move();
  return { idp, gateway, upstream, clock, caFile, [Symbol.asyncDispose]: () => all.disposeAsync() };
}

function addAdminScope(seed: SeedData): void {
  const server = seed.servers.find(({ id }) => id === 'mcpserver') as
    (SeedData['servers'][number] & { scopes: object[] }) | undefined;
  server?.scopes.push({ name: adminScope, description: 'See what not everybody sees', published: true });
  for (const policy of server?.policies ?? []) {
    for (const rule of policy.rules) {
      const { grantTypes, scopes } = rule as { grantTypes: string[]; scopes: string[] };
      if (!grantTypes.includes(exchangeGrant)) scopes.push(adminScope);
    }
  }
}

/** Clients as an administrator registers them, where they cannot do it themselves: to the letter. */
export const staticClients = { native: { id: 'shield' }, web: { id: 'vscode', secret: 'vscode-development-secret' } };

function addStaticClient(seed: SeedData): void {
  seed.apps.push({
    clientId: staticClients.native.id,
    label: 'Registered by hand',
    type: 'native',
    grantTypes: ['authorization_code', 'refresh_token'],
    redirectUris: clientBehaviours.map(({ redirectUri }) => redirectUri),
  });
  const policy = seed.servers[0]?.policies[0] as { clients: string[] } | undefined;
  policy?.clients.push(staticClients.native.id);
}

/** The gateway's own client, as it is registered at the provider: the only one that may sign people in there. */
export const facadeClient = { id: 'facade', secret: 'facade-development-secret' };

function buildFacadeInput(given: true | Partial<FacadeInput>): FacadeInput {
  return {
    clientId: facadeClient.id,
    clientSecret: new Secret(facadeClient.secret),
    key: new Secret('a key of the tests, long enough for it'),
    scopes: ['offline_access'],
    ...(given === true ? {} : given),
  };
}

function closeRegistration(seed: SeedData, callback: string): void {
  for (const server of seed.servers) server['registration'] = false;
  seed.apps.push({
    clientId: facadeClient.id,
    clientSecret: facadeClient.secret,
    label: 'MCP gateway',
    type: 'web',
    grantTypes: ['authorization_code', 'refresh_token'],
    redirectUris: [callback],
  });
}

/** Answers as an MCP server with one tool, GetCountry. */
export function answerMcp(body: string, response: Parameters<typeof sendJson>[0]): void {
  const { id, method } = body === '' ? { id: undefined, method: 'GET' } : (JSON.parse(body) as RpcRequest);
  if (id === undefined) return void response.writeHead(method === 'GET' ? 405 : 202).end();
  sendJson(response, 200, { jsonrpc: '2.0', id, result: results[method] ?? {} });
}

interface RpcRequest {
  readonly id?: number;
  readonly method: string;
}

const results: Readonly<Record<string, unknown>> = {
  initialize: { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'lab', version: '1' } },
  'tools/list': { tools: [{ name: 'GetCountry', inputSchema: { type: 'object' } }] },
  'tools/call': { content: [{ type: 'text', text: 'Czechia' }] },
};
