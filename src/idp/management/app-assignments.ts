import type { LiveApp, LiveGroup, LiveUser } from '../state/state-schema.ts';
import { type ApiContext, type ApiRoute, noContent } from './api.ts';
import { notFound } from './api-error.ts';
import { link } from './links.ts';
import { appOf, groupOf, param, removeFrom, userOf } from './lookup.ts';
import { page } from './page.ts';
import { everyone } from '../state/seed-state.ts';

/** Who may use an app: people and groups.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationGroups/ and
 * …/ApplicationUsers/
 */
export const appAssignmentRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/apps/:app/groups',
    handle: (context, request) => {
      const app = appOf(context.org.state.current, param(request.params, 'app'));
      const names = peopleOf(app).groups;
      const list = context.org.state.current.groups.filter(({ name }) => names.includes(name));
      return page(context, request, { list, show: (group) => showGroup(context, app, group) });
    },
  },
  {
    method: 'GET',
    path: '/apps/:app/groups/:group',
    handle: (context, { params }) => {
      const app = appOf(context.org.state.current, param(params, 'app'));
      const id = param(params, 'group');
      const group = context.org.state.current.groups.find((one) => one.id === id);
      if (group === undefined || !peopleOf(app).groups.includes(group.name)) throw notFound(id, 'ApplicationGroup');
      return { status: 200, body: showGroup(context, app, group) };
    },
  },
  {
    method: 'PUT',
    path: '/apps/:app/groups/:group',
    handle: async (context, { params }) => {
      const { app, group } = await context.org.state.change((draft) => {
        const found = { app: appOf(draft, param(params, 'app')), group: groupOf(draft, param(params, 'group')) };
        const { users, groups } = peopleOf(found.app);
        found.app.assigned = { users, groups: [...new Set([...groups, found.group.name])] };
        return found;
      });
      return { status: 200, body: showGroup(context, app, group) };
    },
  },
  {
    method: 'DELETE',
    path: '/apps/:app/groups/:group',
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const app = appOf(draft, param(params, 'app'));
        const group = groupOf(draft, param(params, 'group'));
        const people = peopleOf(app);
        if (!people.groups.includes(group.name)) throw notFound(group.id, 'ApplicationGroup');
        removeFrom(people.groups, group.name);
        app.assigned = people;
      });
      return noContent;
    },
  },
  {
    method: 'GET',
    path: '/apps/:app/users',
    handle: (context, request) => {
      const { users } = peopleOf(appOf(context.org.state.current, param(request.params, 'app')));
      const list = context.org.state.current.users.filter(({ login }) => users.includes(login));
      return page(context, request, { list, most: 500, show: showUser });
    },
  },
  {
    method: 'POST',
    path: '/apps/:app/users',
    handle: async ({ org }, { params, body }) => {
      const id = typeof body === 'object' && body !== null && 'id' in body ? String(body.id) : '';
      const user = await org.state.change((draft) => {
        const app = appOf(draft, param(params, 'app'));
        const found = userOf(draft, id);
        const { users, groups } = peopleOf(app);
        app.assigned = { users: [...new Set([...users, found.login])], groups };
        return found;
      });
      return { status: 200, body: showUser(user) };
    },
  },
  {
    method: 'DELETE',
    path: '/apps/:app/users/:user',
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const app = appOf(draft, param(params, 'app'));
        const user = userOf(draft, param(params, 'user'));
        const people = peopleOf(app);
        if (!people.users.includes(user.login)) throw notFound(user.id, 'AppUser');
        removeFrom(people.users, user.login);
        app.assigned = people;
      });
      return noContent;
    },
  },
];

/** A seed says EVERYONE where Okta has a group of that name. */
function peopleOf({ assigned }: LiveApp): { users: string[]; groups: string[] } {
  return assigned === 'EVERYONE' ? { users: [], groups: [everyone] } : assigned;
}

function showGroup({ base }: ApiContext, app: LiveApp, group: LiveGroup): Readonly<Record<string, unknown>> {
  const self = `${base}/api/v1/apps/${app.clientId}/groups/${group.id}`;
  return {
    id: group.id,
    lastUpdated: group.lastUpdated,
    priority: 0,
    profile: {},
    _links: { self: link(self, 'GET'), group: link(`${base}/api/v1/groups/${group.id}`, 'GET') },
  };
}

function showUser(user: LiveUser): Readonly<Record<string, unknown>> {
  return {
    id: user.id,
    scope: 'USER',
    status: 'ACTIVE',
    created: user.created,
    lastUpdated: user.lastUpdated,
    credentials: { userName: user.login },
  };
}
