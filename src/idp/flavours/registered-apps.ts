import { LRUCache } from 'lru-cache';
import type { SeedApp } from '../seed/seed-schema.ts';

/** Apps that registered themselves (RFC 7591), in memory: a restart forgets them. */
export interface RegisteredApps {
  add(app: SeedApp): void;
  find(clientId: string): SeedApp | undefined;
}

const most = 1_000;

export function buildRegisteredApps(): RegisteredApps {
  const apps = new LRUCache<string, SeedApp>({ max: most });
  return {
    add: (app) => void apps.set(app.clientId, app),
    find: (clientId) => apps.get(clientId),
  };
}
