import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { makeId } from '../state/okta-id.ts';
import type { LiveUser } from '../state/state-schema.ts';
import { type ApiContext, type ApiRoute, noContent } from './api.ts';
import { invalid, taken } from './api-error.ts';
import { link } from './links.ts';
import { groupOf, param, removeFrom, userOf } from './lookup.ts';
import { page } from './page.ts';
import { parseBody } from './parse-body.ts';

const bodySchema = z.looseObject({
  profile: z.looseObject({
    login: z.string().min(5).max(100),
    email: z.email(),
    firstName: z.string().max(50).default(''),
    lastName: z.string().max(50).default(''),
  }),
  credentials: z.looseObject({ password: z.looseObject({ value: z.string().min(1).max(72) }).optional() }).prefault({}),
  groupIds: z.array(z.string()).default([]),
});

/** People.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/
 */
export const userRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/users',
    handle: (context, request) => {
      const q = request.query.get('q')?.toLowerCase() ?? '';
      const list = context.org.state.current.users.filter(({ firstName, lastName, login, email = '' }) =>
        [firstName, lastName, login, email].some((text) => text.toLowerCase().startsWith(q)),
      );
      return page(context, request, { list, show: (user) => showUser(context, user) });
    },
  },
  {
    method: 'POST',
    path: '/users',
    handle: async (context, { body, query }) => {
      const { profile, credentials, groupIds } = parseBody(bodySchema, body);
      const { login, email, firstName, lastName } = profile;
      const now = new Date(context.org.now()).toISOString();
      const user = await context.org.state.change((draft) => {
        if (draft.users.some((other) => other.login.toLowerCase() === login.toLowerCase())) throw taken('login');
        const made: LiveUser = {
          id: makeId('00u'),
          login,
          email,
          firstName,
          lastName,
          name: `${firstName} ${lastName}`.trim() || login,
          // Without one nobody can sign in as them, as in Okta before the invitation is answered.
          password: credentials.password?.value ?? randomBytes(32).toString('base64url'),
          groups: groupIds.map((id) => groupOf(draft, id).name),
          active: query.get('activate') !== 'false',
          created: now,
          lastUpdated: now,
        };
        draft.users.push(made);
        return made;
      });
      return { status: 200, body: showUser(context, user) };
    },
  },
  {
    method: 'GET',
    path: '/users/:user',
    handle: (context, { params }) => ({
      status: 200,
      body: showUser(context, userOf(context.org.state.current, param(params, 'user'))),
    }),
  },
  {
    method: 'DELETE',
    path: '/users/:user',
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const user = userOf(draft, param(params, 'user'));
        // Source: "The first time you delete a user it is deactivated, the second time it is deleted".
        if (user.active) user.active = false;
        else removeFrom(draft.users, user);
      });
      return noContent;
    },
  },
  ...(['activate', 'deactivate'] as const).map((verb): ApiRoute => ({
    method: 'POST',
    path: `/users/:user/lifecycle/${verb}`,
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const user = userOf(draft, param(params, 'user'));
        const active = verb === 'activate';
        if (user.active === active) throw invalid('status', `status: The user is already ${verb}d`);
        user.active = active;
      });
      return { status: 200, body: {} };
    },
  })),
];

/** In Okta's form: without the password. */
export function showUser({ base }: ApiContext, user: LiveUser): Readonly<Record<string, unknown>> {
  return {
    id: user.id,
    status: user.active ? 'ACTIVE' : 'DEPROVISIONED',
    created: user.created,
    lastUpdated: user.lastUpdated,
    profile: {
      firstName: user.firstName,
      lastName: user.lastName,
      email: user.email ?? null,
      login: user.login,
    },
    credentials: { password: {}, provider: { type: 'OKTA', name: 'OKTA' } },
    _links: { self: link(`${base}/api/v1/users/${user.id}`, 'GET') },
  };
}
