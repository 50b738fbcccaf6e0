import { notFound } from './api-error.ts';
import type { ApiContext, ApiRoute } from './api.ts';
import { link } from './links.ts';
import { param, serverOf } from './lookup.ts';

/** The signing keys of a server.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/AuthorizationServerKeys/
 */
export const serverKeyRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/authorizationServers/:server/credentials/keys',
    handle: (context, { params }) => ({ status: 200, body: showKeys(context, param(params, 'server')) }),
  },
  {
    method: 'POST',
    path: '/authorizationServers/:server/credentials/lifecycle/keyRotate',
    handle: async (context, { params }) => {
      const { id } = serverOf(context.org.state.current, param(params, 'server'));
      await context.rotateKeys(id);
      return { status: 200, body: showKeys(context, id) };
    },
  },
];

function showKeys({ org, base }: ApiContext, id: string) {
  serverOf(org.state.current, id);
  const keys = org.findServer(id)?.keys();
  if (keys === undefined) throw notFound(id, 'AuthorizationServer');
  const all = [
    { status: 'ACTIVE', key: keys.current },
    { status: 'NEXT', key: keys.next },
    ...keys.previous.map(({ key }) => ({ status: 'EXPIRED', key })),
  ];
  return all.map(({ status, key: { kid, alg, use, kty, e, n } }) => ({
    status,
    alg,
    e,
    n,
    kid,
    kty,
    use,
    _links: { self: link(`${base}/api/v1/authorizationServers/${id}/credentials/keys/${kid}`, 'GET') },
  }));
}
