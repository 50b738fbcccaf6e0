import { LRUCache } from 'lru-cache';
import type { Adapter, AdapterPayload } from 'oidc-provider';

/** What sessions, codes, tokens and registered clients are kept in: memory, so a restart forgets them. Keys and the CA
 * are in the state folder and outlive it.
 */
export interface Store {
  /** The persistence oidc-provider works on, for one server. Sessions are the org's, all else is the server's.
   * @param findHandle what an access token is stored under; undefined for one that is not this server's
   */
  adapterFor(serverId: string, findHandle: (token: string) => Promise<string | undefined>): (model: string) => Adapter;
  /** What is stored about an access token, by its handle. */
  findToken(serverId: string, handle: string): AdapterPayload | undefined;
  /** Was the token with this handle revoked? False for tokens issued before a restart. */
  isRevoked(serverId: string, handle: string): boolean;
}

const maxEntries = 50_000;
/** No access token lives longer, so nothing needs to be remembered longer about a revoked one. */
const revokedForMs = 24 * 60 * 60 * 1000;
/** Longer than they are good, so that who comes late hears that, and not that there never was one (RFC 8628 §3.5). */
const rememberedSeconds: Readonly<Record<string, number>> = { DeviceCode: 600 };
const accessTokenModels: ReadonlySet<string> = new Set(['AccessToken', 'ClientCredentials']);

export function buildStore(): Store {
  const entries = new LRUCache<string, AdapterPayload>({ max: maxEntries });
  const grants = new LRUCache<string, Set<string>>({ max: maxEntries });
  const uids = new LRUCache<string, string>({ max: maxEntries });
  const userCodes = new LRUCache<string, string>({ max: maxEntries });
  const revoked = new LRUCache<string, true>({ max: maxEntries, ttl: revokedForMs });

  const adapterFor: Store['adapterFor'] = (serverId, findHandle) => (model) => {
    const prefix = `${model === 'Session' ? '' : serverId}:${model}:`;
    const isAccessToken = accessTokenModels.has(model);
    const grantKey = (grantId: string) => `${prefix}${grantId}`;
    const remove = (id: string) => {
      const key = prefix + id;
      if (isAccessToken) revoked.set(`${serverId}:${id}`, true);
      entries.delete(key);
    };
    return {
      upsert: async (id, payload, expiresIn) => {
        const key = prefix + id;
        const keptSeconds = Math.max(expiresIn ?? 0, 1) + (rememberedSeconds[model] ?? 0);
        entries.set(key, payload, expiresIn === undefined ? {} : { ttl: keptSeconds * 1000 });
        if (payload.userCode !== undefined) userCodes.set(`${serverId}:${payload.userCode}`, id);
        if (payload.uid !== undefined) uids.set(payload.uid, id);
        if (payload.grantId !== undefined && payload.grantId !== '' && model !== 'Interaction') {
          grants.set(grantKey(payload.grantId), (grants.get(grantKey(payload.grantId)) ?? new Set()).add(id));
        }
      },
      find: async (id) => {
        if (isAccessToken || model === 'RefreshToken') {
          const handle = isAccessToken ? await findHandle(unmaskToken(id)) : unmaskToken(id);
          return handle === undefined ? undefined : entries.get(prefix + handle);
        }
        return entries.get(prefix + id);
      },
      findByUid: async (uid) => {
        const id = uids.get(uid);
        return id === undefined ? undefined : entries.get(prefix + id);
      },
      findByUserCode: async (userCode) => {
        const id = userCodes.get(`${serverId}:${userCode}`);
        return id === undefined ? undefined : entries.get(prefix + id);
      },
      consume: async (id) => {
        const payload = entries.get(prefix + id);
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => remove(id),
      revokeByGrantId: async (grantId) => {
        for (const id of grants.get(grantKey(grantId)) ?? []) remove(id);
        grants.delete(grantKey(grantId));
      },
    };
  };

  return {
    adapterFor,
    findToken: (serverId, handle) =>
      entries.get(`${serverId}:AccessToken:${handle}`) ?? entries.get(`${serverId}:ClientCredentials:${handle}`),
    isRevoked: (serverId, handle) => revoked.has(`${serverId}:${handle}`),
  };
}

const mask = 'token:';

/** Makes a JWT pass the check by which oidc-provider keeps JWTs from its introspection and revocation, which know
 * opaque tokens only. The store takes the mask off again.
 */
export function maskToken(token: string): string {
  return mask + token;
}

/** Takes the mask off, where there is one. */
export function unmaskToken(token: string): string {
  return token.startsWith(mask) ? token.slice(mask.length) : token;
}
