import { z } from 'zod';
import { type ApiRoute, noContent } from './api.ts';
import { invalid, notFound } from './api-error.ts';
import { showServer } from './authorization-servers.ts';
import { param, removeFrom, serverOf } from './lookup.ts';
import { page } from './page.ts';
import { parseBody } from './parse-body.ts';

const bodySchema = z.looseObject({ trusted: z.array(z.string()).min(1) });

/** Which servers' tokens a server takes at token exchange.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/AuthorizationServerAssoc/
 */
export const associatedServerRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/authorizationServers/:server/associatedServers',
    handle: (context, request) => {
      const { servers } = context.org.state.current;
      const server = serverOf(context.org.state.current, param(request.params, 'server'));
      const isTrusted = request.query.get('trusted') !== 'false';
      const q = request.query.get('q')?.toLowerCase() ?? '';
      const list = servers.filter(
        ({ id, name, audience }) =>
          id !== server.id &&
          server.trusts.includes(id) === isTrusted &&
          `${name}\n${audience}`.toLowerCase().includes(q),
      );
      return page(context, request, { list, show: (one) => showServer(context, one) });
    },
  },
  {
    method: 'POST',
    path: '/authorizationServers/:server/associatedServers',
    handle: async (context, { params, body }) => {
      const { trusted } = parseBody(bodySchema, body);
      const added = await context.org.state.change((draft) => {
        const server = serverOf(draft, param(params, 'server'));
        const others = trusted.map((id) => serverOf(draft, id));
        if (others.includes(server)) throw invalid('trusted', 'trusted: A server cannot be associated with itself');
        server.trusts = [...new Set([...server.trusts, ...trusted])];
        return others;
      });
      return { status: 200, body: added.map((one) => showServer(context, one)) };
    },
  },
  {
    method: 'DELETE',
    path: '/authorizationServers/:server/associatedServers/:other',
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const { trusts } = serverOf(draft, param(params, 'server'));
        const other = param(params, 'other');
        if (!trusts.includes(other)) throw notFound(other, 'AssociatedAuthorizationServer');
        removeFrom(trusts, other);
      });
      return noContent;
    },
  },
];
