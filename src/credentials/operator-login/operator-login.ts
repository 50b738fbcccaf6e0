import type { Clock } from '../../lib/clock.ts';
import { findFingerprintNow } from '../../lib/file-fingerprint.ts';
import { holdLock } from '../../lib/hold-lock.ts';
import type { HttpClient } from '../../lib/http-client.ts';
import { SingleFlight } from '../../lib/single-flight.ts';
import type { Log } from '../../model/log.ts';
import type { LoginAid } from '../../model/login-aid.ts';
import type { ExplainRefusal } from '../../model/provider.ts';
import type { SecretStore } from '../../model/secret-store.ts';
import { fail, type UsherError } from '../../model/usher-error.ts';
import { isFresh } from '../../oauth/token-life.ts';
import type { ClientAuthentication } from '../../oauth/token-request.ts';
import { checkSamePerson, keepLogin, type KeptLogin, lockPathOf, loginName, readLogin, toLogin } from './kept-login.ts';
import {
  clientName,
  findGivenClient,
  findRegisteredClient,
  forgetRegisteredClient,
  publicClient,
  registerClient,
  wayOf,
} from './login-client.ts';
import { findLoginServer, type LoginServer } from './login-server.ts';
import { LoginTrouble, readTrouble } from './login-trouble.ts';
import { buildOperatorToken, type OperatorToken } from './operator-token.ts';
import type { OperatorLoginSettings } from './schema.ts';
import { signInByBrowser, type SignedIn, type SignIn } from './sign-in-by-browser.ts';
import { signInByDevice } from './sign-in-by-device.ts';
import { refreshTokens } from './token-requests.ts';

export interface OperatorLoginDeps {
  readonly http: HttpClient;
  readonly ca?: readonly string[] | undefined;
  readonly now: Clock;
  readonly log: Log;
  /** Of the mounted server. */
  readonly name: string;
  readonly secrets: SecretStore;
  readonly aid: LoginAid;
  /** The MCP endpoint behind. */
  readonly target: string;
  /** How long another process is waited for that refreshes the login; injected by tests. */
  readonly lockMs?: number;
  /** What is known of the provider's refusals. */
  readonly explainRefusal?: ExplainRefusal | undefined;
}

/** Two at the same time would each spend the other's refresh token, and a provider that rotates them ends the login then
 * (RFC 9700 §4.14.2).
 */
const usualLockMs = 30_000;
/** Who refuses the new token as well would refuse the next one: it is not asked for before this is over. */
const replacePauseMs = 1_000;
/** A provider that fails is left alone for this long. */
const pauseMs = 3_000;
/** Of those that share a login. */
const mostServers = 50;

/** One person's login, for one mounted server: kept over restarts, refreshed when needed, begun anew when it has ended. */
export class OperatorLogin implements AsyncDisposable {
  readonly #settings: OperatorLoginSettings;
  readonly #deps: OperatorLoginDeps;
  readonly #flight = new SingleFlight<OperatorToken>();
  readonly #closing = new AbortController();
  #at: LoginServer | undefined;
  /** The client of the settings: one for all requests, since it may hold connections (mutual TLS). */
  #given: ClientAuthentication | undefined;
  #kept: KeptLogin | undefined;
  #token: OperatorToken | undefined;
  /** State of the store's file in which it had that login; undefined until it was looked at. */
  #seen: string | undefined;
  /** Could it not be kept? Then nobody can take it back by the store. */
  #isUnkept = false;
  #isSignedOut = false;
  /** The sign-in that waits for the person. */
  #signIn: Promise<void> | undefined;
  #pausedUntilMs = 0;
  /** When the last one was thrown away because it was refused. */
  #refusedAtMs = Number.NEGATIVE_INFINITY;
  #lastTrouble: LoginTrouble | undefined;

  constructor(settings: OperatorLoginSettings, deps: OperatorLoginDeps) {
    this.#settings = settings;
    this.#deps = deps;
    if (settings.bearerToken !== undefined) this.#useGiven(settings.bearerToken.reveal());
  }

  /** The token, if it is at hand and nobody has signed out meanwhile. */
  find(): OperatorToken | undefined {
    this.#heedStore();
    return this.#token !== undefined && isFresh(this.#token, this.#deps.now()) ? this.#token : undefined;
  }

  /** Has somebody signed in when it resolves: before, by what is kept, or now, by asking them.
   * @throws UsherError `login_failed`, or the signal's reason
   */
  async start(signal: AbortSignal): Promise<void> {
    try {
      if (this.find() !== undefined) return;
      this.#at ??= await findLoginServer(this.#settings, this.#deps);
      await this.#takeKept().catch((error: unknown) => {
        if (!isOver(error)) throw error;
      });
      if (this.find() === undefined) await this.#ask({ signal, isUnasked: false });
    } catch (cause) {
      signal.throwIfAborted();
      throw this.#failure(cause);
    }
  }

  /** The token, refreshed if need be.
   * @throws UsherError `operator_login_needed` when the person has to sign in again, which is begun; `exchange_unavailable`
   * when the provider cannot be reached
   */
  async obtain(signal?: AbortSignal): Promise<OperatorToken> {
    const token = this.find();
    if (token !== undefined) return token;
    if (this.#deps.now() < this.#pausedUntilMs && this.#lastTrouble !== undefined)
      throw this.#unavailable(this.#lastTrouble);
    return this.#flight.run('', () => this.#renew(), signal);
  }

  /** The token was refused where it was handed in: it is not handed in again. True when another can be had. */
  refuse(refused: OperatorToken): boolean {
    if (this.#token !== refused) return true;
    if (this.#settings.bearerToken !== undefined) return false;
    const nowMs = this.#deps.now();
    if (Math.abs(nowMs - this.#refusedAtMs) < replacePauseMs) return false;
    this.#refusedAtMs = nowMs;
    this.#token = undefined;
    if (this.#kept !== undefined) this.#kept = { ...this.#kept, expiresAtMs: 0 };
    return this.#kept?.refreshToken !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the gateway stops'));
    await this.#signIn?.catch(() => undefined);
  }

  async #renew(): Promise<OperatorToken> {
    try {
      this.#at ??= await findLoginServer(this.#settings, this.#deps);
      await this.#takeKept();
    } catch (cause) {
      if (!isOver(cause)) {
        const trouble = readTrouble(cause, []);
        [this.#lastTrouble, this.#pausedUntilMs] = [trouble, this.#deps.now() + pauseMs];
        throw this.#unavailable(trouble);
      }
      throw this.#needPerson(cause.message);
    }
    const token = this.find();
    if (token === undefined)
      throw this.#needPerson(
        this.#isSignedOut
          ? 'somebody signed out with usher logout'
          : 'the login has ended, and there is nothing to refresh it with',
      );
    return token;
  }

  /** Takes the login that is kept, refreshed if its token has ended. What another process did meanwhile counts. */
  async #takeKept(): Promise<void> {
    const at = this.#server;
    const { secrets, now, lockMs = usualLockMs } = this.#deps;
    const name = this.#name(at);
    if (this.#takeIfFresh(readLogin(secrets, name))) return;
    // A store of this process alone has no file.
    const path = lockPathOf(secrets, name);
    await using lock = secrets.path === '' ? undefined : await holdLock(path, { timeoutMs: lockMs });
    if (lock === undefined && secrets.path !== '') {
      const reason = `another Usher has been refreshing this login for more than ${lockMs / 1000} s`;
      throw new LoginTrouble(reason, `Try again; when none runs any more, remove ${path}`);
    }
    const kept = readLogin(secrets, name);
    if (this.#takeIfFresh(kept) || kept?.refreshToken === undefined) return;
    const request = {
      server: at.server,
      client: this.#clientOf(at, kept),
      resource: at.resource,
      http: this.#deps.http,
    };
    try {
      const tokens = await refreshTokens(request, kept.refreshToken);
      checkSamePerson(tokens, kept);
      const { issuer, clientId, hasSecret } = kept;
      await this.#keep(toLogin(tokens, { issuer, clientId, hasSecret, nowMs: now(), before: kept }));
    } catch (cause) {
      const trouble = await this.#withoutClient(cause);
      // Spent or withdrawn: nobody should try it again, also not after a restart.
      if (isOver(trouble)) await secrets.remove(name);
      throw trouble;
    }
  }

  /** Takes it if its token is good and another than the one that was refused. */
  #takeIfFresh(kept: KeptLogin | undefined): boolean {
    if (kept === undefined) return false;
    if (this.#kept?.accessToken === kept.accessToken && this.#kept.expiresAtMs === 0) return false;
    const token = buildOperatorToken(kept, this.#deps.now());
    if (!isFresh(token, this.#deps.now())) return false;
    [this.#kept, this.#token, this.#seen, this.#isUnkept, this.#isSignedOut] = [kept, token, undefined, false, false];
    return true;
  }

  /** `usher logout` and other gateways speak by the store: what is kept there no more is not lent any more, from the next call on.
   * A look at the file's state for each call; the store is opened only when that has changed. One that cannot be read lends nothing.
   */
  #heedStore(): void {
    const { secrets, log, name } = this.#deps;
    if (this.#token === undefined || this.#kept === undefined || this.#isUnkept || secrets.path === '') return;
    const seen = findFingerprintNow([secrets.path]);
    if (seen === this.#seen) return;
    let kept: KeptLogin | undefined;
    try {
      kept = readLogin(secrets, this.#name(this.#server));
    } catch {
      // Whoever needs it next reads it again, and says what is wrong.
      this.#token = undefined;
      return;
    }
    if (kept?.accessToken === this.#kept.accessToken) this.#seen = seen;
    else this.#token = undefined;
    this.#isSignedOut = kept === undefined;
    if (this.#isSignedOut)
      log.info('Somebody signed the operator out; their token is not used any more', { server: name });
  }

  /** First on the disk, then in use: whatever happens next, the newest refresh token is the one that is kept. */
  async #keep(got: KeptLogin): Promise<void> {
    const { secrets, log, now, name } = this.#deps;
    const login = { ...got, servers: [...new Set([...(got.servers ?? []), name])].slice(-mostServers) };
    const isKept = await keepLogin(secrets, this.#name(this.#server), login).then(
      () => true,
      (error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        log.error('The login cannot be kept: after a restart somebody has to sign in again', { reason });
        return false;
      },
    );
    [this.#kept, this.#token] = [login, buildOperatorToken(login, now())];
    [this.#seen, this.#isUnkept, this.#isSignedOut] = [undefined, !isKept, false];
  }

  async #ask({ signal, isUnasked }: { signal: AbortSignal; isUnasked: boolean }): Promise<void> {
    const at = this.#server;
    const { aid, http, name, log, now } = this.#deps;
    const request: SignIn = {
      settings: this.#settings,
      at,
      scopes: this.#scopes(at),
      findClient: (redirectUri) => this.#findClient(at, redirectUri),
      registeredAs: this.#settings.clientId === undefined ? clientName(this.#registeredFor(at)) : undefined,
      http,
      aid,
      name,
      signal: AbortSignal.any([signal, this.#closing.signal]),
      isUnasked,
    };
    const { tokens, client } = await this.#letSignIn(request).catch(async (cause: unknown) => {
      throw await this.#withoutClient(cause);
    });
    const { clientId, secrets } = client;
    const { issuer } = at.server;
    await this.#keep(toLogin(tokens, { issuer, clientId, hasSecret: secrets.length > 0, nowMs: now() }));
    const who = this.#token?.caller.name ?? this.#token?.caller.subject;
    log.info('The operator has signed in', { server: name, issuer: at.server.issuer, operator: who });
    if (tokens.refresh_token === undefined) {
      const until =
        tokens.expires_in === undefined
          ? 'for a time nobody says'
          : `for ${Math.round(tokens.expires_in / 60)} minutes`;
      const advice = 'with offline_access among --remote-auth-scopes many providers let people stay signed in';
      log.warn(`The login is good ${until} and cannot be refreshed: ${advice}`, { server: name });
    }
  }

  /** On another device where that was asked for, or where there is no browser and this client may; else with a browser. */
  async #letSignIn(request: SignIn): Promise<SignedIn> {
    const mayGiveWay = this.#settings.flow === 'auto';
    const onDevice = this.#usesDevice(request.at) ? await signInByDevice(request, { mayGiveWay }) : undefined;
    return onDevice ?? (await signInByBrowser(request));
  }

  /** Begins a sign-in beside the calls, once, and says that it is needed. */
  #needPerson(reason: string): UsherError {
    const { log, name } = this.#deps;
    if (this.#settings.bearerToken === undefined && !this.#closing.signal.aborted) {
      this.#signIn ??= this.#ask({ signal: this.#closing.signal, isUnasked: true })
        .catch((cause: unknown) => {
          if (this.#closing.signal.aborted) return;
          const { message, advice } = readTrouble(cause, []);
          log.error(`The operator has not signed in: ${message}`, { hint: advice, server: name });
        })
        .finally(() => (this.#signIn = undefined));
    }
    return fail('operator_login_needed', { reason, server: name });
  }

  #usesDevice({ server }: LoginServer): boolean {
    const { flow, skipBrowser } = this.#settings;
    if (flow !== 'auto') return flow === 'device';
    return !skipBrowser && !this.#deps.aid.hasBrowser && server.device_authorization_endpoint !== undefined;
  }

  async #findClient(at: LoginServer, redirectUri: string): Promise<ClientAuthentication> {
    return (
      this.#givenClient() ??
      findRegisteredClient(this.#registeredFor(at), redirectUri, this.#deps) ??
      (await registerClient(
        at.server,
        { way: wayOf(this.#settings), redirectUri, scopes: this.#scopes(at) },
        this.#deps,
      ))
    );
  }

  /** A client that Usher registered, and the provider does not know any more, is forgotten, so that the next sign-in registers
   * another: nobody else could mend that.
   */
  async #withoutClient(cause: unknown): Promise<unknown> {
    if (!(cause instanceof LoginTrouble) || !cause.isOfClient || this.#settings.clientId !== undefined) return cause;
    await forgetRegisteredClient(this.#registeredFor(this.#server), this.#deps);
    return new LoginTrouble(cause.message, 'Sign in again: Usher registers another client then', {
      cause,
      isFinal: true,
    });
  }

  #registeredFor({ server: { issuer } }: LoginServer) {
    return { issuer, way: wayOf(this.#settings) };
  }

  #givenClient(): ClientAuthentication | undefined {
    return (this.#given ??= findGivenClient(this.#settings, this.#deps));
  }

  /** The client a login was got as. */
  #clientOf(at: LoginServer, kept: KeptLogin): ClientAuthentication {
    const known = this.#givenClient() ?? findRegisteredClient(this.#registeredFor(at), undefined, this.#deps);
    return known?.clientId === kept.clientId ? known : publicClient(kept.clientId);
  }

  #scopes({ scopes }: LoginServer): readonly string[] {
    return this.#settings.scopes.length === 0 ? scopes : this.#settings.scopes;
  }

  #name(at: LoginServer): string {
    const { clientId, parameters, scopeParameter, authorizeUrl, tokenUrl } = this.#settings;
    const { issuer } = at.server;
    const asked = { scopes: this.#scopes(at), resource: at.resource, parameters, scopeParameter };
    return loginName({ issuer, clientId, ...asked, endpoints: { authorizeUrl, tokenUrl } });
  }

  get #server(): LoginServer {
    if (this.#at === undefined) throw fail('internal', { reason: 'a login was used before its server was found' });
    return this.#at;
  }

  #useGiven(accessToken: string): void {
    const { issuer = 'urn:usher:given', clientId = '' } = this.#settings;
    this.#token = buildOperatorToken({ version: 1, issuer, clientId, accessToken }, this.#deps.now());
  }

  #unavailable({ message: reason, cause }: LoginTrouble): UsherError {
    const url = this.#at?.server.token_endpoint ?? this.#settings.issuer ?? this.#deps.target;
    return fail('exchange_unavailable', { url, reason }, { cause });
  }

  #failure(cause: unknown): Error {
    if (!(cause instanceof LoginTrouble)) return cause instanceof Error ? cause : new Error(String(cause));
    const { message: reason, advice } = cause;
    return fail('login_failed', { server: this.#deps.name, reason, advice }, { cause });
  }
}

/** Only a person can go on from here. */
function isOver(error: unknown): error is LoginTrouble {
  return error instanceof LoginTrouble && error.isFinal;
}
