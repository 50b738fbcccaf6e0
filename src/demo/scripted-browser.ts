import { Agent, fetch } from 'undici';
import { fail } from '../model/usher-error.ts';
import { CookieJar } from './cookie-jar.ts';
import { findForm, findRefresh, unescapeHtml, type Form } from './find-form.ts';

/** Who signs in and how. */
export interface SignInOptions {
  readonly username: string;
  readonly password: string;
  /** What is pressed where the provider asks for consent; `allow` when absent. */
  readonly decision?: 'allow' | 'deny';
  /** PEM certificates to trust instead of the system's, for a provider on https with its own authority. */
  readonly ca?: string;
  /** Origins the visit may lead to beside the first one, where another server stands before the provider. */
  readonly alsoAt?: readonly string[];
  /** For the whole visit; 15 s when absent. */
  readonly timeoutMs?: number;
}

/** Fetches `url`, or posts `form` to it, without following a redirect. */
type Send = (url: URL, cookie: string | undefined, form?: URLSearchParams) => Promise<Answer>;

interface Answer {
  readonly status: number;
  readonly location: string | null;
  readonly setCookie: readonly string[];
  readonly page: string;
}

const mostSteps = 20;

/**
 * Does what a person with a browser does at the development identity provider: opens `authorizeUrl`, follows its
 * redirects, signs in, answers the consent page. Returns the URL the provider sends the browser to at the end, the
 * request's `redirect_uri` with `code`, `state` and `iss`, or with `error`; it is not fetched.
 * @throws UsherError `step_failed` where the page shows an error, another page than expected, or leads elsewhere
 */
export async function signIn(authorizeUrl: URL | string, options: SignInOptions): Promise<URL> {
  const start = new URL(authorizeUrl);
  const redirectUri = start.searchParams.get('redirect_uri');
  if (redirectUri === null || !URL.canParse(redirectUri)) throw failed('the authorization URL has no redirect_uri');
  const agent = new Agent(options.ca === undefined ? {} : { connect: { ca: options.ca } });
  try {
    return await walk(start, new URL(redirectUri), buildSend(agent, options.timeoutMs ?? 15_000), options);
  } finally {
    await agent.destroy();
  }
}

function buildSend(agent: Agent, timeoutMs: number): Send {
  const signal = AbortSignal.timeout(timeoutMs);
  return async (url, cookie, form) => {
    const headers = { accept: 'text/html', ...(cookie === undefined ? {} : { cookie }) };
    const post = form && { method: 'POST', body: form, headers: { ...headers, origin: url.origin } };
    try {
      const response = await fetch(url, { dispatcher: agent, signal, redirect: 'manual', headers, ...post });
      const page = await response.text();
      const { status } = response;
      return { status, location: response.headers.get('location'), setCookie: response.headers.getSetCookie(), page };
    } catch (error) {
      throw failed(`no answer from ${url.origin}: ${reasonOf(error)}`, error);
    }
  };
}

async function walk(start: URL, callback: URL, send: Send, options: SignInOptions): Promise<URL> {
  const jars = new Map<string, CookieJar>();
  const origins = new Set([start.origin, ...(options.alsoAt ?? [])]);
  let url = start;
  let form: URLSearchParams | undefined;
  let hasSignedIn = false;
  for (let step = 0; step < mostSteps; step++) {
    const jar = jars.get(url.host) ?? new CookieJar();
    jars.set(url.host, jar);
    const answer = await send(url, jar.header(url), form);
    const { status, setCookie, page } = answer;
    jar.keep(url, setCookie);
    const location = answer.location ?? findRefresh(page);
    if (location === undefined) {
      const shown = findForm(page);
      if (shown === undefined) throw failed(`the provider answered ${status}: ${readMessage(page)}`);
      const isSignIn = shown.fields.has('password');
      if (isSignIn && hasSignedIn) throw failed(`the provider shows the sign-in page again: ${readMessage(page)}`);
      hasSignedIn ||= isSignIn;
      form = fillForm(shown, options);
      url = new URL(shown.action, url);
    } else {
      form = undefined;
      url = new URL(location, url);
      if (isCallback(url, callback)) return url;
    }
    if (!origins.has(url.origin)) throw failed(`the provider sent the browser to ${url.origin}${url.pathname}`);
  }
  throw failed(`the provider came to no end within ${mostSteps} pages and redirects`);
}

function fillForm(form: Form, { username, password, decision }: SignInOptions): URLSearchParams {
  const filled = new URLSearchParams([...form.fields]);
  if (form.fields.has('password')) {
    filled.set('username', username);
    filled.set('password', password);
  } else if (form.fields.has('decision')) {
    filled.set('decision', decision ?? 'allow');
  } else {
    throw failed(
      `the provider shows a form with the fields ${[...form.fields.keys()].join(', ')}, neither sign-in nor consent`,
    );
  }
  return filled;
}

/** The provider adds its parameters to the redirect URI and changes nothing else (RFC 6749 section 4.1.2). */
function isCallback(url: URL, callback: URL): boolean {
  return url.protocol === callback.protocol && url.host === callback.host && url.pathname === callback.pathname;
}

/** What a page says to a person: its alert, else its heading and first paragraph. */
function readMessage(page: string): string {
  const parts =
    /role="alert"[\s\S]*?<p>([\s\S]*?)<\/p>/.exec(page) ?? /<h1>([\s\S]*?)<\/h1>\s*(?:<p>([\s\S]*?)<\/p>)?/.exec(page);
  if (parts === null) return 'a page without a message';
  const text = parts.slice(1).filter((part) => part !== undefined);
  return unescapeHtml(text.join(': ').replaceAll(/<[^>]*>/g, ''))
    .replaceAll(/\s+/g, ' ')
    .trim();
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function failed(reason: string, cause?: unknown) {
  return fail('step_failed', { step: 'Sign-in', reason }, cause === undefined ? {} : { cause });
}
