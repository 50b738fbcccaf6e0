import { z } from 'zod';
import { makeId } from '../state/okta-id.ts';
import type { LivePolicy, LiveServer, OrgData } from '../state/state-schema.ts';
import { type ApiContext, type ApiRoute, noContent } from './api.ts';
import { invalid } from './api-error.ts';
import { lifecycleLink, link, statusOf } from './links.ts';
import { lifecycleRoutes } from './lifecycle.ts';
import { param, policyOf, removeFrom, serverOf } from './lookup.ts';
import { page } from './page.ts';
import { parseBody } from './parse-body.ts';

const bodySchema = z.looseObject({
  type: z.literal('OAUTH_AUTHORIZATION_POLICY'),
  name: z.string().min(1).max(200),
  description: z.string().min(1).max(1024),
  status: z.enum(['ACTIVE', 'INACTIVE']).default('ACTIVE'),
  priority: z.number().int().min(1).optional(),
  conditions: z.looseObject({ clients: z.looseObject({ include: z.array(z.string()).min(1) }) }),
});

/** Access policies of a server: which clients they are about.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/AuthorizationServerPolicies/
 */
export const policyRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/authorizationServers/:server/policies',
    handle: (context, request) => {
      const server = serverOf(context.org.state.current, param(request.params, 'server'));
      const list = byPriority(server.policies);
      return page(context, request, { list, show: (policy) => showPolicy(context, server, policy) });
    },
  },
  {
    method: 'POST',
    path: '/authorizationServers/:server/policies',
    handle: async (context, { params, body }) => {
      const now = new Date(context.org.now()).toISOString();
      const { server, policy } = await context.org.state.change((draft) => {
        const one = serverOf(draft, param(params, 'server'));
        const wanted = policyFrom(draft, one, body);
        const made: LivePolicy = { id: makeId('00p'), rules: [], created: now, lastUpdated: now, ...wanted };
        insert(one.policies, made, wanted.priority);
        return { server: one, policy: made };
      });
      return { status: 201, body: showPolicy(context, server, policy) };
    },
  },
  {
    method: 'GET',
    path: '/authorizationServers/:server/policies/:policy',
    handle: (context, { params }) => {
      const server = serverOf(context.org.state.current, param(params, 'server'));
      return { status: 200, body: showPolicy(context, server, policyOf(server, param(params, 'policy'))) };
    },
  },
  {
    method: 'PUT',
    path: '/authorizationServers/:server/policies/:policy',
    handle: async (context, { params, body }) => {
      const lastUpdated = new Date(context.org.now()).toISOString();
      const { server, policy } = await context.org.state.change((draft) => {
        const one = serverOf(draft, param(params, 'server'));
        const found = policyOf(one, param(params, 'policy'));
        const wanted = policyFrom(draft, one, body, found);
        Object.assign(found, wanted, { lastUpdated });
        removeFrom(one.policies, found);
        insert(one.policies, found, wanted.priority);
        return { server: one, policy: found };
      });
      return { status: 200, body: showPolicy(context, server, policy) };
    },
  },
  {
    method: 'DELETE',
    path: '/authorizationServers/:server/policies/:policy',
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const server = serverOf(draft, param(params, 'server'));
        removeFrom(server.policies, policyOf(server, param(params, 'policy')));
      });
      return noContent;
    },
  },
  ...lifecycleRoutes('/authorizationServers/:server/policies/:policy', (draft, { params }) =>
    policyOf(serverOf(draft, param(params, 'server')), param(params, 'policy')),
  ),
];

function policyFrom(draft: OrgData, server: LiveServer, body: unknown, found?: LivePolicy) {
  const { name, description, status, priority, conditions } = parseBody(bodySchema, body);
  const { include } = conditions.clients;
  if (server.policies.some((other) => other !== found && other.name === name)) {
    throw invalid('name', `name: A policy with the name ${name} already exists`);
  }
  if (include.includes('ALL_CLIENTS') && include.length > 1) {
    throw invalid('conditions.clients', 'conditions.clients.include: ALL_CLIENTS stands alone');
  }
  const unknown = include.filter((id) => id !== 'ALL_CLIENTS' && !draft.apps.some(({ clientId }) => clientId === id));
  if (unknown.length > 0) {
    throw invalid('conditions.clients', `conditions.clients.include: Invalid client: ${unknown.join(', ')}`);
  }
  const clients = include.includes('ALL_CLIENTS') ? ('ALL_CLIENTS' as const) : include;
  const last = server.policies.length + (found === undefined ? 1 : 0);
  return {
    name,
    description,
    active: status === 'ACTIVE',
    priority: Math.min(priority ?? found?.priority ?? last, last),
    clients,
  };
}

/** Puts it at its priority; those behind it move by one, as in Okta's console. */
export function insert<T extends { priority: number }>(list: T[], item: T, priority: number): void {
  const others = byPriority(list);
  const ordered = [...others.slice(0, priority - 1), item, ...others.slice(priority - 1)];
  list.length = 0;
  ordered.forEach((one, index) => {
    one.priority = index + 1;
    list.push(one);
  });
}

/** Lowest first. */
export function byPriority<T extends { readonly priority: number }>(list: readonly T[]): readonly T[] {
  return list.toSorted((a, b) => a.priority - b.priority);
}

function showPolicy({ base }: ApiContext, server: LiveServer, policy: LivePolicy): Readonly<Record<string, unknown>> {
  const self = `${base}/api/v1/authorizationServers/${server.id}/policies/${policy.id}`;
  return {
    type: 'OAUTH_AUTHORIZATION_POLICY',
    id: policy.id,
    status: statusOf(policy),
    name: policy.name,
    description: policy.description,
    priority: policy.priority,
    system: false,
    conditions: { clients: { include: policy.clients === 'ALL_CLIENTS' ? ['ALL_CLIENTS'] : policy.clients } },
    created: policy.created,
    lastUpdated: policy.lastUpdated,
    _links: {
      self: link(self, 'GET', 'PUT', 'DELETE'),
      rules: link(`${self}/rules`, 'GET'),
      ...lifecycleLink(self, policy.active),
    },
  };
}
