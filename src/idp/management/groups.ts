import { z } from 'zod';
import { makeId } from '../state/okta-id.ts';
import { everyone } from '../state/seed-state.ts';
import type { LiveGroup } from '../state/state-schema.ts';
import { type ApiContext, type ApiRoute, noContent } from './api.ts';
import { ApiError, taken } from './api-error.ts';
import { link } from './links.ts';
import { groupOf, param, removeFrom, userOf } from './lookup.ts';
import { page } from './page.ts';
import { parseBody } from './parse-body.ts';
import { showUser } from './users.ts';

const bodySchema = z.looseObject({
  profile: z.looseObject({ name: z.string().min(1).max(255), description: z.string().max(1024).default('') }),
});

/** Groups and who is in them.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Group/
 */
export const groupRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/groups',
    handle: (context, request) => {
      const q = request.query.get('q')?.toLowerCase() ?? '';
      const list = context.org.state.current.groups.filter(({ name }) => name.toLowerCase().startsWith(q));
      return page(context, request, { list, most: 10_000, show: (group) => showGroup(context, group) });
    },
  },
  {
    method: 'POST',
    path: '/groups',
    handle: async (context, { body }) => {
      const { name, description } = parseBody(bodySchema, body).profile;
      const now = new Date(context.org.now()).toISOString();
      const group: LiveGroup = { id: makeId('00g'), name, description, created: now, lastUpdated: now };
      await context.org.state.change((draft) => {
        if (draft.groups.some((other) => other.name === name)) throw taken('name');
        draft.groups.push(group);
      });
      return { status: 200, body: showGroup(context, group) };
    },
  },
  {
    method: 'GET',
    path: '/groups/:group',
    handle: (context, { params }) => ({
      status: 200,
      body: showGroup(context, groupOf(context.org.state.current, param(params, 'group'))),
    }),
  },
  {
    method: 'DELETE',
    path: '/groups/:group',
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const group = groupOf(draft, param(params, 'group'));
        refuseBuiltIn(group);
        removeFrom(draft.groups, group);
        for (const { groups } of draft.users) removeFrom(groups, group.name);
        const people = [
          ...draft.apps.map(({ assigned }) => assigned),
          ...draft.servers.flatMap(({ policies }) => policies.flatMap(({ rules }) => rules.map((rule) => rule.people))),
        ];
        for (const one of people) if (one !== 'EVERYONE') removeFrom(one.groups, group.name);
      });
      return noContent;
    },
  },
  {
    method: 'GET',
    path: '/groups/:group/users',
    handle: (context, request) => {
      const { name } = groupOf(context.org.state.current, param(request.params, 'group'));
      const list = context.org.state.current.users.filter(({ groups }) => name === everyone || groups.includes(name));
      return page(context, request, { list, most: 1000, show: (user) => showUser(context, user) });
    },
  },
  {
    method: 'GET',
    path: '/users/:user/groups',
    handle: (context, request) => {
      const { current } = context.org.state;
      const { groups } = userOf(current, param(request.params, 'user'));
      const list = current.groups.filter(({ name }) => name === everyone || groups.includes(name));
      return page(context, request, { list, show: (group) => showGroup(context, group) });
    },
  },
  ...(['PUT', 'DELETE'] as const).map((method): ApiRoute => ({
    method,
    path: '/groups/:group/users/:user',
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const group = groupOf(draft, param(params, 'group'));
        const { groups } = userOf(draft, param(params, 'user'));
        refuseBuiltIn(group);
        removeFrom(groups, group.name);
        if (method === 'PUT') groups.push(group.name);
      });
      return noContent;
    },
  })),
];

function refuseBuiltIn({ name }: LiveGroup): void {
  if (name === everyone) {
    throw new ApiError(403, 'E0000006', 'You do not have permission to perform the requested action');
  }
}

function showGroup({ base }: ApiContext, group: LiveGroup): Readonly<Record<string, unknown>> {
  const self = `${base}/api/v1/groups/${group.id}`;
  return {
    id: group.id,
    created: group.created,
    lastUpdated: group.lastUpdated,
    lastMembershipUpdated: group.lastUpdated,
    objectClass: ['okta:user_group'],
    type: group.name === everyone ? 'BUILT_IN' : 'OKTA_GROUP',
    profile: { name: group.name, description: group.description },
    _links: { users: link(`${self}/users`, 'GET'), apps: link(`${self}/apps`, 'GET') },
  };
}
