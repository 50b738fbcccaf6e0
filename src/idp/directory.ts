import { createHash, timingSafeEqual } from 'node:crypto';
import { isAmong } from './policy.ts';
import type { Seed, SeedApp, SeedUser } from './seed/seed-schema.ts';

/** The org's people and apps, and who may use what. */
export interface Directory {
  readonly users: readonly SeedUser[];
  readonly apps: readonly SeedApp[];
  findUser(uid: string): SeedUser | undefined;
  findUserByLogin(login: string): SeedUser | undefined;
  /** The user whose login and password these are. Takes as long for a login that does not exist. */
  findUserByPassword(login: string, password: string): SeedUser | undefined;
  /** Undefined for clients that registered themselves. */
  findApp(clientId: string): SeedApp | undefined;
  isAssigned(user: SeedUser, clientId: string): boolean;
}

export function buildDirectory({ users, apps }: Seed): Directory {
  const byUid = new Map(users.map((user) => [uidOf(user), user]));
  const byLogin = new Map(users.map((user) => [user.login.toLowerCase(), user]));
  const byClientId = new Map(apps.map((app) => [app.clientId, app]));
  const findUserByLogin = (login: string) => byLogin.get(login.toLowerCase());
  return {
    users,
    apps,
    findUser: (uid) => byUid.get(uid),
    findUserByLogin,
    findUserByPassword: (login, password) => {
      const user = findUserByLogin(login);
      const matches = isSame(password, user?.password ?? '');
      return user !== undefined && matches ? user : undefined;
    },
    findApp: (clientId) => byClientId.get(clientId),
    isAssigned: (user, clientId) => {
      const app = byClientId.get(clientId);
      return app === undefined || isAmong(user, app.assigned);
    },
  };
}

/** Okta's kind of user id, the same at every start. */
export function uidOf(user: SeedUser): string {
  return `00u${createHash('sha256').update(user.login.toLowerCase()).digest('hex').slice(0, 17)}`;
}

/** Compares in constant time, also texts of different length. */
export function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
