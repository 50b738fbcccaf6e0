import { randomBytes } from 'node:crypto';
import { sameSettings } from '../config/same-settings.ts';
import type { Config, ServerConfig } from '../config/schema.ts';
import { OperatorLogin } from '../credentials/operator-login/operator-login.ts';
import { buildHttpClient, type HttpClient } from '../lib/http-client.ts';
import type { Log } from '../model/log.ts';
import type { LoginAid } from '../model/login-aid.ts';
import { Secret } from '../model/secret.ts';
import type { SecretStore } from '../model/secret-store.ts';
import { readCa } from './read-ca.ts';
import { upstreamUrl } from './upstream-url.ts';

export interface OperatorLoginsDeps {
  readonly log: Log;
  readonly now: () => number;
  readonly secrets: SecretStore;
  readonly aid: LoginAid;
}

interface Held {
  readonly settings: Parameters<typeof sameSettings>[0];
  readonly login: OperatorLogin;
  readonly http: HttpClient;
}

/** The logins of a gateway, and the tokens its local callers need: made before anything is served. */
export class OperatorLogins implements AsyncDisposable {
  readonly #deps: OperatorLoginsDeps;
  readonly #logins = new Map<string, Held>();
  readonly #callerTokens = new Map<string, Secret>();

  constructor(deps: OperatorLoginsDeps) {
    this.#deps = deps;
  }

  /** Makes what a configuration needs and is not there yet. Nobody signs in.
   * @param urls where servers that are run here answer, by name
   * @throws UsherError `secret_store_unusable`
   */
  async prepare(config: Config, urls: ReadonlyMap<string, { readonly url: string }>): Promise<void> {
    for (const [name, server] of Object.entries(config.servers)) {
      if (server.authenticate.some(({ strategy }) => strategy === 'local-token')) await this.#makeCallerToken(name);
      if (server.remoteAuth?.enabled === true) await this.#makeLogin(name, server, { config, urls });
    }
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
    await Promise.all([...this.#logins.values()].map((held) => this.#end(held)));
  }

  /** The same after a restart: it stands in the settings of clients. */
  async #makeCallerToken(name: string): Promise<void> {
    const { secrets } = this.#deps;
    const key = callerTokenName(name);
    const token =
      this.#callerTokens.get(name) ?? secrets.find(key) ?? new Secret(randomBytes(32).toString('base64url'));
    if (secrets.find(key)?.reveal() !== token.reveal()) await secrets.put(key, token);
    this.#callerTokens.set(name, token);
  }

  async #makeLogin(
    name: string,
    server: ServerConfig,
    { config, urls }: { config: Config; urls: ReadonlyMap<string, { readonly url: string }> },
  ): Promise<void> {
    const settings = [server.remoteAuth, server.upstream, config.caFile];
    const held = this.#logins.get(name);
    if (held !== undefined && sameSettings(held.settings, settings)) return;
    if (server.remoteAuth === undefined) return;
    const ca = readCa(config.caFile);
    const http = buildHttpClient(ca === undefined ? {} : { ca });
    const target = urls.get(name)?.url ?? upstreamUrl(server);
    const login = new OperatorLogin(server.remoteAuth, { ...this.#deps, http, ca, name, target });
    this.#logins.set(name, { settings, login, http });
    if (held !== undefined) await this.#end(held);
  }

  async #end({ login, http }: Held): Promise<void> {
    await login[Symbol.asyncDispose]();
    await http.close();
  }
}

/** Under which the token of a server's local callers is kept. */
export function callerTokenName(server: string): string {
  return `caller/${server}`;
}
