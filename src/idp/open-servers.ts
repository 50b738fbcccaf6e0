import type { Org, ServerContext } from './org.ts';
import { serve } from './serve.ts';
import type { Served } from './served.ts';
import { readSigningKeys, rotateSigningKeys } from './signing-keys.ts';

/** All authorization servers that answer, also those made later. */
export interface OpenServers {
  /** Makes the keys of all servers, each other's at the same time. */
  makeKeys(): Promise<void>;
  openAll(urls: Readonly<Record<'http' | 'https', string>>): Promise<void>;
  /** Makes a server answer that was added since. */
  open(serverId: string): Promise<void>;
  issuerOf(server: { readonly id: string; readonly scheme: 'http' | 'https' }): string;
  rotateKeys(serverId: string): Promise<void>;
  find(serverId: string): ServerContext | undefined;
  /** Of all servers there are, in their order. */
  contexts(): readonly ServerContext[];
  /** What answers for each server that is active. */
  served(): readonly { readonly id: string; readonly issuer: string; readonly handle: Served['handle'] }[];
}

export function openServers(org: Org, stateDir: string): OpenServers {
  const known = new Map<string, Served>();
  let urls: Readonly<Record<'http' | 'https', string>> = { http: '', https: '' };
  const issuerOf: OpenServers['issuerOf'] = ({ id, scheme }) => `${urls[scheme]}/oauth2/${id}`;
  const ids = () => org.state.current.servers.map(({ id }) => id);
  const open = async (serverId: string) => {
    const server = org.state.current.servers.find(({ id }) => id === serverId);
    if (server === undefined) return;
    const first = await readSigningKeys(stateDir, serverId);
    known.set(serverId, await serve({ org, server, issuer: issuerOf(server), stateDir, first }));
  };
  const isThere = (serverId: string) => org.state.current.servers.some(({ id }) => id === serverId);
  const find = (serverId: string) => (isThere(serverId) ? known.get(serverId)?.context : undefined);
  return {
    makeKeys: async () => void (await Promise.all(ids().map((id) => readSigningKeys(stateDir, id)))),
    openAll: async (found) => {
      urls = found;
      await Promise.all(ids().map(open));
    },
    open,
    issuerOf,
    rotateKeys: async (serverId) => {
      await rotateSigningKeys(stateDir, serverId, Date.now());
      await known.get(serverId)?.refresh();
    },
    find,
    contexts: () => ids().flatMap((id) => find(id) ?? []),
    served: () =>
      org.state.current.servers.flatMap(({ id, active }) => {
        const served = active ? known.get(id) : undefined;
        return served === undefined ? [] : [{ id, issuer: served.context.issuer, handle: served.handle }];
      }),
  };
}
