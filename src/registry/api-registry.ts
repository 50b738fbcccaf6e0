import { z } from 'zod';
import { buildHttpClient, type HttpClient, HttpClientError } from '../lib/http-client.ts';
import { isLoopbackHost } from '../lib/loopback.ts';
import { isObject } from '../lib/is-object.ts';
import { fail } from '../model/usher-error.ts';
import { parseRegistryText } from './parse-registry-text.ts';
import type { Registry } from './registry.ts';
import { type Entry, official, serverResponse } from './server-document.ts';

/** Paths of the API, the newer one first (docs/reference/api/openapi.yaml of the MCP registry, 2025-12-01 and before). */
const versions = ['v0.1', 'v0'] as const;
const timeoutMs = 15_000;
const largestAnswer = 4 * 1024 * 1024;
const pageSize = 100;
/** Nobody reads more, and a registry that never ends must not keep us. */
const mostPages = 50;

const page = z.object({
  servers: z.array(z.unknown()).max(1_000).nullable(),
  metadata: z
    .object({ nextCursor: z.string().max(2_000).nullish(), next_cursor: z.string().max(2_000).nullish() })
    .nullish(),
});

export interface ApiOptions {
  /** Certificate authorities to trust, PEM; Node's own when absent. */
  readonly ca?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** A registry that speaks the MCP registry API. Nothing is sent but names; redirects are not followed.
 * @throws UsherError registry_unusable when the URL is none that may be asked
 */
export function apiRegistry(base: string, options: ApiOptions = {}): Registry {
  const url = checkBase(base);
  const api = new Api(url, options);
  return {
    label: base,
    async find(name, version) {
      const path = `servers/${encodeURIComponent(name)}/versions/${encodeURIComponent(version ?? 'latest')}`;
      const found = await api.get(path);
      const entry = found === undefined ? undefined : parseEntry(found, base);
      if (found !== undefined && entry === undefined)
        throw unusable(base, 'its answer is not a server of the MCP registry API');
      // What was asked for is what has to come: not another server in its place.
      if (
        entry !== undefined &&
        (entry.server.name !== name || (version ?? entry.server.version) !== entry.server.version)
      )
        throw unusable(base, `it was asked for ${name} and answered with ${entry.server.name} ${entry.server.version}`);
      return entry === undefined ? [] : [entry];
    },
    search: (text, limit) => search(api, { text, limit, base }),
  };
}

async function search(
  api: Api,
  { text, limit, base }: { text: string; limit: number; base: string },
): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  const seen = new Set<string>();
  let cursor: string | undefined;
  for (let pages = 0; pages < mostPages && found.length < limit; pages++) {
    const query = new URLSearchParams({ limit: String(Math.min(pageSize, limit)), version: 'latest' });
    if (text !== '') query.set('search', text);
    if (cursor !== undefined) query.set('cursor', cursor);
    const read = page.safeParse(await api.get(`servers?${query.toString()}`));
    if (!read.success) throw unusable(base, 'its answer is not a list of the MCP registry API');
    // One entry that cannot be read is its own affair, not that of the others.
    found.push(...(read.data.servers ?? []).map((raw) => parseEntry(raw, base)).filter((entry) => entry !== undefined));
    cursor = read.data.metadata?.nextCursor || read.data.metadata?.next_cursor || undefined;
    if (cursor === undefined) break;
    if (seen.has(cursor)) throw unusable(base, 'its pages go round in a circle');
    seen.add(cursor);
  }
  return found.slice(0, limit);
}

function parseEntry(raw: unknown, source: string): Entry | undefined {
  const read = serverResponse.safeParse(raw);
  if (!read.success || !isObject(raw)) return undefined;
  return { server: read.data.server, status: read.data._meta?.[official]?.status, source, raw: raw['server'] };
}

/** Asks with the newer paths, and with the older where the registry does not have those. */
class Api {
  readonly #base: URL;
  readonly #options: ApiOptions;
  readonly #client: HttpClient;
  #version: string | undefined;

  constructor(base: URL, options: ApiOptions) {
    this.#base = base;
    this.#options = options;
    this.#client = buildHttpClient({
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      maxBytes: largestAnswer,
    });
  }

  /** The answer as JSON; undefined when there is no such thing. */
  async get(path: string): Promise<unknown> {
    if (this.#version !== undefined) return this.#ask(this.#version, path);
    for (const version of versions) {
      const found = await this.#ask(version, path);
      if (found !== undefined) {
        this.#version = version;
        return found;
      }
    }
    return undefined;
  }

  async #ask(version: string, path: string): Promise<unknown> {
    const base = this.#base.href.replace(/\/$/, '');
    const { signal } = this.#options;
    const label = this.#base.href;
    const answer = await this.#client
      .send(`${base}/${version}/${path}`, {
        method: 'GET',
        headers: { accept: 'application/json', 'user-agent': 'usher' },
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      })
      .catch((cause: unknown) => {
        if (cause instanceof HttpClientError) throw unusable(label, cause.message, cause);
        throw cause;
      });
    if (answer.status === 404) return undefined;
    if (answer.status >= 300 && answer.status < 400)
      throw unusable(label, `it answers with a redirect (${answer.status}), which is not followed`);
    if (answer.status !== 200) throw unusable(label, `it answers with status ${answer.status}`);
    const parsed = parseRegistryText(await answer.text());
    if ('problem' in parsed) throw unusable(label, `its answer ${parsed.problem}`);
    return parsed.found ?? {};
  }
}

function checkBase(base: string): URL {
  const url = new URL(base);
  if (url.protocol !== 'https:' && !isLoopbackHost(url.hostname))
    throw unusable(base, 'plain http is taken on this machine only: whoever is in between could name any program');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw unusable(url.origin, 'its URL has a user, a query or a fragment');
  return url;
}

function unusable(registry: string, reason: string, cause?: unknown): Error {
  const advice = 'Check its URL, and whether it speaks the MCP registry API';
  return fail('registry_unusable', { registry, reason, advice }, { cause });
}
