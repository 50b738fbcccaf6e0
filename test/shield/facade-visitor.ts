import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { CookieJar } from '../../src/demo/cookie-jar.ts';
import { findForm, findRefresh } from '../../src/demo/find-form.ts';
import { signIn } from '../kit/scripted-browser.ts';
import type { ShieldLab } from './start-shield-lab.ts';

export const loopback = 'http://127.0.0.1:41999/callback';

export interface RegisteredClient {
  readonly id: string;
  readonly redirectUri: string;
  readonly verifier: string;
}

/** An answer of the façade, read whole. */
export interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** Changes to a request: undefined leaves something out. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** Clients and browsers at a façade, one request at a time, so that each can be done wrong. */
export class FacadeVisitor {
  readonly base: string;
  readonly #resource: string;
  jar = new CookieJar();

  constructor({ gateway }: Pick<ShieldLab, 'gateway'>) {
    const { origin } = new URL(gateway.mcpUrl.replace('127.0.0.1', 'localhost'));
    this.base = `${origin}/oauth/countries`;
    this.#resource = `${origin}/mcp`;
  }

  async send(url: string, init: RequestInit = {}): Promise<Seen> {
    const response = await fetch(url, { redirect: 'manual', ...init });
    return { status: response.status, headers: response.headers, text: await response.text() };
  }

  register(body: unknown): Promise<Seen> {
    return this.send(`${this.base}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async registered(more: Readonly<Record<string, unknown>> = {}): Promise<RegisteredClient> {
    const answer = await this.register({ client_name: 'Test client', redirect_uris: [loopback], ...more });
    const { client_id: id, redirect_uris: uris } = JSON.parse(answer.text) as {
      client_id: string;
      redirect_uris: string[];
    };
    return { id, redirectUri: uris[0] ?? '', verifier: randomBytes(32).toString('base64url') };
  }

  authorizeUrl(client: RegisteredClient, changes: Changes = {}): string {
    const parameters = {
      response_type: 'code',
      client_id: client.id,
      redirect_uri: client.redirectUri,
      scope: 'mcp:tools:call offline_access',
      state: 'state-of-the-client',
      code_challenge: createHash('sha256').update(client.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      resource: this.#resource,
      prompt: 'consent',
      ...changes,
    };
    return `${this.base}/authorize?${form(parameters)}`;
  }

  /** Opens a page in this browser. */
  async open(url: string): Promise<Seen> {
    const cookie = this.jar.header(new URL(url));
    const seen = await this.send(url, { headers: cookie === undefined ? {} : { cookie } });
    this.jar.keep(new URL(url), seen.headers.getSetCookie());
    return seen;
  }

  /** Answers a consent page, in this browser. */
  async answer(page: Seen, decision: 'allow' | 'deny', headers: Readonly<Record<string, string>> = {}): Promise<Seen> {
    const shown = findForm(page.text);
    const url = new URL(shown?.action ?? '');
    const cookie = this.jar.header(url);
    const seen = await this.send(url.href, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: url.origin,
        ...(cookie === undefined ? {} : { cookie }),
        ...headers,
      },
      body: form({ csrf: shown?.fields.get('csrf'), decision }),
    });
    this.jar.keep(url, seen.headers.getSetCookie());
    return seen;
  }

  /** Agrees, signs in at the provider, and returns where that sends the browser back to. */
  async toCallback(client: RegisteredClient, changes: Changes = {}): Promise<string> {
    const onward = await this.answer(await this.open(this.authorizeUrl(client, changes)), 'allow');
    const callback = await signIn(onwardTo(onward), { username: 'alice@example.com', password: 'alice' });
    return callback.href;
  }

  /** All of it, to the code of the façade. */
  async toCode(client: RegisteredClient, changes: Changes = {}): Promise<string> {
    const back = await this.open(await this.toCallback(client, changes));
    return new URL(back.headers.get('location') ?? '').searchParams.get('code') ?? '';
  }

  token(parameters: Changes, headers: Readonly<Record<string, string>> = {}): Promise<Seen> {
    return this.send(`${this.base}/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      body: form(parameters),
    });
  }

  redeem(client: RegisteredClient, code: string, changes: Changes = {}): Promise<Seen> {
    return this.token({
      grant_type: 'authorization_code',
      client_id: client.id,
      code,
      redirect_uri: client.redirectUri,
      code_verifier: client.verifier,
      resource: this.#resource,
      ...changes,
    });
  }

  refresh(client: RegisteredClient, refreshToken: string, changes: Changes = {}): Promise<Seen> {
    return this.token({ grant_type: 'refresh_token', client_id: client.id, refresh_token: refreshToken, ...changes });
  }

  async tokens(client: RegisteredClient): Promise<Readonly<Record<string, string>>> {
    return tokensOf(await this.redeem(client, await this.toCode(client)));
  }
}

/** The tokens of an answer that has some. */
export function tokensOf({ status, text }: Seen): Readonly<Record<string, string>> {
  assert.equal(status, 200, text);
  return JSON.parse(text) as Readonly<Record<string, string>>;
}

/** Where a page leads the browser on to. */
export function onwardTo({ text }: Seen): string {
  return findRefresh(text) ?? '';
}

/** What is wrong by the answer of a redirect or of a program's endpoint. */
export function errorOf({ headers, text }: Seen): string | null {
  const location = headers.get('location');
  if (location !== null) return new URL(location).searchParams.get('error');
  return (JSON.parse(text) as { error: string }).error;
}

function form(parameters: Changes): string {
  const given = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  return new URLSearchParams(Object.fromEntries(given)).toString();
}
