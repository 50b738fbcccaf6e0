import { z } from 'zod';
import { ruleSchema } from '../seed/seed-schema.ts';
import { makeId } from '../state/okta-id.ts';
import type { LivePolicy, LiveRule, OrgData } from '../state/state-schema.ts';
import { type ApiContext, type ApiRequest, type ApiRoute, noContent } from './api.ts';
import { invalid } from './api-error.ts';
import { lifecycleLink, link, statusOf } from './links.ts';
import { lifecycleRoutes } from './lifecycle.ts';
import { groupOf, param, policyOf, removeFrom, ruleOf, serverOf, userOf } from './lookup.ts';
import { page } from './page.ts';
import { parseBody } from './parse-body.ts';
import { byPriority, insert } from './policies.ts';

const include = z.array(z.string()).default([]);
const { accessTokenLifetimeMinutes, refreshTokenLifetimeMinutes, refreshTokenWindowMinutes } = ruleSchema.shape;

const bodySchema = z.looseObject({
  type: z.literal('RESOURCE_ACCESS'),
  name: z.string().min(1).max(200),
  status: z.enum(['ACTIVE', 'INACTIVE']).default('ACTIVE'),
  priority: z.number().int().min(1).optional(),
  conditions: z.looseObject({
    people: z
      .looseObject({
        users: z.looseObject({ include }).prefault({}),
        groups: z.looseObject({ include }).prefault({}),
      })
      .prefault({}),
    grantTypes: z.looseObject({ include: ruleSchema.shape.grantTypes }),
    scopes: z.looseObject({ include: z.array(z.string()).min(1) }),
  }),
  actions: z
    .looseObject({
      token: z
        .looseObject({ accessTokenLifetimeMinutes, refreshTokenLifetimeMinutes, refreshTokenWindowMinutes })
        .prefault({}),
    })
    .prefault({}),
});

/** Rules of an access policy: grant, people, scopes, and how long the tokens live.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/AuthorizationServerRules/
 */
export const ruleRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/authorizationServers/:server/policies/:policy/rules',
    handle: (context, request) => {
      const policy = policyAt(context.org.state.current, request);
      const show = (rule: LiveRule) => showRule(context, request, rule);
      return page(context, request, { list: byPriority(policy.rules), show });
    },
  },
  {
    method: 'POST',
    path: '/authorizationServers/:server/policies/:policy/rules',
    handle: async (context, request) => {
      const now = new Date(context.org.now()).toISOString();
      const rule = await context.org.state.change((draft) => {
        const policy = policyAt(draft, request);
        const wanted = ruleFrom(draft, policy, request.body);
        const made: LiveRule = { id: makeId('0pr'), created: now, lastUpdated: now, ...wanted };
        insert(policy.rules, made, wanted.priority);
        return made;
      });
      return { status: 201, body: showRule(context, request, rule) };
    },
  },
  {
    method: 'GET',
    path: '/authorizationServers/:server/policies/:policy/rules/:rule',
    handle: (context, request) => {
      const policy = policyAt(context.org.state.current, request);
      return { status: 200, body: showRule(context, request, ruleOf(policy, param(request.params, 'rule'))) };
    },
  },
  {
    method: 'PUT',
    path: '/authorizationServers/:server/policies/:policy/rules/:rule',
    handle: async (context, request) => {
      const lastUpdated = new Date(context.org.now()).toISOString();
      const rule = await context.org.state.change((draft) => {
        const policy = policyAt(draft, request);
        const found = ruleOf(policy, param(request.params, 'rule'));
        const wanted = ruleFrom(draft, policy, request.body, found);
        Object.assign(found, wanted, { lastUpdated });
        removeFrom(policy.rules, found);
        insert(policy.rules, found, wanted.priority);
        return found;
      });
      return { status: 200, body: showRule(context, request, rule) };
    },
  },
  {
    method: 'DELETE',
    path: '/authorizationServers/:server/policies/:policy/rules/:rule',
    handle: async ({ org }, request) => {
      await org.state.change((draft) => {
        const policy = policyAt(draft, request);
        removeFrom(policy.rules, ruleOf(policy, param(request.params, 'rule')));
      });
      return noContent;
    },
  },
  ...lifecycleRoutes('/authorizationServers/:server/policies/:policy/rules/:rule', (draft, request) =>
    ruleOf(policyAt(draft, request), param(request.params, 'rule')),
  ),
];

function policyAt(data: OrgData, { params }: ApiRequest): LivePolicy {
  return policyOf(serverOf(data, param(params, 'server')), param(params, 'policy'));
}

function ruleFrom(draft: OrgData, policy: LivePolicy, body: unknown, found?: LiveRule) {
  const { name, status, priority, conditions, actions } = parseBody(bodySchema, body);
  if (policy.rules.some((other) => other !== found && other.name === name)) {
    throw invalid('name', `name: A rule with the name ${name} already exists`);
  }
  const { people, grantTypes, scopes } = conditions;
  if (people.users.include.length + people.groups.include.length === 0) {
    const needed = grantTypes.include.filter((grant) => grant !== 'client_credentials');
    if (needed.length > 0) throw peopleMissing();
  }
  const last = policy.rules.length + (found === undefined ? 1 : 0);
  const { token } = actions;
  return {
    name,
    active: status === 'ACTIVE',
    priority: Math.min(priority ?? found?.priority ?? last, last),
    grantTypes: grantTypes.include,
    people: people.groups.include.includes('EVERYONE')
      ? ('EVERYONE' as const)
      : {
          users: people.users.include.map((id) => userOf(draft, id).login),
          groups: people.groups.include.map((id) => groupOf(draft, id).name),
        },
    scopes: scopes.include.includes('*') ? ('*' as const) : scopes.include,
    accessTokenLifetimeMinutes: token.accessTokenLifetimeMinutes,
    refreshTokenLifetimeMinutes: token.refreshTokenLifetimeMinutes,
    refreshTokenWindowMinutes: token.refreshTokenWindowMinutes,
  };
}

// Okta's words, as reported in github.com/okta/okta-developer-docs/issues/1622.
function peopleMissing() {
  return invalid(
    'conditions.people',
    "conditions.people: At least one of ''conditions.people.users.include'' or ''conditions.people.groups.include'' must contain a valid user or group when ''conditions.grantTypes'' contains one or more of [authorization_code, implicit, password].",
  );
}

function showRule(
  { base, org }: ApiContext,
  { params }: ApiRequest,
  rule: LiveRule,
): Readonly<Record<string, unknown>> {
  const { users, groups } = org.state.current;
  const self = `${base}/api/v1/authorizationServers/${params['server']}/policies/${params['policy']}/rules/${rule.id}`;
  const { people } = rule;
  const included =
    people === 'EVERYONE'
      ? { users: [], groups: ['EVERYONE'] }
      : {
          users: users.filter(({ login }) => people.users.includes(login)).map(({ id }) => id),
          groups: groups.filter(({ name }) => people.groups.includes(name)).map(({ id }) => id),
        };
  return {
    type: 'RESOURCE_ACCESS',
    id: rule.id,
    status: statusOf(rule),
    name: rule.name,
    priority: rule.priority,
    created: rule.created,
    lastUpdated: rule.lastUpdated,
    system: false,
    conditions: {
      people: {
        users: { include: included.users, exclude: [] },
        groups: { include: included.groups, exclude: [] },
      },
      grantTypes: { include: rule.grantTypes },
      scopes: { include: rule.scopes === '*' ? ['*'] : rule.scopes },
    },
    actions: {
      token: {
        accessTokenLifetimeMinutes: rule.accessTokenLifetimeMinutes,
        refreshTokenLifetimeMinutes: rule.refreshTokenLifetimeMinutes,
        refreshTokenWindowMinutes: rule.refreshTokenWindowMinutes,
      },
    },
    _links: { self: link(self, 'GET', 'PUT', 'DELETE'), ...lifecycleLink(self, rule.active) },
  };
}
