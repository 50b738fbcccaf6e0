import { deviceCodeGrant } from '../../model/urns.ts';
import { oidcScopes } from '../oidc-scopes.ts';
import { findPlainHttpRedirect, wantedRedirect } from '../plain-http-redirect.ts';
import type { Seed, SeedApp, SeedPeople, SeedServer } from './seed-schema.ts';

/** What is wrong with a seed and where. */
export interface SeedProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Finds what a schema cannot see: names that are used twice or lead nowhere, and apps that could never work. */
export function findSeedConflicts(seed: Seed): readonly SeedProblem[] {
  return [
    ...findRepeated(seed.servers, 'servers', 'id'),
    ...findRepeated(seed.apps, 'apps', 'clientId'),
    ...findRepeated(seed.users, 'users', 'login'),
    ...seed.servers.flatMap((server, index) => findInServer(seed, server, ['servers', index])),
    ...seed.apps.flatMap((app, index) => findInApp(seed, app, ['apps', index])),
  ];
}

function findRepeated<K extends string>(
  list: readonly Readonly<Record<K, string>>[],
  listName: string,
  key: K,
): readonly SeedProblem[] {
  return list.flatMap((item, index) =>
    list.findIndex((other) => other[key] === item[key]) === index
      ? []
      : [{ path: [listName, index, key], message: `"${item[key]}" is used twice` }],
  );
}

function findInServer(seed: Seed, server: SeedServer, path: SeedProblem['path']): readonly SeedProblem[] {
  const problems: SeedProblem[] = [];
  const add = (at: SeedProblem['path'], message: string) => problems.push({ path: [...path, ...at], message });
  const scopes = new Set(server.scopes.map((scope) => scope.name));
  server.scopes.forEach((scope, index) => {
    if (oidcScopes.has(scope.name)) add(['scopes', index, 'name'], `"${scope.name}" is built in, leave it out`);
    if (server.scopes.findIndex((other) => other.name === scope.name) !== index) {
      add(['scopes', index, 'name'], `"${scope.name}" is used twice`);
    }
  });
  server.trusts.forEach((id, index) => {
    if (!seed.servers.some((other) => other.id === id)) add(['trusts', index], `there is no server "${id}"`);
  });
  if (Array.isArray(server.thirdPartyScopes)) {
    server.thirdPartyScopes.forEach((scope, index) => {
      if (!scopes.has(scope)) add(['thirdPartyScopes', index], `server "${server.id}" has no scope "${scope}"`);
    });
  }
  server.policies.forEach((policy, p) => {
    if (policy.clients !== 'ALL_CLIENTS') {
      policy.clients.forEach((client, index) => {
        if (!seed.apps.some((app) => app.clientId === client)) {
          add(['policies', p, 'clients', index], `there is no app with clientId "${client}"`);
        }
      });
    }
    policy.rules.forEach((rule, r) => {
      const at = ['policies', p, 'rules', r];
      problems.push(...findInPeople(seed, rule.people, [...path, ...at, 'people']));
      if (rule.scopes === '*') return;
      rule.scopes.forEach((scope, index) => {
        if (scopes.has(scope) || oidcScopes.has(scope)) return;
        add([...at, 'scopes', index], `server "${server.id}" has no scope "${scope}"`);
      });
    });
  });
  return problems;
}

function findInPeople(seed: Seed, people: SeedPeople, path: SeedProblem['path']): readonly SeedProblem[] {
  if (people === 'EVERYONE') return [];
  return [
    ...people.users.flatMap((login, index) =>
      seed.users.some((user) => user.login === login)
        ? []
        : [{ path: [...path, 'users', index], message: `there is no user "${login}"` }],
    ),
    ...people.groups.flatMap((group, index) =>
      seed.users.some((user) => user.groups.includes(group))
        ? []
        : [{ path: [...path, 'groups', index], message: `no user is in a group "${group}"` }],
    ),
  ];
}

function findInApp(seed: Seed, app: SeedApp, path: SeedProblem['path']): readonly SeedProblem[] {
  return [
    ...findInPeople(seed, app.assigned, [...path, 'assigned']),
    ...(app.api === undefined || seed.servers.some((server) => server.id === app.api)
      ? []
      : [{ path: [...path, 'api'], message: `there is no server "${app.api}"` }]),
    ...findAppProblems(app).map(({ path: at, message }) => ({ path: [...path, ...at], message })),
  ];
}

/** What is wrong with an app that could never work; paths from the app on. */
export function findAppProblems(app: Omit<SeedApp, 'assigned'>): readonly SeedProblem[] {
  const problems: SeedProblem[] = [];
  const add = (key: string, message: string) => problems.push({ path: [key], message });
  const signsIn = app.grantTypes.includes('authorization_code');
  const signsInElsewhere = app.grantTypes.includes(deviceCodeGrant);
  if (app.type === 'service' && (signsIn || signsInElsewhere || app.grantTypes.includes('refresh_token'))) {
    add('grantTypes', 'a service app has no user to sign in: only client_credentials and token exchange');
  }
  if (app.type !== 'service' && app.grantTypes.includes('client_credentials')) {
    add('grantTypes', 'client_credentials is for apps of type service');
  }
  if (app.clientSecret === undefined && app.grantTypes.some((grant) => !signInGrants.has(grant))) {
    add('clientSecret', 'client_credentials and token exchange need a client secret');
  }
  if (app.type === 'service' && app.clientSecret === undefined && signsIn)
    add('clientSecret', 'a service app needs one');
  if (app.type === 'browser' && app.clientSecret !== undefined)
    add('clientSecret', 'a browser app cannot keep a secret');
  if (signsIn && app.redirectUris.length === 0) add('redirectUris', 'authorization_code needs at least one');
  if (app.grantTypes.includes('refresh_token') && !signsIn && !signsInElsewhere) {
    add('grantTypes', 'refresh_token needs authorization_code or the device code grant beside it');
  }
  app.redirectUris.forEach((uri, index) => {
    const { protocol } = new URL(uri);
    if (app.type !== 'native' && protocol !== 'http:' && protocol !== 'https:') {
      problems.push({ path: ['redirectUris', index], message: `"${uri}" is for native apps only` });
    }
    if (findPlainHttpRedirect([uri]) !== undefined) {
      problems.push({ path: ['redirectUris', index], message: `is "${uri}", ${wantedRedirect}` });
    }
  });
  return problems;
}

const signInGrants: ReadonlySet<string> = new Set(['authorization_code', 'refresh_token', deviceCodeGrant]);
