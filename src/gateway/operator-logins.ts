import { randomBytes } from 'node:crypto';
import { sameSettings } from '../config/same-settings.ts';
import type { Config, ServerConfig } from '../config/schema.ts';
import { OperatorLogin } from '../credentials/operator-login/operator-login.ts';
import { buildHttpClient, type HttpClient } from '../lib/http-client.ts';
import type { Log } from '../model/log.ts';
import type { LoginAid } from '../model/login-aid.ts';
import { Secret } from '../model/secret.ts';
import type { SecretStore } from '../model/secret-store.ts';
import { fail } from '../model/usher-error.ts';
import type { ExplainRefusal } from '../model/provider.ts';
import { findKnownRefusal } from '../providers/find-known-refusal.ts';
import { findProvider } from '../providers/find-provider.ts';
import { readCa } from './read-ca.ts';
import { upstreamUrl } from './upstream-url.ts';

export interface OperatorLoginsDeps {
  readonly log: Log;
  readonly now: () => number;
  readonly secrets: SecretStore;
  readonly aid: LoginAid;
}

interface Held {
  readonly settings: readonly unknown[];
  readonly login: OperatorLogin;
  readonly http: HttpClient;
}

/** What routes need of the logins. */
export interface Logins {
  loginFor(name: string): OperatorLogin | undefined;
  /** What programs of this machine call that server with. */
  callerTokenFor(name: string): Secret | undefined;
}

/** The logins of another configuration: made, not yet in use. */
export interface PreparedLogins extends Logins {
  /** Uses them from now on. Nobody is waited for any more at a login that is not among them; what is returned closes it: call it
   * when the calls that began with it have ended.
   */
  take(): () => Promise<void>;
  /** They will not be used. */
  discard(): Promise<void>;
}

interface Where {
  readonly config: Config;
  readonly urls: ReadonlyMap<string, { readonly url: string }>;
}

/** The logins of a gateway, and the tokens its local callers need: made before anything is served. */
export class OperatorLogins implements AsyncDisposable, Logins {
  readonly #deps: OperatorLoginsDeps;
  #logins: ReadonlyMap<string, Held> = new Map();
  #callerTokens: ReadonlyMap<string, Secret> = new Map();

  constructor(deps: OperatorLoginsDeps) {
    this.#deps = deps;
  }

  /** Makes what a configuration needs and is not there yet, changing nothing that is in use. Nobody signs in.
   * @param urls where servers that are run here answer, by name
   * @throws UsherError `secret_store_unusable`, `config_invalid` when a file that is needed cannot be read
   */
  async prepare(config: Config, urls: Where['urls']): Promise<PreparedLogins> {
    const callerTokens = new Map<string, Secret>();
    const logins = new Map<string, Held>();
    for (const [name, server] of Object.entries(config.servers)) {
      if (server.authenticate.some(({ strategy }) => strategy === 'local-token'))
        callerTokens.set(name, await this.#callerToken(name));
      if (server.remoteAuth?.enabled === true) logins.set(name, this.#login(name, server, { config, urls }));
    }
    return {
      loginFor: (name) => logins.get(name)?.login,
      callerTokenFor: (name) => callerTokens.get(name),
      take: () => {
        const unneeded = without(this.#logins, logins);
        [this.#logins, this.#callerTokens] = [logins, callerTokens];
        const givenUp = unneeded.map(({ login }) => login[Symbol.asyncDispose]());
        return async () => {
          await Promise.all(givenUp);
          await Promise.all(unneeded.map(({ http }) => http.close()));
        };
      },
      discard: async () => {
        await Promise.all(without(logins, this.#logins).map(end));
      },
    };
  }

  /** Has everybody sign in who has not, one after the other.
   * @throws UsherError `login_failed`, or the signal's reason
   */
  async start(signal: AbortSignal): Promise<void> {
    for (const { login } of this.#logins.values()) await login.start(signal);
  }

  loginFor(name: string): OperatorLogin | undefined {
    return this.#logins.get(name)?.login;
  }

  callerTokenFor(name: string): Secret | undefined {
    return this.#callerTokens.get(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#logins.values()].map(end));
  }

  /** The same after a restart: it stands in the settings of clients. One that somebody took out of the store is not put back: it
   * holds until the restart.
   */
  async #callerToken(name: string): Promise<Secret> {
    const { secrets } = this.#deps;
    const key = callerTokenName(name);
    const known = this.#callerTokens.get(name) ?? secrets.find(key);
    if (known !== undefined) return known;
    const made = new Secret(randomBytes(32).toString('base64url'));
    await secrets.put(key, made);
    return made;
  }

  /** The one in use, where nothing that it was made of has changed. */
  #login(name: string, server: ServerConfig, { config, urls }: Where): Held {
    const ca = readCa(config.caFile);
    const settings = [server.remoteAuth, server.upstream, ca];
    const held = this.#logins.get(name);
    if (held !== undefined && sameSettings(held.settings, settings)) return held;
    if (server.remoteAuth === undefined) throw fail('internal', { reason: 'a login was wanted where nobody signs in' });
    const http = buildHttpClient(ca === undefined ? {} : { ca });
    const target = urls.get(name)?.url ?? upstreamUrl(server);
    const login = new OperatorLogin(server.remoteAuth, { ...this.#deps, http, ca, name, target, explainRefusal });
    return { settings, login, http };
  }
}

function without(some: ReadonlyMap<string, Held>, others: ReadonlyMap<string, Held>): readonly Held[] {
  const kept = new Set(others.values());
  return [...some.values()].filter((held) => !kept.has(held));
}

async function end({ login, http }: Held): Promise<void> {
  await login[Symbol.asyncDispose]();
  await http.close();
}

/** Whose issuer it is may be known only once a server behind has said where to sign in. */
const explainRefusal: ExplainRefusal = (answer) => findKnownRefusal(findProvider(new URL(answer.url)), answer);

/** Under which the token of a server's local callers is kept. */
export function callerTokenName(server: string): string {
  return `caller/${server}`;
}
