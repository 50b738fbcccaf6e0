import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, fetch } from 'undici';
import { parse, stringify } from 'yaml';
import type { RunningIdp } from '../../src/idp/running-idp.ts';
import { flavours } from '../../src/idp/flavours/flavours.ts';
import type { IdpOptions } from '../../src/idp/running-idp.ts';
import { defaultSeed } from '../../src/idp/seed/default-seed.ts';
import { startIdp } from '../../src/idp/start-idp.ts';
import { signIn } from './scripted-browser.ts';

/** An answer, read whole. */
export interface IdpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON body; empty when it is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A line of the provider's log. */
export interface IdpLogLine {
  readonly line: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface PolicyData {
  active?: boolean;
  rules: Record<string, unknown>[];
  [key: string]: unknown;
}

/** The built-in seed as plain data, to be changed at will. */
export interface SeedData {
  servers: { id: string; policies: PolicyData[]; [key: string]: unknown }[];
  apps: { clientId: string; [key: string]: unknown }[];
  users: { login: string; [key: string]: unknown }[];
  [key: string]: unknown;
}

export interface TestIdp extends AsyncDisposable {
  readonly idp: RunningIdp;
  readonly stateDir: string;
  readonly log: readonly IdpLogLine[];
  server(id: string): RunningIdp['servers'][number];
  /** A request that trusts the provider's authority and follows no redirect. */
  send(
    url: string | URL,
    init?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<IdpAnswer>;
  /** Posts a form; `credentials` go as HTTP Basic. */
  post(
    url: string,
    form: Readonly<Record<string, string>> | URLSearchParams,
    credentials?: string,
    headers?: Record<string, string>,
  ): Promise<IdpAnswer>;
  /** Where a sign-in ends: the redirect URI with `code` or `error`. */
  authorize(
    serverId: string,
    request?: AuthorizeRequest,
  ): Promise<{ callback: URL; verifier: string; redirectUri: string }>;
  /** The answer of the token endpoint to a sign-in's code. */
  signIn(serverId: string, request?: AuthorizeRequest): Promise<IdpAnswer>;
}

export interface AuthorizeRequest {
  readonly clientId?: string;
  readonly clientSecret?: string;
  readonly user?: string;
  readonly scope?: string | undefined;
  readonly redirectUri?: string;
  /** More parameters; undefined leaves one of the usual out. */
  readonly params?: Readonly<Record<string, string | undefined>>;
  readonly decision?: 'allow' | 'deny';
  readonly headers?: Record<string, string>;
}

/** Starts the provider on free ports with the built-in seed, changed by `change`, in a state folder of its own. */
export async function startTestIdp(
  change: (seed: SeedData) => void = () => undefined,
  existing?: { stateDir?: string; httpPort?: number; httpsPort?: number; flavour?: NonNullable<IdpOptions['flavour']> },
): Promise<TestIdp> {
  const stateDir = existing?.stateDir ?? (await mkdtemp(join(tmpdir(), 'usher-idp-')));
  const flavour = existing?.flavour ?? 'okta';
  const seed = parse(flavour === 'okta' ? defaultSeed : flavours[flavour].defaultSeed) as SeedData;
  change(seed);
  const seedFile = join(stateDir, 'seed.yaml');
  await writeFile(seedFile, stringify(seed));
  const log: IdpLogLine[] = [];
  const { httpPort = 0, httpsPort = 0 } = existing ?? {};
  const idp = await startIdp({
    flavour,
    seedFile,
    httpPort,
    httpsPort,
    stateDir,
    log: (line, fields = {}) => log.push({ line, fields }),
  }).catch(async (error: unknown) => {
    if (existing?.stateDir === undefined) await rm(stateDir, { recursive: true });
    throw error;
  });
  const ca = await readFile(idp.caFile, 'utf8');
  const agent = new Agent({ connect: { ca } });

  const send: TestIdp['send'] = async (url, init = {}) => {
    const response = await fetch(url, { redirect: 'manual', dispatcher: agent, ...init });
    const text = await response.text();
    const headers = new Headers([...response.headers.entries()]);
    const isJson = headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers, text, body: isJson ? (JSON.parse(text) as IdpAnswer['body']) : {} };
  };
  const post: TestIdp['post'] = (url, form, credentials, headers = {}) =>
    send(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(credentials === undefined ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
        ...headers,
      },
      body: new URLSearchParams(form).toString(),
    });
  const server: TestIdp['server'] = (id) => {
    const found = idp.servers.find((one) => one.id === id);
    if (found === undefined) throw new Error(`the seed has no server ${id}`);
    return found;
  };
  const authorize: TestIdp['authorize'] = async (serverId, request = {}) => {
    const { clientId = 'demo', user = 'alice', redirectUri = 'http://127.0.0.1:7777/callback', params = {} } = request;
    const scope = 'scope' in request ? request.scope : 'openid profile email mcp:tools:call';
    const verifier = randomBytes(32).toString('base64url');
    const url = new URL(server(serverId).authorizeUrl);
    const all = {
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope,
      state: 'the-state',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...params,
    };
    for (const [name, value] of Object.entries(all)) if (value !== undefined) url.searchParams.append(name, value);
    const callback = await signIn(url, {
      username: `${user}@example.com`,
      password: user,
      ca,
      ...(request.decision === undefined ? {} : { decision: request.decision }),
    });
    return { callback, verifier, redirectUri };
  };
  return {
    idp,
    stateDir,
    log,
    server,
    send,
    post,
    authorize,
    signIn: async (serverId, request = {}) => {
      const { callback, verifier, redirectUri } = await authorize(serverId, request);
      const code = callback.searchParams.get('code');
      if (code === null) throw new Error(`no code: ${callback.href}`);
      const { clientId = 'demo', clientSecret } = request;
      const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier };
      const { tokenUrl } = server(serverId);
      return clientSecret === undefined
        ? await post(tokenUrl, { ...form, client_id: clientId }, undefined, request.headers)
        : await post(tokenUrl, form, `${clientId}:${clientSecret}`, request.headers);
    },
    [Symbol.asyncDispose]: async () => {
      await idp.close();
      await agent.destroy();
      if (existing?.stateDir === undefined) await rm(stateDir, { recursive: true, force: true });
    },
  };
}

/** The claims of a JWT, unverified. */
export function claimsOf(token: unknown): Readonly<Record<string, unknown>> {
  const payload = String(token).split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Readonly<Record<string, unknown>>;
}

/** The header of a JWT. */
export function headerOf(token: unknown): Readonly<Record<string, unknown>> {
  const header = String(token).split('.')[0] ?? '';
  return JSON.parse(Buffer.from(header, 'base64url').toString()) as Readonly<Record<string, unknown>>;
}
