import { hash, randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const lifeSeconds = 600;
/** Sign-ins under way in one browser: more would only make its headers longer. */
const mostSignIns = 4;

/** The browser's side of what is under way. `__Host-` is for this host alone and over TLS alone (RFC 6265bis §4.1.3.2); plain
 * http is taken on this machine only, where browsers set no such cookie.
 */
export interface Cookies {
  /** What this browser is known by; undefined where it brought nothing that could be ours. */
  readBrowser(request: IncomingMessage): string | undefined;
  makeBrowser(): string;
  browserLine(browser: string): string;
  /** What belongs to the sign-in with this state. */
  readSignIn(request: IncomingMessage, state: string): string | undefined;
  /** Sets it, and drops others where there are many. */
  signInLines(request: IncomingMessage, state: string, sealed: string): readonly string[];
  dropSignInLine(state: string): string;
}

export function buildCookies(isSecure: boolean): Cookies {
  const [prefix, more] = isSecure ? ['__Host-', '; Secure'] : ['', ''];
  const attributes = `; Path=/; HttpOnly; SameSite=Lax${more}`;
  const browserName = `${prefix}usher-consent`;
  const signInPrefix = `${prefix}usher-sign-in-`;
  const signInName = (state: string) => signInPrefix + hash('sha256', state, 'hex').slice(0, 16);
  const drop = (name: string) => `${name}=; Max-Age=0${attributes}`;
  return {
    readBrowser(request) {
      const value = readCookies(request).get(browserName) ?? '';
      return /^[\w-]{43}$/.test(value) ? value : undefined;
    },
    makeBrowser: () => randomBytes(32).toString('base64url'),
    browserLine: (browser) => `${browserName}=${browser}; Max-Age=${lifeSeconds}${attributes}`,
    readSignIn: (request, state) => readCookies(request).get(signInName(state)),
    signInLines(request, state, sealed) {
      const others = [...readCookies(request).keys()].filter((name) => name.startsWith(signInPrefix));
      const dropped = others.length < mostSignIns ? [] : others.map(drop);
      return [...dropped, `${signInName(state)}=${sealed}; Max-Age=${lifeSeconds}${attributes}`];
    },
    dropSignInLine: (state) => drop(signInName(state)),
  };
}

function readCookies({ headers }: IncomingMessage): ReadonlyMap<string, string> {
  const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return new Map(
    pairs.flatMap((pair) => {
      const equals = pair.indexOf('=');
      return equals < 1 ? [] : [[pair.slice(0, equals), pair.slice(equals + 1)] as const];
    }),
  );
}
