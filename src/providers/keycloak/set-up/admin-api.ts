import { z } from 'zod';
import { HttpClientError, type HttpClient } from '../../../lib/http-client.ts';
import type { AdminRequest } from '../../../model/set-up.ts';
import { fail } from '../../../model/usher-error.ts';
import type { KeycloakAdmin } from './choices.ts';

export const title = 'Keycloak';
const timeoutMs = 20_000;
/** An administrator's token lives for a minute; it is renewed before that. */
const renewAheadMs = 10_000;

const tokenSchema = z.object({ access_token: z.string(), expires_in: z.number().default(60) });
const optionalText = z.string().optional().catch(undefined);
/** Keycloak's admin API says `errorMessage`, its protocol endpoints what RFC 6749 §5.2 has. */
const refusalSchema = z
  .object({ error: optionalText, error_description: optionalText, errorMessage: optionalText })
  .catch({});

/** The admin REST API of one realm (https://www.keycloak.org/docs-api/latest/rest-api). Paths are those below the realm. */
export class AdminApi {
  /** The realm, as a URL. */
  readonly target: string;
  readonly #admin: KeycloakAdmin;
  readonly #http: HttpClient;
  #token: { readonly text: string; readonly renewAtMs: number } | undefined;

  constructor(admin: KeycloakAdmin, http: HttpClient) {
    this.#admin = admin;
    this.#http = http;
    this.target = `${admin.url}/realms/${encodeURIComponent(admin.realm)}`;
  }

  /** What is at this path; undefined where nothing is.
   * @param action what for, as in `refused to ${action}`
   */
  async find<T>(path: string, schema: z.ZodType<T>, action: string): Promise<T | undefined> {
    const answer = await this.#authorized('GET', path, undefined);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw await this.#refused(answer, action);
    return this.#parse(await answer.json().catch(() => undefined), schema, action);
  }

  /** The same, where it must be there. */
  async read<T>(path: string, schema: z.ZodType<T>, action: string): Promise<T> {
    const found = await this.find(path, schema, action);
    if (found === undefined) throw this.#unavailable(`there is nothing at ${path}`);
    return found;
  }

  /** Changes something. Returns the id of what was made, from its `Location`; 'gone' where the path leads nowhere. */
  async send({ method, path, body }: AdminRequest, action: string): Promise<{ id: string } | 'gone'> {
    const answer = await this.#authorized(method, path, body);
    if (answer.status === 404) return 'gone';
    if (answer.status < 200 || answer.status > 299) throw await this.#refused(answer, action);
    const location = URL.parse(answer.headers.get('location') ?? '', this.target);
    return { id: location?.pathname.split('/').at(-1) ?? '' };
  }

  /** Metadata and other public documents of the realm. */
  async readPublic<T>(path: string, schema: z.ZodType<T>, action: string): Promise<T> {
    const answer = await this.#send(`${this.target}${path}`, 'GET', {}, undefined);
    if (answer.status !== 200) throw await this.#refused(answer, action);
    return this.#parse(await answer.json().catch(() => undefined), schema, action);
  }

  async #authorized(method: 'GET' | AdminRequest['method'], path: string, body: unknown): Promise<Response> {
    const url = `${this.#admin.url}/admin/realms/${encodeURIComponent(this.#admin.realm)}${path}`;
    const headers = {
      authorization: `Bearer ${await this.#accessToken()}`,
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    return this.#send(url, method, headers, body === undefined ? undefined : JSON.stringify(body));
  }

  /** By the client and grant that Keycloak's own `kcadm.sh` uses. */
  async #accessToken(): Promise<string> {
    const nowMs = performance.now();
    if (this.#token !== undefined && nowMs < this.#token.renewAtMs) return this.#token.text;
    const { url, adminRealm, user, password } = this.#admin;
    const form = { grant_type: 'password', client_id: 'admin-cli', username: user, password: password.reveal() };
    const answer = await this.#send(
      `${url}/realms/${encodeURIComponent(adminRealm)}/protocol/openid-connect/token`,
      'POST',
      { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      new URLSearchParams(form).toString(),
    );
    const action = `sign ${JSON.stringify(user)} in at the realm ${JSON.stringify(adminRealm)}`;
    if (answer.status !== 200) throw await this.#refused(answer, action);
    const token = this.#parse(await answer.json().catch(() => undefined), tokenSchema, action);
    this.#token = { text: token.access_token, renewAtMs: nowMs + token.expires_in * 1000 - renewAheadMs };
    return token.access_token;
  }

  async #send(url: string, method: 'GET' | AdminRequest['method'], headers: Record<string, string>, body?: string) {
    try {
      const request = { method, headers, timeoutMs, ...(body === undefined ? {} : { body }) };
      const answer = await this.#http.send(url, request);
      if (answer.status >= 300 && answer.status < 400)
        throw this.#unavailable(`it redirects, status ${answer.status}; use the URL it redirects to`);
      return answer;
    } catch (cause) {
      if (cause instanceof HttpClientError) throw this.#unavailable(cause.message, cause);
      throw cause;
    }
  }

  #parse<T>(body: unknown, schema: z.ZodType<T>, action: string): T {
    const parsed = schema.safeParse(body);
    if (parsed.success) return parsed.data;
    throw this.#unavailable(`what it answered to ${action} is not what Keycloak answers`);
  }

  async #refused(answer: Response, action: string) {
    const { status } = answer;
    const said = refusalSchema.parse(await answer.json().catch(() => undefined));
    const description = said.error_description ?? said.errorMessage ?? 'nothing more';
    const words = description.replaceAll(this.#admin.password.reveal(), '[secret]').slice(0, 300);
    return fail('setup_refused', {
      title,
      target: this.target,
      action,
      status,
      code: (said.error ?? '').slice(0, 100) || '(no error code)',
      description: words,
    });
  }

  #unavailable(reason: string, cause?: unknown) {
    return fail('setup_unavailable', { title, target: this.target, reason }, cause === undefined ? {} : { cause });
  }
}
