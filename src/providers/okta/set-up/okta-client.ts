import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { buildHttpClient, HttpClientError } from '../../../lib/http-client.ts';
import type { AdminRequest } from '../../../model/set-up.ts';
import type { Secret } from '../../../model/secret.ts';
import { fail, type UsherError } from '../../../model/usher-error.ts';
import { errorSchema } from './okta-shapes.ts';

/** How to reach an org's management API. */
export interface OktaOrg {
  /** `https://example.okta.com` */
  readonly origin: string;
  readonly apiToken: Secret;
  /** Authorities to trust, PEM; Node's own when absent. */
  readonly ca?: readonly string[];
  /** How to wait, for tests. */
  readonly wait?: (ms: number) => Promise<void>;
}

/** Okta's management API, as far as a set-up needs it. All of it throws UsherError `setup_refused` or
 * `setup_unavailable`.
 */
export interface OktaClient {
  /** All of a list, over all its pages. */
  list<S extends z.ZodType>(path: string, schema: S): Promise<readonly z.output<S>[]>;
  get<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>>;
  /** The body of the answer, as it is; `gone` for 404 where that is no fault. */
  send(request: AdminRequest): Promise<unknown>;
  /** The same for taking something back: what is gone is no fault. */
  sendOrGone(request: AdminRequest): Promise<'done' | 'gone'>;
  close(): Promise<void>;
}

const timeoutMs = 30_000;
const mostPages = 200;
const mostWaits = 3;
const longestWaitMs = 60_000;

/** Plain requests, no SDK: why is in docs/decisions/0018-set-up-with-undo.md. */
export function buildOktaClient({ origin, apiToken, ca, wait }: OktaOrg): OktaClient {
  const http = buildHttpClient({ maxBytes: 16 * 1024 * 1024, ...(ca === undefined ? {} : { ca }) });
  const pause = wait ?? ((ms: number) => sleep(ms));

  const request = async (method: 'GET' | AdminRequest['method'], url: string, body?: unknown): Promise<Response> => {
    for (let waits = 0; ; waits += 1) {
      const answer = await http
        .send(url, {
          method,
          headers: {
            authorization: `SSWS ${apiToken.reveal()}`,
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          timeoutMs,
        })
        .catch((error: unknown) => {
          if (error instanceof HttpClientError) throw unavailable(origin, error.message, error);
          throw error;
        });
      if (answer.status !== 429 || waits === mostWaits) return answer;
      await pause(waitOf(answer));
    }
  };

  /** The answer when it is a good one. */
  const ask = async (method: 'GET' | AdminRequest['method'], url: string, body?: unknown): Promise<Response> => {
    const answer = await request(method, url, body);
    if (answer.ok) return answer;
    const action = `${method === 'GET' ? 'tell' : method} ${new URL(url).pathname}`;
    throw await readRefusal(origin, action, answer);
  };

  return {
    list: async (path, schema) => {
      const items: z.output<typeof schema>[] = [];
      let url: string | undefined = origin + path;
      for (let page = 0; url !== undefined; page += 1) {
        if (page === mostPages) throw unavailable(origin, `${path} has more than ${mostPages} pages`);
        const answer: Response = await ask('GET', url);
        const body = await readJson(origin, path, answer);
        if (!Array.isArray(body)) throw unavailable(origin, `${path} is no list`);
        for (const item of body) items.push(parse(schema, item, origin, path));
        url = nextPage(origin, answer);
      }
      return items;
    },
    get: async (path, schema) => {
      return parse(schema, await readJson(origin, path, await ask('GET', origin + path)), origin, path);
    },
    send: async ({ method, path, body }) => {
      const answer = await ask(method, origin + path, body);
      return answer.status === 204 ? undefined : await readJson(origin, path, answer);
    },
    sendOrGone: async ({ method, path, body }) => {
      const answer = await request(method, origin + path, body);
      if (answer.status === 404) return 'gone';
      if (!answer.ok) throw await readRefusal(origin, `${method} ${path}`, answer);
      return 'done';
    },
    close: () => http.close(),
  };
}

/** Where the next page is (RFC 8288). The token goes with the request, so it stays at the org. */
function nextPage(origin: string, answer: Response): string | undefined {
  const next = /<([^>]*)>\s*;[^,]*rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1];
  if (next === undefined) return undefined;
  const url = URL.parse(next, origin);
  if (url?.origin !== origin) throw unavailable(origin, 'its next page is somewhere else');
  return url.href;
}

/** Source: https://developer.okta.com/docs/reference/rl-best-practices/: the second in which the limit begins anew. */
function waitOf(answer: Response): number {
  const resetAt = Number(answer.headers.get('x-rate-limit-reset'));
  const date = Date.parse(answer.headers.get('date') ?? '');
  const now = Number.isNaN(date) ? Date.now() : date;
  const waitMs = Number.isFinite(resetAt) ? resetAt * 1000 - now + 1000 : 1000;
  return Math.min(Math.max(waitMs, 1000), longestWaitMs);
}

async function readJson(origin: string, path: string, answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    throw unavailable(origin, `${path} is no JSON`);
  }
}

async function readRefusal(origin: string, action: string, answer: Response): Promise<UsherError> {
  const parsed = errorSchema.safeParse(await answer.json().catch(() => undefined));
  if (!parsed.success) return unavailable(origin, `${action} was answered with status ${answer.status}`);
  const { errorCode, errorSummary, errorCauses } = parsed.data;
  const causes = errorCauses.map((cause) => cause.errorSummary);
  const description = `${[errorSummary, ...causes].join('; ')}${adviceOf(errorCode)}`;
  return fail('setup_refused', {
    title: 'Okta',
    target: origin,
    action,
    status: answer.status,
    code: errorCode,
    description,
  });
}

/** Source: https://developer.okta.com/docs/reference/error-codes/ */
function adviceOf(errorCode: string): string {
  switch (errorCode) {
    case 'E0000011':
      return ' (make a new API token: Security → API → Tokens)';
    case 'E0000006':
      return ' (the API token needs an administrator who may manage authorization servers, apps and groups)';
    case 'E0000015':
      return ' (authorization servers of your own need API Access Management in the plan of the org)';
    default:
      return '';
  }
}

function parse<S extends z.ZodType>(schema: S, value: unknown, origin: string, path: string): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw unavailable(origin, `${path} is not in the form that Okta documents${where === '' ? '' : ` (${where})`}`);
}

function unavailable(target: string, reason: string, cause?: unknown): UsherError {
  return fail('setup_unavailable', { title: 'Okta', target, reason }, cause === undefined ? {} : { cause });
}
