import { z } from 'zod';
import { oidcScopes } from '../oidc-scopes.ts';
import { makeId, seedId } from '../state/okta-id.ts';
import type { LiveScope, LiveServer } from '../state/state-schema.ts';
import { scopeSchema } from '../seed/seed-schema.ts';
import { type ApiContext, type ApiRoute, noContent } from './api.ts';
import { ApiError, invalid } from './api-error.ts';
import { link } from './links.ts';
import { itemIn, param, removeFrom, serverOf } from './lookup.ts';
import { page } from './page.ts';
import { parseBody } from './parse-body.ts';

const bodySchema = z.looseObject({
  name: scopeSchema.shape.name,
  description: z.string().max(1000).default(''),
  displayName: z.string().max(200).default(''),
  consent: z.enum(['IMPLICIT', 'REQUIRED', 'FLEXIBLE']).default('IMPLICIT'),
  default: z.boolean().default(false),
  metadataPublish: z.enum(['ALL_CLIENTS', 'NO_CLIENTS']).default('NO_CLIENTS'),
});

/** Scopes of a server; those of OpenID Connect are there from the beginning.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/AuthorizationServerScopes/
 */
export const scopeRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/authorizationServers/:server/scopes',
    handle: (context, request) => {
      const server = serverOf(context.org.state.current, param(request.params, 'server'));
      const q = request.query.get('q')?.toLowerCase() ?? '';
      const list = allScopes(server).filter(({ name }) => name.toLowerCase().includes(q));
      return page(context, request, { list, show: (scope) => showScope(context, server, scope) });
    },
  },
  {
    method: 'POST',
    path: '/authorizationServers/:server/scopes',
    handle: async (context, { params, body }) => {
      const { server, scope } = await context.org.state.change((draft) => {
        const one = serverOf(draft, param(params, 'server'));
        const wanted = { id: makeId('scp'), ...scopeOf(parseBody(bodySchema, body)) };
        refuseName(one, wanted);
        one.scopes.push(wanted);
        return { server: one, scope: wanted };
      });
      return { status: 201, body: showScope(context, server, scope) };
    },
  },
  {
    method: 'GET',
    path: '/authorizationServers/:server/scopes/:scope',
    handle: (context, { params }) => {
      const server = serverOf(context.org.state.current, param(params, 'server'));
      return { status: 200, body: showScope(context, server, scopeIn(allScopes(server), param(params, 'scope'))) };
    },
  },
  {
    method: 'PUT',
    path: '/authorizationServers/:server/scopes/:scope',
    handle: async (context, { params, body }) => {
      const { server, scope } = await context.org.state.change((draft) => {
        const one = serverOf(draft, param(params, 'server'));
        const found = scopeIn(one.scopes, param(params, 'scope'));
        const wanted = { id: found.id, ...scopeOf(parseBody(bodySchema, body)) };
        refuseName(one, wanted);
        return { server: one, scope: Object.assign(found, wanted) };
      });
      return { status: 200, body: showScope(context, server, scope) };
    },
  },
  {
    method: 'DELETE',
    path: '/authorizationServers/:server/scopes/:scope',
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const server = serverOf(draft, param(params, 'server'));
        const id = param(params, 'scope');
        if (allScopes(server).some((scope) => scope.id === id && oidcScopes.has(scope.name))) {
          throw new ApiError(403, 'E0000006', 'You do not have permission to perform the requested action');
        }
        removeFrom(server.scopes, scopeIn(server.scopes, id));
      });
      return noContent;
    },
  },
];

function scopeOf(body: z.output<typeof bodySchema>): Omit<LiveScope, 'id'> {
  const { name, description, displayName, consent, metadataPublish } = body;
  return {
    name,
    description,
    displayName,
    consent,
    default: body.default,
    published: metadataPublish === 'ALL_CLIENTS',
  };
}

function refuseName(server: LiveServer, { id, name }: LiveScope): void {
  if (allScopes(server).some((other) => other.id !== id && other.name === name)) {
    throw invalid('name', `name: A scope with the name ${name} already exists`);
  }
}

function allScopes(server: LiveServer): readonly LiveScope[] {
  const builtIn = [...oidcScopes].map((name) => ({
    id: seedId('scp', server.id, name),
    name,
    description: '',
    displayName: '',
    consent: 'IMPLICIT',
    default: false,
    published: true,
  }));
  return [...builtIn, ...server.scopes];
}

function scopeIn<T extends LiveScope>(scopes: readonly T[], id: string): T {
  return itemIn(scopes, id, 'OAuth2Scope');
}

function showScope({ base }: ApiContext, server: LiveServer, scope: LiveScope): Readonly<Record<string, unknown>> {
  return {
    id: scope.id,
    name: scope.name,
    displayName: scope.displayName,
    description: scope.description,
    system: oidcScopes.has(scope.name),
    default: scope.default,
    metadataPublish: scope.published ? 'ALL_CLIENTS' : 'NO_CLIENTS',
    consent: scope.consent,
    optional: false,
    _links: {
      self: link(`${base}/api/v1/authorizationServers/${server.id}/scopes/${scope.id}`, 'GET', 'PUT', 'DELETE'),
    },
  };
}
