import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  requireExample,
  startCountriesApi,
  startCountriesServer,
  type TrustedIssuer,
} from '../demo/start-countries.ts';
import { accessTokenClaims, signToken, type AccessTokenContent } from '../idp/access-token.ts';
import { uidOf } from '../idp/state/seed-state.ts';
import type { RunningIdp } from '../idp/running-idp.ts';
import { readSeed } from '../idp/seed/read-seed.ts';
import type { Seed } from '../idp/seed/seed-schema.ts';
import { readSigningKeys } from '../idp/signing-keys.ts';
import { startIdp } from '../idp/start-idp.ts';
import { findFreePort } from '../lib/find-free-port.ts';
import { fail } from '../model/usher-error.ts';
import type { GatewaySettings } from './gateway-settings.ts';
import { startStandIn, type StandIn } from './start-stand-in.ts';

type Server = RunningIdp['servers'][number];
export type ServerId = 'mcpserver' | 'backend';

/** What an MCP server behind the gateway expects, where it is another than the scenario's. */
export type ServerVariant =
  | 'usual'
  | 'other-issuer'
  | 'other-audience'
  | 'other-scope'
  | 'api-other-issuer'
  | 'api-other-audience'
  | 'api-other-scope'
  | 'api-down';

const firstPort = 21_000;

/** The scenario, with what can be shared between faults started once. */
export class FaultLab implements AsyncDisposable {
  /** Where the gateway of each fault listens. */
  readonly gatewayPort: number;
  readonly stateDir: string;
  /** Answers badly, by path. */
  readonly standIn: StandIn;
  readonly #stack: AsyncDisposableStack;
  readonly #ports: { readonly idpHttp: number; readonly idpHttps: number };
  readonly #taken: Set<number>;
  #usualServer: Promise<string> | undefined;
  /** Of the fault that is looked at. */
  #others = new AsyncDisposableStack();
  readonly #seed: Seed;
  #idp: RunningIdp;
  #seeded = '';

  constructor(parts: {
    readonly stateDir: string;
    readonly standIn: StandIn;
    readonly stack: AsyncDisposableStack;
    readonly taken: Set<number>;
    readonly ports: { readonly gateway: number; readonly idpHttp: number; readonly idpHttps: number };
    readonly seed: Seed;
    readonly idp: RunningIdp;
  }) {
    this.stateDir = parts.stateDir;
    this.standIn = parts.standIn;
    this.gatewayPort = parts.ports.gateway;
    this.#stack = parts.stack;
    this.#ports = parts.ports;
    this.#taken = parts.taken;
    this.#seed = parts.seed;
    this.#idp = parts.idp;
    this.#seeded = JSON.stringify(parts.seed);
  }

  /** The identity provider as it is set up now. */
  get idp(): RunningIdp {
    return this.#idp;
  }

  server(id: ServerId): Server {
    const server = this.#idp.servers.find((one) => one.id === id);
    if (server === undefined) throw fail('step_failed', { step: 'The lab', reason: `the seed has no server ${id}` });
    return server;
  }

  /** Sets the identity provider up so: the same keys, the same addresses. */
  async seed(change: (seed: Seed) => Seed = (seed) => seed): Promise<void> {
    const text = JSON.stringify(change(this.#seed));
    if (text === this.#seeded) return;
    await this.#idp.close();
    this.#idp = await startSeededIdp(this.stateDir, text, this.#ports);
    this.#seeded = text;
  }

  /** The URL of an MCP server that expects this. The usual one is shared, others go with {@link release}. */
  serverUrl(variant: ServerVariant = 'usual'): Promise<string> {
    if (variant !== 'usual') return this.#startServer(variant, this.#others);
    return (this.#usualServer ??= this.#startServer(variant, this.#stack));
  }

  /** Ends what was started for one fault only. */
  async release(): Promise<void> {
    const others = this.#others;
    this.#others = new AsyncDisposableStack();
    await others.disposeAsync();
  }

  /** Settings under which everything works. */
  async usualSettings(): Promise<GatewaySettings> {
    const [mcpserver, backend] = [this.server('mcpserver'), this.server('backend')];
    return {
      caFile: this.#idp.caFile,
      resourceUrl: undefined,
      issuer: mcpserver.issuer,
      audience: mcpserver.audience,
      required: ['mcp:tools:call'],
      rules: [],
      tokenUrl: backend.tokenUrl,
      clientId: 'gateway',
      clientSecret: 'gateway-development-secret',
      exchangeAudience: backend.audience,
      exchangeScopes: ['backend-api:read'],
      exchangeTimeoutSeconds: 10,
      serverUrl: await this.serverUrl(),
      answerTimeoutSeconds: 10,
    };
  }

  /** An access token of the seed's first user as a client gets it by signing in, but for these changes. */
  async token(changes: Partial<AccessTokenContent> = {}, signedBy: ServerId = 'mcpserver'): Promise<string> {
    const { issuer, audience } = this.server('mcpserver');
    const [user] = this.#seed.users;
    const issuedAt = Math.floor(Date.now() / 1000);
    const content: AccessTokenContent = {
      handle: randomBytes(16).toString('base64url'),
      issuer,
      audience,
      issuedAt,
      expiresAt: issuedAt + 3600,
      clientId: 'demo',
      user: user === undefined ? undefined : { uid: uidOf(user.login), login: user.login },
      scopes: ['openid', 'email', 'mcp:tools:call'],
      authTime: undefined,
      jkt: undefined,
      ...changes,
    };
    return this.sign(accessTokenClaims(content), signedBy);
  }

  /** Anything, signed with a server's own key. */
  async sign(claims: Readonly<Record<string, unknown>>, signedBy: ServerId = 'mcpserver'): Promise<string> {
    return signToken(claims, await readSigningKeys(join(this.stateDir, 'idp'), signedBy));
  }

  async #startServer(variant: ServerVariant, stack: AsyncDisposableStack): Promise<string> {
    const usual = this.#trusted();
    const isAboutApi = variant.startsWith('api-');
    const other = { ...usual, ...expectOther(variant.replace('api-', ''), usual) };
    const apiUrl = await this.#startApi(variant, isAboutApi ? other : usual, stack);
    const port = await this.#takePort();
    stack.use(await startCountriesServer({ ...(isAboutApi ? usual : other), port, apiUrl }));
    return `http://127.0.0.1:${port}/mcp`;
  }

  /** Nobody calls the API of a server that refuses the token itself. */
  async #startApi(variant: ServerVariant, trusted: TrustedIssuer, stack: AsyncDisposableStack): Promise<string> {
    if (variant !== 'usual' && (variant === 'api-down' || !variant.startsWith('api-'))) return 'http://127.0.0.1:1/';
    const port = await this.#takePort();
    stack.use(await startCountriesApi({ ...trusted, port }));
    return `http://127.0.0.1:${port}/`;
  }

  #trusted(): TrustedIssuer {
    const { issuer, audience } = this.server('backend');
    return { issuer, audience, scopes: ['backend-api:read'], caFile: this.#idp.caFile, stateDir: this.stateDir };
  }

  async #takePort(): Promise<number> {
    const port = await findFreePort(firstPort, '127.0.0.1', this.#taken);
    this.#taken.add(port);
    return port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
    await this.#idp.close();
    await this.#stack.disposeAsync();
  }
}

function expectOther(what: string, { issuer }: TrustedIssuer): Partial<TrustedIssuer> {
  switch (what) {
    case 'other-issuer':
      return { issuer: issuer.replace(/[^/]+$/, 'elsewhere') };
    case 'other-audience':
      return { audience: 'another-service' };
    case 'other-scope':
      return { scopes: ['backend-api:write'] };
    default:
      return {};
  }
}

async function startSeededIdp(
  stateDir: string,
  seed: string,
  { idpHttp, idpHttps }: { readonly idpHttp: number; readonly idpHttps: number },
): Promise<RunningIdp> {
  const seedFile = join(stateDir, 'seed.yaml');
  // JSON is YAML.
  await writeFile(seedFile, seed);
  return startIdp({ httpPort: idpHttp, httpsPort: idpHttps, stateDir: join(stateDir, 'idp'), seedFile });
}

/** Starts the identity provider on free ports; the rest follows when a fault wants it.
 * @throws UsherError when something does not start
 */
export async function startFaultLab(folder: string): Promise<FaultLab> {
  requireExample();
  const stateDir = resolve(folder);
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const taken = new Set<number>();
  const next = async () => {
    const port = await findFreePort(firstPort, '127.0.0.1', taken);
    taken.add(port);
    return port;
  };
  const ports = { gateway: await next(), idpHttp: await next(), idpHttps: await next() };
  await using stack = new AsyncDisposableStack();
  const standIn = stack.use(await startStandIn());
  const seed = await readSeed(undefined);
  const idp = await startSeededIdp(stateDir, JSON.stringify(seed), ports);
  return new FaultLab({ stateDir, standIn, stack: stack.move(), taken, ports, seed, idp });
}
