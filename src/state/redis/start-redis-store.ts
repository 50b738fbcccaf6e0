import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from '../../lib/describe-error.ts';
import { Sealer } from '../../lib/sealer.ts';
import type { Log } from '../../model/log.ts';
import type { Store } from '../../model/store.ts';
import { connect, type Connection } from './connect.ts';
import type { RedisSettings } from './schema.ts';

export interface RedisStoreDeps {
  readonly log: Log;
  readonly ca: readonly string[] | undefined;
  /** How long a command may take; injected by tests on busy machines. */
  readonly commandMs?: number | undefined;
}

export type RedisStore = Store & AsyncDisposable;

/** For one command: callers wait for it, and it is only an aid. */
const usualCommandMs = 250;
/** At the start, until it is used: the first callers should find it there. */
const startMs = 1_000;
/** While it does not work, one command tries again this long after the last one that failed. */
const probeEveryMs = 1_000;
/** What is changed or foreign there, or not allowed, is told of, but not each time. */
const tellEveryMs = 60_000;
/** Of one outage. */
const mostReasons = 8;

/** Strategy `redis`: shared state in a Redis or Valkey server. Never rejects: where the server cannot be used, the
 * process goes on alone, which is said once, and when it is back.
 */
export async function startRedisStore(settings: RedisSettings, deps: RedisStoreDeps): Promise<RedisStore> {
  const { commandMs = usualCommandMs } = deps;
  const health = new Health(settings.url, { log: deps.log, commandMs });
  const ready = Promise.withResolvers<void>();
  const connection = await connect(settings, {
    ca: deps.ca,
    onReady() {
      health.onReady();
      ready.resolve();
    },
    onError: (error) => health.onConnectionFailure(error),
  });
  await Promise.race([ready.promise, sleep(Math.max(startMs, commandMs), undefined, { ref: false })]);
  return buildStore(settings, connection, { health, log: deps.log });
}

function buildStore(
  settings: RedisSettings,
  connection: Connection,
  { health, log }: { readonly health: Health; readonly log: Log },
): RedisStore {
  const sealer = new Sealer(settings.key.reveal());
  const nameOf = (key: string): string => settings.prefix + sealer.nameOf(key);
  let suspectedAtMs = Number.NEGATIVE_INFINITY;
  let refusedAtMs = Number.NEGATIVE_INFINITY;

  function tellSuspect(name: string): void {
    if (performance.now() - suspectedAtMs < tellEveryMs) return;
    suspectedAtMs = performance.now();
    log.warn('A value in the shared state cannot be trusted and is not used', {
      name,
      hint: 'It was changed there, put under another key, or written by something else.',
    });
  }

  /** One that answers, and does not let us do this, is not down for all the rest. */
  function tellRefused(error: unknown): undefined {
    if (!(error instanceof Error) || !/^(?:NOPERM|ERR) /.test(error.message)) throw error;
    if (performance.now() - refusedAtMs < tellEveryMs) return;
    refusedAtMs = performance.now();
    log.warn(`The shared state at ${settings.url} does not count rate limits: ${describe(error)}`, {
      hint: 'Each replica has the whole limit for itself. Allow the commands EVAL and PTTL (ACL SETUSER NAME +eval +pttl).',
    });
  }

  return {
    async get(key) {
      const name = nameOf(key);
      const text = await health.run(() => connection.get(name));
      if (text === undefined || text === null) return undefined;
      const value = sealer.open(name, text);
      if (value === undefined) tellSuspect(name);
      return value;
    },
    async set(key, value, ttlMs) {
      const name = nameOf(key);
      await health.run(() => connection.set(name, sealer.seal(name, value), ttlMs));
    },
    setIfAbsent(key, value, ttlMs) {
      const name = nameOf(key);
      return health.run(() => connection.setIfAbsent(name, sealer.seal(name, value), ttlMs));
    },
    async delete(key) {
      await health.run(() => connection.delete(nameOf(key)));
    },
    async extend(key, byMs) {
      const leftMs = await health.run(() => connection.extend(nameOf(key), byMs).catch(tellRefused));
      return typeof leftMs === 'number' && leftMs >= 0 ? leftMs : undefined;
    },
    secretFor: (use) => sealer.secretFor(use),
    async [Symbol.asyncDispose]() {
      health.stop();
      connection.close();
      return Promise.resolve();
    },
  };
}

interface Outage {
  readonly sinceMs: number;
  probeAtMs: number;
  isProbed: boolean;
  /** Why there was no connection, as far as that was said: each reason once, however often it comes again. */
  readonly told: Set<string>;
}

/** Whether the server can be used, and who finds out. */
class Health {
  readonly #url: string;
  readonly #log: Log;
  readonly #commandMs: number;
  /** Set while it does not work. */
  #outage: Outage | undefined;
  #isStopped = false;

  constructor(url: string, { log, commandMs }: { readonly log: Log; readonly commandMs: number }) {
    this.#url = url;
    this.#log = log;
    this.#commandMs = commandMs;
  }

  /** What the server says, or undefined when it cannot be used. Never rejects, and never takes longer than a moment. */
  async run<T>(command: () => Promise<T>): Promise<T | undefined> {
    if (!this.#begin()) return undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      const late = new Promise<never>((_, reject) => {
        // After a pause of this process the answer may be here, only not read yet: that comes after timers.
        const giveUp = () => reject(new Error(`no answer within ${this.#commandMs} ms`));
        timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), this.#commandMs);
      });
      const answer = await Promise.race([command(), late]);
      this.#onAnswer();
      return answer;
    } catch (error) {
      this.onFailure(error);
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** There is a connection: the next command tries it. */
  onReady(): void {
    if (this.#outage !== undefined) this.#outage.probeAtMs = 0;
  }

  /** Why there is no connection is said anew when it changes: a server that is back and does not take the password is another matter
   * than one that is down.
   */
  onConnectionFailure(error: unknown): void {
    const reason = describe(error);
    const wasOut = this.#outage !== undefined;
    this.onFailure(error);
    const told = this.#outage?.told;
    if (told === undefined || told.has(reason) || told.size >= mostReasons) return;
    told.add(reason);
    if (wasOut) this.#log.warn(`Still no connection to the shared state at ${this.#url}, now because: ${reason}`);
  }

  onFailure(error: unknown): void {
    if (this.#isStopped) return;
    const nowMs = performance.now();
    if (this.#outage === undefined) {
      this.#outage = { sinceMs: nowMs, probeAtMs: 0, isProbed: false, told: new Set() };
      this.#log.warn(`Cannot use the shared state at ${this.#url}: ${describe(error)}; this process goes on alone`, {
        hint: 'Calls are answered. Until it is back each replica exchanges tokens for itself and knows the sessions and tasks that were started through it, and rate limits hold at each replica by itself.',
      });
    }
    this.#outage.isProbed = false;
    this.#outage.probeAtMs = nowMs + probeEveryMs;
  }

  stop(): void {
    this.#isStopped = true;
  }

  #begin(): boolean {
    if (this.#isStopped) return false;
    if (this.#outage === undefined) return true;
    if (this.#outage.isProbed || performance.now() < this.#outage.probeAtMs) return false;
    this.#outage.isProbed = true;
    return true;
  }

  #onAnswer(): void {
    if (this.#outage === undefined) return;
    const seconds = Math.max(0, Math.round((performance.now() - this.#outage.sinceMs) / 1000));
    this.#outage = undefined;
    this.#log.info(`The shared state at ${this.#url} can be used again, after ${seconds} s`);
  }
}
