import { createHash, timingSafeEqual } from 'node:crypto';
import { isAmong } from './policy.ts';
import type { SeedUser } from './seed/seed-schema.ts';
import type { OrgState } from './state/org-state.ts';
import type { LiveApp, LiveUser } from './state/state-schema.ts';

/** The org's people and apps, and who may use what. Whoever and whatever is deactivated is not there. */
export interface Directory {
  readonly users: readonly LiveUser[];
  readonly apps: readonly LiveApp[];
  findUser(uid: string): LiveUser | undefined;
  findUserByLogin(login: string): LiveUser | undefined;
  /** The user whose login and password these are. Takes as long for a login that does not exist. */
  findUserByPassword(login: string, password: string): LiveUser | undefined;
  /** Undefined for clients that registered themselves. */
  findApp(clientId: string): LiveApp | undefined;
  isAssigned(user: SeedUser, clientId: string): boolean;
}

/** Looks at the org as it is at each call. */
export function buildDirectory(state: OrgState): Directory {
  let known = buildIndex(state);
  const index = () => {
    if (known.version !== state.version) known = buildIndex(state);
    return known;
  };
  const findUserByLogin = (login: string) => index().byLogin.get(login.toLowerCase());
  return {
    get users() {
      return index().users;
    },
    get apps() {
      return index().apps;
    },
    findUser: (uid) => index().byUid.get(uid),
    findUserByLogin,
    findUserByPassword: (login, password) => {
      const user = findUserByLogin(login);
      const matches = isSame(password, user?.password ?? '');
      return user !== undefined && matches ? user : undefined;
    },
    findApp: (clientId) => index().byClientId.get(clientId),
    isAssigned: (user, clientId) => {
      const app = index().byClientId.get(clientId);
      return app === undefined || isAmong(user, app.assigned);
    },
  };
}

function buildIndex({ current, version }: OrgState) {
  const users = current.users.filter((user) => user.active);
  const apps = current.apps.filter((app) => app.active);
  return {
    version,
    users,
    apps,
    byUid: new Map(users.map((user) => [user.id, user])),
    byLogin: new Map(users.map((user) => [user.login.toLowerCase(), user])),
    byClientId: new Map(apps.map((app) => [app.clientId, app])),
  };
}

/** Compares in constant time, also texts of different length. */
export function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
