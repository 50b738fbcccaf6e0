import type { Seed, SeedApp, SeedPolicy, SeedRule, SeedServer, SeedUser } from '../../idp/seed/seed-schema.ts';

/** Changes one authorization server of a seed. */
export function changeServer(id: string, change: Partial<SeedServer>): (seed: Seed) => Seed {
  return (seed) => ({
    ...seed,
    servers: seed.servers.map((server) => (server.id === id ? { ...server, ...change } : server)),
  });
}

/** Changes one app. */
export function changeApp(clientId: string, change: Partial<SeedApp>): (seed: Seed) => Seed {
  return (seed) => ({
    ...seed,
    apps: seed.apps.map((app) => (app.clientId === clientId ? { ...app, ...change } : app)),
  });
}

/** Changes the policies of the server that exchanges. */
export function changeExchangePolicy(change: (policy: SeedPolicy) => SeedPolicy): (seed: Seed) => Seed {
  return (seed) => ({
    ...seed,
    servers: seed.servers.map((server) =>
      server.id === 'backend' ? { ...server, policies: server.policies.map(change) } : server,
    ),
  });
}

/** Changes the rules of these policies. */
export function changeExchangeRule(change: Partial<SeedRule>): (seed: Seed) => Seed {
  return changeExchangePolicy((policy) => ({ ...policy, rules: policy.rules.map((rule) => ({ ...rule, ...change })) }));
}

/** Deletes one app, also where policies name it. */
export function removeApp(clientId: string): (seed: Seed) => Seed {
  const without = ({ clients, ...policy }: SeedPolicy) => ({
    ...policy,
    clients: clients === 'ALL_CLIENTS' ? clients : clients.filter((one) => one !== clientId),
  });
  return (seed) => ({
    ...seed,
    apps: seed.apps.filter((app) => app.clientId !== clientId),
    servers: seed.servers.map((server) => ({ ...server, policies: server.policies.map(without) })),
  });
}

/** Changes everybody who can sign in. */
export function changeUsers(change: Partial<SeedUser>): (seed: Seed) => Seed {
  return (seed) => ({ ...seed, users: seed.users.map((user) => ({ ...user, ...change })) });
}
