import type { JsonlSink } from '../audit/jsonl/build-jsonl-sink.ts';
import { findFixedChanges } from '../config/find-fixed-changes.ts';
import { sameSettings } from '../config/same-settings.ts';
import type { Config } from '../config/schema.ts';
import { buildClientAddress, type FindClientAddress } from '../lib/client-address.ts';
import type { TlsFiles, TlsPair } from '../lib/read-tls-pair.ts';
import type { Log } from '../model/log.ts';
import { fail, UsherError } from '../model/usher-error.ts';
import type { Listener } from './build-listener.ts';
import { readCertificate, type Certificate } from './certificate.ts';
import { limitConnections } from './limit-connections.ts';
import type { Mounts, Prepared } from './mounts.ts';
import type { Traffic } from './traffic.ts';

export interface ReloaderDeps {
  /** In use at the start. */
  readonly config: Config;
  readonly server: Listener;
  readonly audit: JsonlSink;
  readonly mounts: Mounts;
  readonly traffic: Traffic;
  /** Of a listener with TLS. */
  readonly certificate: Certificate | undefined;
  readonly log: Log;
}

/** Everything another configuration needs, made and checked; nothing of it is in use yet. */
interface Next {
  readonly config: Config;
  readonly tls: { readonly files: TlsFiles; readonly pair: TlsPair } | undefined;
  readonly findClientAddress: FindClientAddress;
  readonly prepared: Prepared;
}

/** Takes over configurations while calls go on (docs/decisions/0013-reload.md): first everything that can fail, then,
 * in one turn of the event loop, what cannot.
 */
export class Reloader {
  readonly #deps: ReloaderDeps;
  #config: Config;
  #last: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(deps: ReloaderDeps) {
    this.#deps = deps;
    this.#config = deps.config;
  }

  /** In use now. */
  get config(): Config {
    return this.#config;
  }

  /** Opens the audit file anew, then takes over what `read` returns. One after the other. Never rejects: when something is
   * wrong it is in the log, what was served is served on, and it resolves with false.
   */
  reload(read: () => Config): Promise<boolean> {
    const done = this.#last.then(() => this.#reload(read));
    this.#last = done;
    return done;
  }

  /** Takes over nothing more, not even what is being prepared. */
  stop(): void {
    this.#isStopped = true;
  }

  async #reload(read: () => Config): Promise<boolean> {
    const { audit, log } = this.#deps;
    if (this.#isStopped) return false;
    // Whatever the configuration says now: somebody may have renamed the file.
    void audit.reopen();
    try {
      const next = await this.#prepare(read());
      if (this.#isStopped) await next.prepared.discard();
      else this.#take(next);
      return !this.#isStopped;
    } catch (error) {
      const report = error instanceof Error ? error.message : String(error);
      const hint = 'What was served before is served on, with the settings it had.';
      const stack = error instanceof UsherError || !(error instanceof Error) ? undefined : error.stack;
      log.error(`The configuration was not reloaded. ${report}`, { hint, stack });
      return false;
    }
  }

  async #prepare(config: Config): Promise<Next> {
    const changes = findFixedChanges(this.#config, config);
    if (changes.length > 0) {
      const lines = changes.map((change) => `  ${change}: it takes a restart`);
      throw fail('config_invalid', { report: ['Cannot take over the configuration:', ...lines].join('\n') });
    }
    const { tls } = config.listen;
    const pair = tls === undefined ? undefined : readCertificate(tls);
    return {
      config,
      tls: tls === undefined || pair === undefined ? undefined : { files: tls, pair },
      findClientAddress: buildClientAddress(config.listen.trustedProxies),
      prepared: await this.#deps.mounts.prepare(config),
    };
  }

  /** Nothing in here waits or fails. */
  #take({ config, tls, findClientAddress, prepared }: Next): void {
    const { server, audit, traffic, certificate, log } = this.#deps;
    const before = this.#config;
    this.#config = config;
    if (tls !== undefined) certificate?.use(tls.files, tls.pair);
    audit.whenUnwritable = config.audit.whenUnwritable;
    limitConnections(server, config.listen);
    const closeUnneeded = prepared.take();
    void traffic.replace({ routes: prepared.routes, findClientAddress }).then(closeUnneeded);
    log.info('The configuration was reloaded', compareServers(before, config));
  }
}

/** Names of servers by what became of them, for the log. */
function compareServers({ servers: before }: Config, { servers: after }: Config): Record<string, string | undefined> {
  const list = (names: readonly string[]) => (names.length === 0 ? undefined : names.join(', '));
  const both = Object.keys(after).filter((name) => Object.hasOwn(before, name));
  return {
    added: list(Object.keys(after).filter((name) => !Object.hasOwn(before, name))),
    removed: list(Object.keys(before).filter((name) => !Object.hasOwn(after, name))),
    changed: list(both.filter((name) => !sameSettings(before[name], after[name]))),
    unchanged: list(both.filter((name) => sameSettings(before[name], after[name]))),
  };
}
