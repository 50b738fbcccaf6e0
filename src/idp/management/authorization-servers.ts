import { z } from 'zod';
import { makeId } from '../state/okta-id.ts';
import type { LiveServer } from '../state/state-schema.ts';
import { type ApiContext, noContent, type ApiRoute } from './api.ts';
import { invalid, taken } from './api-error.ts';
import { lifecycleLink, link, statusOf } from './links.ts';
import { lifecycleRoutes } from './lifecycle.ts';
import { param, removeFrom, serverOf } from './lookup.ts';
import { page } from './page.ts';
import { parseBody } from './parse-body.ts';

const bodySchema = z.looseObject({
  name: z.string().min(1).max(200),
  description: z.string().max(1024).default(''),
  // Source: the reference says "Okta currently supports only one audience".
  audiences: z.array(z.string().min(1).max(200)).min(1).max(1, 'Only one audience is supported'),
});

/** Custom authorization servers.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/AuthorizationServer/
 */
export const serverRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/authorizationServers',
    handle: (context, request) => {
      const q = request.query.get('q')?.toLowerCase() ?? '';
      const list = context.org.state.current.servers.filter(({ name, audience }) =>
        `${name}\n${audience}`.toLowerCase().includes(q),
      );
      return page(context, request, { list, show: (server) => showServer(context, server) });
    },
  },
  {
    method: 'POST',
    path: '/authorizationServers',
    handle: async (context, { body }) => {
      const { name, description, audiences } = parseBody(bodySchema, body);
      const stamp = new Date(context.org.now()).toISOString();
      const server: LiveServer = {
        id: makeId('aus'),
        name,
        description,
        scheme: context.scheme,
        audience: audiences[0] ?? '',
        active: true,
        scopes: [],
        claims: [],
        trusts: [],
        registration: false,
        clientIdMetadataDocuments: false,
        identifiers: [],
        multifactor: false,
        requireState: true,
        policies: [],
        created: stamp,
        lastUpdated: stamp,
      };
      await context.org.state.change((draft) => {
        // Not documented by Okta: ours, since people tell servers apart by their names.
        if (draft.servers.some((other) => other.name === name)) throw taken('name');
        draft.servers.push(server);
      });
      await context.open(server.id);
      return { status: 201, body: showServer(context, server) };
    },
  },
  {
    method: 'GET',
    path: '/authorizationServers/:server',
    handle: (context, { params }) => ({
      status: 200,
      body: showServer(context, serverOf(context.org.state.current, param(params, 'server'))),
    }),
  },
  {
    method: 'PUT',
    path: '/authorizationServers/:server',
    handle: async (context, { params, body }) => {
      const { name, description, audiences } = parseBody(bodySchema, body);
      const server = await context.org.state.change((draft) => {
        const one = serverOf(draft, param(params, 'server'));
        if (draft.servers.some((other) => other !== one && other.name === name)) throw taken('name');
        const lastUpdated = new Date(context.org.now()).toISOString();
        return Object.assign(one, { name, description, audience: audiences[0] ?? '', lastUpdated });
      });
      return { status: 200, body: showServer(context, server) };
    },
  },
  {
    method: 'DELETE',
    path: '/authorizationServers/:server',
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const server = serverOf(draft, param(params, 'server'));
        // Not documented by Okta; its own Terraform provider deactivates before it deletes.
        if (server.active) throw invalid('status', 'status: An active authorization server cannot be deleted');
        removeFrom(draft.servers, server);
        for (const other of draft.servers) removeFrom(other.trusts, server.id);
      });
      return noContent;
    },
  },
  ...lifecycleRoutes('/authorizationServers/:server', (draft, { params }) => serverOf(draft, param(params, 'server'))),
];

/** In Okta's form. */
export function showServer(context: ApiContext, server: LiveServer): Readonly<Record<string, unknown>> {
  const self = `${context.base}/api/v1/authorizationServers/${server.id}`;
  const issuer = context.issuerOf(server);
  return {
    id: server.id,
    name: server.name,
    description: server.description,
    audiences: [server.audience],
    issuer,
    issuerMode: 'ORG_URL',
    status: statusOf(server),
    created: server.created,
    lastUpdated: server.lastUpdated,
    credentials: {
      signing: { rotationMode: 'MANUAL', kid: context.org.findServer(server.id)?.keys().current.kid },
    },
    _links: {
      scopes: link(`${self}/scopes`, 'GET'),
      claims: link(`${self}/claims`, 'GET'),
      policies: link(`${self}/policies`, 'GET'),
      self: link(self, 'GET', 'DELETE', 'PUT'),
      metadata: ['oauth-authorization-server', 'openid-configuration'].map((name) => ({
        name,
        ...link(`${issuer}/.well-known/${name}`, 'GET'),
      })),
      rotateKey: link(`${self}/credentials/lifecycle/keyRotate`, 'POST'),
      ...lifecycleLink(self, server.active),
    },
  };
}
