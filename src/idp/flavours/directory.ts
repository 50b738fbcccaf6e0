import { isSame } from '../directory.ts';
import type { Seed, SeedApp, SeedUser } from '../seed/seed-schema.ts';
import type { Tenant } from './flavour.ts';

/** The app with this id: one of the seed, or one that registered itself. */
export function findApp(
  { seed, registered }: Pick<Tenant, 'seed' | 'registered'>,
  clientId: string,
): SeedApp | undefined {
  return seed.apps.find((app) => app.clientId === clientId) ?? registered.find(clientId);
}

/** Does it go without a secret? */
export function isPublic({ clientSecret, publicClient = false }: SeedApp): boolean {
  return publicClient || clientSecret === undefined;
}

/** Takes as long for a login that does not exist. */
export function findUserByPassword({ users }: Seed, login: string, password: string): SeedUser | undefined {
  const user = users.find((one) => one.login.toLowerCase() === login.toLowerCase());
  const matches = isSame(password, user?.password ?? '');
  return user !== undefined && matches ? user : undefined;
}

/** A redirect URI of the app: to the letter, but for the port of a native app's loopback address (RFC 8252 §7.3). */
export function mayRedirect({ redirectUris, type, thirdParty }: SeedApp, uri: string): boolean {
  if (redirectUris.includes(uri)) return true;
  const asked = URL.parse(uri);
  if (
    type !== 'native' ||
    thirdParty === true ||
    asked === null ||
    asked.protocol !== 'http:' ||
    !loopback.has(asked.hostname)
  )
    return false;
  const without = (url: URL) => `${url.protocol}//${url.hostname}${url.pathname}${url.search}`;
  return redirectUris.some((one) => without(new URL(one)) === without(asked));
}

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);
