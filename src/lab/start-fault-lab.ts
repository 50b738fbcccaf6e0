import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  requireExample,
  startCountriesApi,
  startCountriesServer,
  type TrustedIssuer,
} from '../demo/start-countries.ts';
import { signInUser, type SignedIn, type UserSignIn } from '../demo/sign-in-user.ts';
import { startGateway } from '../gateway/start-gateway.ts';
import type { RunningIdp } from '../idp/running-idp.ts';
import { flavours } from '../idp/flavours/flavours.ts';
import { parseSeed } from '../idp/seed/parse-seed.ts';
import { readSeed } from '../idp/seed/read-seed.ts';
import type { Seed } from '../idp/seed/seed-schema.ts';
import { resignToken } from '../idp/resign-token.ts';
import { readSigningKeys, type SigningKeys } from '../idp/signing-keys.ts';
import { startIdp } from '../idp/start-idp.ts';
import type { Aids } from '../diagnose/check.ts';
import { findFreePort } from '../lib/find-free-port.ts';
import { Secret } from '../model/secret.ts';
import { fail } from '../model/usher-error.ts';
import { quietLog } from '../model/log.ts';
import { buildLabConfig, type GatewaySettings } from './gateway-settings.ts';
import { startStandIn, type StandIn } from './start-stand-in.ts';

type Server = RunningIdp['servers'][number];
export type ServerId = 'mcpserver' | 'backend';
/** Who signs a token: its issuer, another authorization server of Okta's, or somebody whose keys are published nowhere. */
type Signer = 'issuer' | 'backend' | 'nobody';

/** Providers whose set-up the lab can spoil. */
export const labFlavours = ['okta', 'keycloak', 'auth0', 'entra'] as const;
export type LabFlavour = (typeof labFlavours)[number];

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

/** The gateway's port is free between two faults: a block of its own for each process, below those the system gives out. */
const firstPort = 10_000 + (process.pid % 98) * 100;

/** The scenario, with what can be shared between faults started once. */
export class FaultLab implements AsyncDisposable {
  /** Where the gateway of each fault listens. */
  readonly gatewayPort: number;
  readonly stateDir: string;
  readonly flavour: LabFlavour;
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

  /** Of somebody who signed in once. */
  #signedIn: Promise<SignedIn> | undefined;

  constructor(parts: {
    readonly flavour: LabFlavour;
    readonly stateDir: string;
    readonly standIn: StandIn;
    readonly stack: AsyncDisposableStack;
    readonly taken: Set<number>;
    readonly ports: { readonly gateway: number; readonly idpHttp: number; readonly idpHttps: number };
    readonly seed: Seed;
    readonly idp: RunningIdp;
  }) {
    this.flavour = parts.flavour;
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
    this.#idp = await startSeededIdp(this, text, this.#ports);
    this.#seeded = text;
  }

  /** The URL of an MCP server that expects this. The usual one is shared, others go with {@link release}. */
  serverUrl(variant: ServerVariant = 'usual'): Promise<string> {
    if (variant !== 'usual') return this.#startServer(variant, this.#others);
    // The example's API takes Okta's tokens only.
    if (this.flavour !== 'okta') return Promise.resolve(`${this.standIn.url}/mcp`);
    return (this.#usualServer ??= this.#startServer(variant, this.#stack));
  }

  /** Ends what was started for one fault only. */
  async release(): Promise<void> {
    const others = this.#others;
    this.#others = new AsyncDisposableStack();
    await others.disposeAsync();
  }

  /** How the doctor may look into the set-up: where the provider has an API that says it. */
  async administration(): Promise<NonNullable<Aids['administration']>> {
    const { apiTokenFile } = this.#idp;
    if (this.flavour !== 'okta' || apiTokenFile === undefined) return new Map();
    return new Map([['okta', { secret: new Secret((await readFile(apiTokenFile, 'utf8')).trim()) }]]);
  }

  /** Settings under which everything works. */
  async usualSettings(): Promise<GatewaySettings> {
    const [mcpserver, backend] = [this.server('mcpserver'), this.server('backend')];
    const app = this.#seed.apps.find(({ type }) => type === 'service');
    return {
      caFile: this.#idp.caFile,
      resourceUrl: undefined,
      issuer: mcpserver.issuer,
      audience: mcpserver.audience,
      introspection: undefined,
      requireDpop: false,
      required: [this.#scopeOf('mcpserver')],
      rules: [],
      provider: this.flavour === 'okta' ? undefined : this.flavour,
      tokenUrl: backend.tokenUrl,
      clientId: app?.clientId ?? '',
      clientSecret: app?.clientSecret ?? '',
      clientKeyFile: undefined,
      subjectTokenType: 'access_token',
      exchangeAudience: backend.audience,
      exchangeScopes: [this.fullScope('backend', this.#scopeOf('backend'))],
      exchangeDpop: false,
      exchangeTimeoutSeconds: 10,
      serverUrl: await this.serverUrl(),
      answerTimeoutSeconds: 10,
    };
  }

  #scopeOf(id: ServerId): string {
    return this.#seed.servers.find((one) => one.id === id)?.scopes[0]?.name ?? '';
  }

  /** A scope as one asks for it: Entra wants the API in front. */
  fullScope(id: ServerId, scope: string): string {
    return this.flavour === 'entra' ? `${this.server(id).audience}/${scope}` : scope;
  }

  /** Of the client people sign in with. */
  clientId(type: 'web' | 'native' = 'web'): string {
    return this.#seed.apps.find((app) => app.type === type)?.clientId ?? '';
  }

  /** What the client of a user who signed in holds. It has as long to live as a new one has. */
  usualToken(): Promise<string> {
    return this.tokenWith({});
  }

  /** That token with other claims; without one where it is undefined. */
  async tokenWith(changes: Readonly<Record<string, unknown>>, signer: Signer = 'issuer'): Promise<string> {
    const { callerToken } = await this.#signedInOnce();
    return resignToken(callerToken, changes, await this.#keysOf(signer));
  }

  /** The ID token of the same sign-in. */
  async idToken(): Promise<string> {
    return (await this.#signedInOnce()).idToken ?? '';
  }

  /** The access token of a sign-in at the provider as it is set up now. */
  async signInAnew(client: Pick<UserSignIn, 'isOauthOnly'> = {}): Promise<string> {
    return (await this.#signIn(client)).callerToken;
  }

  #keysOf(signer: Signer): Promise<SigningKeys> {
    // Keys that the provider has never seen are as good as those it does not publish any more.
    if (signer === 'nobody') return readSigningKeys(this.stateDir, 'withdrawn');
    const own = signer === 'issuer' ? 'mcpserver' : signer;
    return readSigningKeys(join(this.stateDir, 'idp'), this.flavour === 'okta' ? own : this.flavour);
  }

  #signedInOnce(): Promise<SignedIn> {
    return (this.#signedIn ??= this.#signIn());
  }

  async #signIn(client: Pick<UserSignIn, 'isOauthOnly'> = {}): Promise<SignedIn> {
    const [user] = this.#idp.users;
    const auditFile = join(this.stateDir, 'audit-sign-in.jsonl');
    const config = buildLabConfig(await this.usualSettings(), this.gatewayPort, auditFile);
    await using _gateway = await startGateway(config, { log: quietLog });
    return await signInUser({
      mcpUrl: `http://localhost:${this.gatewayPort}/mcp`,
      clientId: this.clientId('native'),
      redirectUri: 'http://127.0.0.1:33333/callback',
      username: user?.login ?? '',
      password: user?.password ?? '',
      caFile: this.#idp.caFile,
      scopes: [this.fullScope('mcpserver', this.#scopeOf('mcpserver'))],
      ...client,
    });
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
    return { issuer, audience, scopes: [this.#scopeOf('backend')], caFile: this.#idp.caFile, stateDir: this.stateDir };
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
      return { issuer: new URL('elsewhere', issuer).href };
    case 'other-audience':
      return { audience: 'another-service' };
    case 'other-scope':
      return { scopes: ['backend-api:write'] };
    default:
      return {};
  }
}

async function startSeededIdp(
  { stateDir, flavour }: { readonly stateDir: string; readonly flavour: LabFlavour },
  seed: string,
  { idpHttp, idpHttps }: { readonly idpHttp: number; readonly idpHttps: number },
): Promise<RunningIdp> {
  const seedFile = join(stateDir, 'seed.yaml');
  // JSON is YAML.
  await writeFile(seedFile, seed);
  return startIdp({ flavour, httpPort: idpHttp, httpsPort: idpHttps, stateDir: join(stateDir, 'idp'), seedFile });
}

/** The scenario as one sets it up with this provider. */
async function readFlavourSeed(flavour: LabFlavour, gatewayPort: number): Promise<Seed> {
  if (flavour === 'okta') return readSeed(undefined);
  const seed = parseSeed(flavours[flavour].defaultSeed, flavour);
  // The API people sign in for has the resource URL as its identifier there, or as one of them.
  const resourceUrl = `http://localhost:${gatewayPort}/mcp`;
  const named =
    flavour === 'auth0' ? { audience: resourceUrl } : flavour === 'entra' ? { identifiers: [resourceUrl] } : {};
  const servers = seed.servers.map((server) => ({
    ...server,
    // As providers of others are; Okta's seed has both.
    scheme: 'https' as const,
    ...(server.id === 'mcpserver' ? named : {}),
  }));
  return { ...seed, servers };
}

/** Starts the identity provider on free ports; the rest follows when a fault wants it.
 * @throws UsherError when something does not start
 */
export async function startFaultLab(folder: string, flavour: LabFlavour = 'okta'): Promise<FaultLab> {
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
  const seed = await readFlavourSeed(flavour, ports.gateway);
  const idp = await startSeededIdp({ stateDir, flavour }, JSON.stringify(seed), ports);
  return new FaultLab({ flavour, stateDir, standIn, stack: stack.move(), taken, ports, seed, idp });
}
