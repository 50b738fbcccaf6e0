import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { buildHttpClient, HttpClientError } from '../../../lib/http-client.ts';
import type { AdminRequest } from '../../../model/set-up.ts';
import type { Secret } from '../../../model/secret.ts';
import type { UsherError } from '../../../model/usher-error.ts';
import { buildAnswers } from './okta-answers.ts';

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
  /** The same where it may not be there: undefined then. */
  find<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S> | undefined>;
  /** The body of the answer, as it is; `gone` for 404 where that is no fault. */
  send(request: AdminRequest): Promise<unknown>;
  /** The same for taking something back: what is gone is no fault. */
  sendOrGone(request: AdminRequest): Promise<'done' | 'gone'>;
  unavailable(reason: string): UsherError;
  close(): Promise<void>;
}

const timeoutMs = 30_000;
const mostPages = 200;
const mostWaits = 3;
const longestWaitMs = 60_000;

/** Plain requests, no SDK: why is in docs/decisions/0018-set-up-with-undo.md. */
export function buildOktaClient({ origin, apiToken, ca, wait }: OktaOrg): OktaClient {
  const http = buildHttpClient({ maxBytes: 16 * 1024 * 1024, ...(ca === undefined ? {} : { ca }) });
  const answers = buildAnswers(origin);
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
          if (error instanceof HttpClientError) throw answers.unavailable(error.message, error);
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
    throw answers.readRefusal(action, answer.status, await answer.text());
  };

  return {
    list: async (path, schema) => {
      const items: z.output<typeof schema>[] = [];
      let url: string | undefined = origin + path;
      for (let page = 0; url !== undefined; page += 1) {
        if (page === mostPages) throw answers.unavailable(`${path} has more than ${mostPages} pages`);
        const answer: Response = await ask('GET', url);
        items.push(...answers.parseList(path, await answer.text(), schema));
        url = answers.parseNextPage(answer.headers.get('link'));
      }
      return items;
    },
    get: async (path, schema) => {
      return answers.parse(path, await (await ask('GET', origin + path)).text(), schema);
    },
    find: async (path, schema) => {
      const answer = await request('GET', origin + path);
      if (answer.status === 404) return undefined;
      if (!answer.ok) throw answers.readRefusal(`tell ${path}`, answer.status, await answer.text());
      return answers.parse(path, await answer.text(), schema);
    },
    send: async ({ method, path, body }) => {
      const answer = await ask(method, origin + path, body);
      return answer.status === 204 ? undefined : answers.parse(path, await answer.text(), z.unknown());
    },
    sendOrGone: async ({ method, path, body }) => {
      const answer = await request(method, origin + path, body);
      if (answer.status === 404) return 'gone';
      if (!answer.ok) throw answers.readRefusal(`${method} ${path}`, answer.status, await answer.text());
      return 'done';
    },
    unavailable: (reason) => answers.unavailable(reason),
    close: () => http.close(),
  };
}

/** Source: https://developer.okta.com/docs/reference/rl-best-practices/: the second in which the limit begins anew. */
function waitOf(answer: Response): number {
  const resetAt = Number(answer.headers.get('x-rate-limit-reset'));
  const date = Date.parse(answer.headers.get('date') ?? '');
  const now = Number.isNaN(date) ? Date.now() : date;
  const waitMs = Number.isFinite(resetAt) ? resetAt * 1000 - now + 1000 : 1000;
  return Math.min(Math.max(waitMs, 1000), longestWaitMs);
}
