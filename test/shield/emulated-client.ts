import { createHash, randomBytes } from 'node:crypto';
import { signIn } from '../kit/scripted-browser.ts';
import { toolCall } from '../kit/call.ts';
import { readChallenge } from './challenge.ts';
import type { ClientBehaviour, ServerMetadataForm } from './client-behaviour.ts';

/** One request of the client and the status it was answered with, such as `POST /mcp 401`. */
type Step = string;

export interface EmulatedClientOptions {
  /** The URL its user typed. */
  readonly url: string;
  /** The client its user was given, where the provider registers none. */
  readonly staticClient?: { readonly id: string; readonly secret?: string };
  /** Is the port it usually comes back to taken? */
  readonly isPortBusy?: boolean;
  readonly user?: string;
  /** Where else the browser may be sent. */
  readonly alsoAt?: readonly string[];
  readonly ca?: string;
  /** Called between a refusal and what the client does about it. */
  readonly onRefusal?: () => void;
}

interface Tokens {
  readonly access: string;
  readonly refresh: string | undefined;
  readonly scopes: readonly string[];
}

interface ServerMetadata {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly registration_endpoint?: string;
  readonly scopes_supported?: readonly string[];
  readonly authorization_response_iss_parameter_supported?: boolean;
  readonly code_challenge_methods_supported?: readonly string[];
  readonly client_id_metadata_document_supported?: boolean;
}

/** Why the client gave up, as its user would read it. */
export class ClientGaveUp extends Error {
  override readonly name = 'ClientGaveUp';
}

/** An MCP client as its row describes it: sends calls, and does about a refusal what that client does. What it knows (its
 * registration, its tokens) can be handed to the next one, as a client reads it from disk when it starts again.
 */
export class EmulatedClient {
  readonly #behaviour: ClientBehaviour;
  readonly #options: EmulatedClientOptions;
  readonly url: string;
  readonly trace: Step[] = [];
  /** How often its user was shown a browser. */
  signIns = 0;
  kept: { clientId?: string; server?: ServerMetadata; tokens?: Tokens };

  constructor(behaviour: ClientBehaviour, options: EmulatedClientOptions, kept: EmulatedClient['kept'] = {}) {
    this.#behaviour = behaviour;
    this.#options = options;
    this.url = options.url;
    this.kept = kept;
  }

  /** What a client does when it is started: says hello, signs in where it has to, says it again. */
  connect(): Promise<Response> {
    const initialize = {
      jsonrpc: '2.0',
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'emulated', version: '1' } },
    };
    return this.#insist(initialize, this.#behaviour.probe === 'GET' && this.kept.tokens === undefined);
  }

  callTool(name: string): Promise<Response> {
    return this.#insist(toolCall(name), false);
  }

  async #insist(message: object, asksFirst: boolean): Promise<Response> {
    let answer = asksFirst ? await this.#send('GET', this.#options.url) : await this.#post(message);
    if (answer.status === 401) {
      this.#options.onRefusal?.();
      if (await this.#refresh()) answer = await this.#post(message);
      if (answer.status === 401) {
        await this.#signIn(readChallenge(this.#read(answer, 'www-authenticate')));
        answer = await this.#post(message);
      }
    }
    if (answer.status === 403 && this.#behaviour.stepUp !== 'tells') {
      const challenge = readChallenge(this.#read(answer, 'www-authenticate'));
      if (challenge.get('error') !== 'insufficient_scope') return answer;
      await this.#signIn(challenge);
      answer = await this.#post(message);
    }
    return answer;
  }

  #post(message: object): Promise<Response> {
    return this.#send('POST', this.#options.url, {
      body: JSON.stringify(message),
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    });
  }

  async #signIn(challenge: ReadonlyMap<string, string>): Promise<void> {
    const resource = await this.#findResource(challenge);
    const server = await this.#findServer(resource.authorization_servers[0] ?? '');
    const offered = challenge.get('scope')?.split(' ') ?? resource.scopes_supported ?? [];
    const had = this.#behaviour.stepUp === 'union' ? (this.kept.tokens?.scopes ?? []) : [];
    const more = this.#behaviour.wantsOfflineAccess && server.scopes_supported?.includes('offline_access');
    const scopes = [...new Set([...had, ...offered, ...(more ? ['offline_access'] : [])])];
    const clientId = this.#options.staticClient?.id ?? this.kept.clientId ?? (await this.#register(server, scopes));
    this.kept = { ...this.kept, clientId, server };
    const verifier = randomBytes(32).toString('base64url');
    const state = randomBytes(16).toString('base64url');
    const url = new URL(server.authorization_endpoint);
    const asked = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: this.#redirectUri,
      state,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      resource: resource.resource,
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
      ...(more ? { prompt: 'consent' } : {}),
    };
    for (const [name, value] of Object.entries(asked)) url.searchParams.append(name, value);
    this.signIns += 1;
    const { user = 'alice', ca } = this.#options;
    const alsoAt = this.#options.alsoAt ?? [];
    const person = { username: `${user}@example.com`, password: user, alsoAt, ...(ca === undefined ? {} : { ca }) };
    const { searchParams: answer } = await signIn(url, person);
    if (answer.get('state') !== state) throw new ClientGaveUp('the state is not the one that was sent');
    // RFC 9207 §2.4: compared as text, and missed where the metadata promise it.
    const iss = answer.get('iss');
    if (iss === null ? server.authorization_response_iss_parameter_supported === true : iss !== server.issuer)
      throw new ClientGaveUp(`the answer is of ${iss ?? 'nobody'}, expected ${server.issuer}`);
    const code = answer.get('code');
    if (code === null) throw new ClientGaveUp(`${answer.get('error')}: ${answer.get('error_description')}`);
    const problem = await this.#getTokens({
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.#redirectUri,
      code_verifier: verifier,
      resource: resource.resource,
    });
    if (problem !== undefined) throw new ClientGaveUp(problem);
  }

  get #redirectUri(): string {
    const { redirectUri, redirectUriWhenBusy } = this.#behaviour;
    if (this.#options.isPortBusy !== true) return redirectUri;
    if (redirectUriWhenBusy === undefined) throw new ClientGaveUp(`${redirectUri}: the port is taken`);
    return redirectUriWhenBusy;
  }

  async #findResource(challenge: ReadonlyMap<string, string>) {
    const { origin, pathname } = new URL(this.#options.url);
    const wellKnown = `${origin}/.well-known/oauth-protected-resource`;
    const places = {
      challenge: challenge.get('resource_metadata'),
      inserted: `${wellKnown}${pathname === '/' ? '' : pathname}`,
      root: wellKnown,
    };
    for (const place of this.#behaviour.resourceMetadata) {
      const url = places[place];
      const document = url === undefined ? undefined : await this.#findJson(url);
      if (document === undefined) continue;
      const found = document as {
        resource: string;
        authorization_servers: readonly string[];
        scopes_supported?: readonly string[];
      };
      if (!this.#isOurs(found.resource))
        throw new ClientGaveUp(`the metadata are of ${found.resource}, expected ${this.#options.url}`);
      return found;
    }
    throw new ClientGaveUp('there are no protected resource metadata');
  }

  /** RFC 9728 §3.3; as URLs, so that `https://host` and `https://host/` are the same. */
  #isOurs(resource: string): boolean {
    const [ours, theirs] = [new URL(this.#options.url), new URL(resource)];
    if (this.#behaviour.resourceCheck === 'exact') return ours.href === theirs.href;
    const [inner, outer] = [ours, theirs].map(({ pathname }) => (pathname.endsWith('/') ? pathname : `${pathname}/`));
    return ours.origin === theirs.origin && (inner ?? '').startsWith(outer ?? '');
  }

  async #findServer(issuer: string): Promise<ServerMetadata> {
    for (const form of this.#behaviour.serverMetadata) {
      const document = (await this.#findJson(metadataUrl(issuer, form))) as ServerMetadata | undefined;
      if (document === undefined) continue;
      if (document.issuer !== issuer) throw new ClientGaveUp(`the issuer is ${document.issuer}, expected ${issuer}`);
      // MCP, authorization code protection: without this a client must refuse.
      if (document.code_challenge_methods_supported?.includes('S256') !== true) throw new ClientGaveUp('no PKCE');
      return document;
    }
    throw new ClientGaveUp(`${issuer} has no metadata`);
  }

  async #register(server: ServerMetadata, scopes: readonly string[]): Promise<string> {
    const { registration, redirectUris = [this.#redirectUri], registersScope } = this.#behaviour;
    if (server.registration_endpoint === undefined) throw new ClientGaveUp('the provider registers no clients');
    const body = {
      ...registration,
      redirect_uris: redirectUris,
      ...(registersScope ? { scope: scopes.join(' ') } : {}),
    };
    const answer = await this.#send('POST', server.registration_endpoint, {
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    });
    const said = (await answer.json()) as { client_id?: string; error?: string; error_description?: string };
    if (answer.status !== 201 || said.client_id === undefined)
      throw new ClientGaveUp(`registration: ${said.error}: ${said.error_description}`);
    return said.client_id;
  }

  /** False when there is nothing to refresh with, or it is not taken any more. */
  async #refresh(): Promise<boolean> {
    const refresh = this.kept.tokens?.refresh;
    if (refresh === undefined) return false;
    return (await this.#getTokens({ grant_type: 'refresh_token', refresh_token: refresh })) === undefined;
  }

  /** Undefined when it got tokens, else why not. */
  async #getTokens(form: Readonly<Record<string, string>>): Promise<string | undefined> {
    const { staticClient } = this.#options;
    const secret = staticClient?.secret === undefined ? {} : { client_secret: staticClient.secret };
    const answer = await this.#send('POST', this.kept.server?.token_endpoint ?? '', {
      body: new URLSearchParams({ ...form, client_id: this.kept.clientId ?? '', ...secret }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    });
    const said = (await answer.json()) as Record<string, string | undefined>;
    const access = said['access_token'];
    if (answer.status !== 200 || access === undefined) return `${said['error']}: ${said['error_description']}`;
    const refresh = said['refresh_token'] ?? this.kept.tokens?.refresh;
    this.kept = { ...this.kept, tokens: { access, refresh, scopes: said['scope']?.split(' ') ?? [] } };
    return undefined;
  }

  async #findJson(url: string): Promise<unknown> {
    const { discoveryVersion } = this.#behaviour;
    const version = discoveryVersion === undefined ? {} : { 'mcp-protocol-version': discoveryVersion };
    const answer = await this.#send('GET', url, { headers: { accept: 'application/json', ...version } });
    if (answer.status === 200) return answer.json();
    await answer.arrayBuffer();
    return undefined;
  }

  async #send(method: string, url: string, init: { body?: string; headers?: Record<string, string> } = {}) {
    const { origin } = this.#behaviour;
    const token = url === this.#options.url ? this.kept.tokens?.access : undefined;
    const headers = { ...init.headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    if (origin !== undefined) await this.#preflight(method, url, headers);
    const answer = await fetch(url, {
      method,
      redirect: 'manual',
      headers: { ...headers, ...(origin === undefined ? {} : { origin }) },
      ...(init.body === undefined ? {} : { body: init.body }),
    });
    this.trace.push(`${method} ${new URL(url).pathname} ${answer.status}`);
    if (origin !== undefined && !isAllowed(answer, origin)) throw new ClientGaveUp(`CORS: ${url} may not be read`);
    return answer;
  }

  /** What a browser asks first (Fetch standard, CORS-preflight fetch). */
  async #preflight(method: string, url: string, headers: Readonly<Record<string, string>>): Promise<void> {
    const { origin = '' } = this.#behaviour;
    const simple = new Set(['accept', 'accept-language']);
    const plainForm = headers['content-type'] === 'application/x-www-form-urlencoded';
    const names = Object.keys(headers).filter((name) => !simple.has(name) && !(plainForm && name === 'content-type'));
    if (names.length === 0) return;
    const asked = {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': names.join(','),
    };
    const answer = await fetch(url, { method: 'OPTIONS', headers: asked });
    const allowed = (answer.headers.get('access-control-allow-headers') ?? '').toLowerCase().split(/, */);
    const missing = names.filter(
      (name) => !allowed.includes(name) && !(allowed.includes('*') && name !== 'authorization'),
    );
    if (!answer.ok || !isAllowed(answer, origin) || missing.length > 0)
      throw new ClientGaveUp(`CORS: ${url} does not let ${missing.join(', ') || origin} through`);
  }

  /** A header of an answer, where this client may read it. */
  #read(answer: Response, name: string): string | null {
    if (this.#behaviour.origin === undefined) return answer.headers.get(name);
    const exposed = (answer.headers.get('access-control-expose-headers') ?? '').toLowerCase().split(/, */);
    return exposed.includes(name) || exposed.includes('*') ? answer.headers.get(name) : null;
  }
}

function isAllowed(answer: Response, origin: string): boolean {
  const allowed = answer.headers.get('access-control-allow-origin');
  return allowed === '*' || allowed === origin;
}

function metadataUrl(issuer: string, form: ServerMetadataForm): string {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const name = form.startsWith('oauth') ? 'oauth-authorization-server' : 'openid-configuration';
  return form.endsWith('inserted') ? `${origin}/.well-known/${name}${path}` : `${origin}${path}/.well-known/${name}`;
}
