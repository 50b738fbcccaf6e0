import type { Seed, SeedServer, SeedUser } from '../seed/seed-schema.ts';
import { seedId } from './okta-id.ts';
import type { LiveServer, LiveUser, OrgData } from './state-schema.ts';

/** Built into every org: all its users, whoever they are. */
export const everyone = 'Everyone';

/** What an org has when only its seed speaks. */
export function buildSeedState(seed: Seed, now: Date): OrgData {
  const stamp = now.toISOString();
  const stamps = { created: stamp, lastUpdated: stamp };
  const groups = [everyone, ...new Set(seed.users.flatMap((user) => user.groups))];
  return {
    servers: seed.servers.map((server) => serverOf(server, stamps)),
    apps: seed.apps.map((app) => ({ ...app, active: true, ...stamps })),
    users: seed.users.map((user) => ({ ...userOf(user), ...stamps })),
    groups: groups.map((name) => ({ id: seedId('00g', name), name, description: '', ...stamps })),
  };
}

/** Okta's kind of user id, the same at every start. */
export function uidOf(login: string): string {
  return seedId('00u', login.toLowerCase());
}

/** Passwords of the seed are public; those that were given through the management API are not. */
export function isSeeded({ id, login }: LiveUser): boolean {
  return id === uidOf(login);
}

interface Stamps {
  readonly created: string;
  readonly lastUpdated: string;
}

function serverOf(server: SeedServer, stamps: Stamps): LiveServer {
  return {
    ...server,
    description: '',
    active: true,
    claims: [],
    scopes: server.scopes.map((scope) => ({
      ...scope,
      id: seedId('scp', server.id, scope.name),
      displayName: '',
      consent: 'IMPLICIT',
    })),
    policies: server.policies.map((policy, index) => ({
      ...policy,
      id: seedId('00p', server.id, String(index), policy.name),
      description: '',
      priority: policy.priority ?? index + 1,
      rules: policy.rules.map((rule, place) => ({
        ...rule,
        id: seedId('0pr', server.id, String(index), String(place), rule.name),
        priority: rule.priority ?? place + 1,
        ...stamps,
      })),
      ...stamps,
    })),
    ...stamps,
  };
}

/** A seed has one name, Okta has two. */
function userOf(user: SeedUser): Omit<LiveUser, keyof Stamps> {
  const words = user.name.split(' ');
  const lastName = words.length > 1 ? (words.pop() ?? '') : '';
  return { ...user, id: uidOf(user.login), active: true, firstName: words.join(' '), lastName };
}
