import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/schema.ts';
import { buildHttpClient, type HttpClient } from '../lib/http-client.ts';
import type { Route } from '../model/route.ts';
import type { OperatorLogins, PreparedLogins } from './operator-logins.ts';
import { readCa } from './read-ca.ts';
import { buildRoutes, type ServedRoutes } from './build-routes.ts';
import type { RouteDeps } from './route-deps.ts';

/** Something that holds connections. */
interface Closable {
  close(): Promise<void>;
}

/** What is shared by all routes: how neighbours are reached. */
interface Neighbours {
  readonly http: HttpClient;
  readonly ca: readonly string[] | undefined;
}

/** Routes for another configuration: built, not yet served. */
export interface Prepared {
  readonly routes: ReadonlyMap<string, Route>;
  /** Serves them from now on. What is returned closes what only the earlier ones used; call it when their calls ended. */
  take(): () => Promise<void>;
  /** They will not be served. */
  discard(): Promise<void>;
}

export type MountDeps = Omit<RouteDeps, 'http' | 'ca' | 'usedProofs' | 'usedSignIns' | 'logins'> & {
  readonly logins: OperatorLogins;
};

const warmUpMs = 5_000;

/** The routes that are served, with everything that belongs to them and has to be closed. */
export class Mounts implements AsyncDisposable {
  readonly #deps: MountDeps;
  readonly #open = new Set<Closable>();
  readonly #used: Pick<RouteDeps, 'usedProofs' | 'usedSignIns'> = { usedProofs: new Map(), usedSignIns: new Map() };
  #neighbours: Neighbours | undefined;
  #served: ServedRoutes | undefined;

  constructor(deps: MountDeps) {
    this.#deps = deps;
  }

  /** Those that are served now, by path; empty before any are. */
  get routes(): ReadonlyMap<string, Route> {
    return this.#served?.routes ?? new Map();
  }

  /** Builds what a configuration needs, changing nothing that is served. With routes that are served already it waits,
   * bounded, for the keys of new issuers, so that the next callers need not.
   * @throws UsherError config_invalid when a file that is needed cannot be read
   */
  async prepare(config: Config): Promise<Prepared> {
    if (this.#served === undefined) return await this.#build(config, undefined);
    const logins = await this.#deps.logins.prepare(config, this.#deps.workloads);
    try {
      return await this.#build(config, logins);
    } catch (error) {
      await logins.discard();
      throw error;
    }
  }

  /** @param logins of a configuration that is to take the place of another; at the start they are in use already */
  async #build(config: Config, logins: PreparedLogins | undefined): Promise<Prepared> {
    const [served, now] = [this.#served, this.#neighbours];
    // Read without waiting: at the start the listener is open already, and nobody answers yet.
    const ca = readCa(config.caFile);
    const isSameCa = now !== undefined && String(now.ca) === String(ca);
    const neighbours = isSameCa ? now : { ca, http: buildHttpClient(ca === undefined ? {} : { ca }) };
    const deps = { ...this.#deps, ...neighbours, ...this.#used, logins: logins ?? this.#deps.logins };
    const routes = buildRoutes(config, deps, isSameCa ? served : undefined);
    const needed = new Set<Closable>([neighbours.http, ...[...routes.values()].map(({ upstream }) => upstream)]);
    const isNew = (one: Closable) => !this.#open.has(one);
    const added = [...needed].filter(isNew);
    const warm = Promise.all([...routes.values()].map(({ authenticator }) => authenticator.warmUp()));
    if (served !== undefined) await Promise.race([warm, sleep(warmUpMs, undefined, { ref: false })]);
    return {
      routes,
      take: () => {
        const unneeded = [...this.#open].filter((one) => !needed.has(one));
        for (const one of added) this.#open.add(one);
        [this.#served, this.#neighbours] = [{ config, routes }, neighbours];
        const endLogins = logins?.take();
        return async () => {
          await Promise.all([this.#close(unneeded), endLogins?.()]);
        };
      },
      discard: async () => {
        await Promise.all([...added.map((one) => one.close()), logins?.discard()]);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close([...this.#open]);
  }

  async #close(some: readonly Closable[]): Promise<void> {
    const held = some.filter((one) => this.#open.delete(one));
    await Promise.all(held.map((one) => one.close()));
  }
}
