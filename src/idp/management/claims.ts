import { z } from 'zod';
import { findClaimProblem } from '../custom-claims.ts';
import { makeId } from '../state/okta-id.ts';
import { claimStateSchema, type LiveClaim, type LiveServer } from '../state/state-schema.ts';
import { type ApiContext, type ApiRoute, noContent } from './api.ts';
import { invalid } from './api-error.ts';
import { link, statusOf } from './links.ts';
import { itemIn, param, removeFrom, serverOf } from './lookup.ts';
import { page } from './page.ts';
import { parseBody } from './parse-body.ts';

const { name, claimType, valueType, value, groupFilterType } = claimStateSchema.shape;

const bodySchema = z.looseObject({
  name,
  claimType,
  valueType: valueType.default('EXPRESSION'),
  value,
  group_filter_type: groupFilterType.optional(),
  status: z.enum(['ACTIVE', 'INACTIVE']).default('ACTIVE'),
  alwaysIncludeInToken: z.boolean().default(true),
  conditions: z.looseObject({ scopes: z.array(z.string()).default([]) }).prefault({}),
});

/** Claims that a server puts into its tokens beside its own.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/AuthorizationServerClaims/
 */
export const claimRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/authorizationServers/:server/claims',
    handle: (context, request) => {
      const server = serverOf(context.org.state.current, param(request.params, 'server'));
      return page(context, request, { list: server.claims, show: (claim) => showClaim(context, server, claim) });
    },
  },
  {
    method: 'POST',
    path: '/authorizationServers/:server/claims',
    handle: async (context, { params, body }) => {
      const { server, claim } = await context.org.state.change((draft) => {
        const one = serverOf(draft, param(params, 'server'));
        const made: LiveClaim = { id: makeId('ocl'), ...claimFrom(one, body) };
        one.claims.push(made);
        return { server: one, claim: made };
      });
      return { status: 201, body: showClaim(context, server, claim) };
    },
  },
  {
    method: 'GET',
    path: '/authorizationServers/:server/claims/:claim',
    handle: (context, { params }) => {
      const server = serverOf(context.org.state.current, param(params, 'server'));
      return { status: 200, body: showClaim(context, server, claimIn(server, param(params, 'claim'))) };
    },
  },
  {
    method: 'PUT',
    path: '/authorizationServers/:server/claims/:claim',
    handle: async (context, { params, body }) => {
      const { server, claim } = await context.org.state.change((draft) => {
        const one = serverOf(draft, param(params, 'server'));
        const found = claimIn(one, param(params, 'claim'));
        return { server: one, claim: Object.assign(found, claimFrom(one, body, found)) };
      });
      return { status: 200, body: showClaim(context, server, claim) };
    },
  },
  {
    method: 'DELETE',
    path: '/authorizationServers/:server/claims/:claim',
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const server = serverOf(draft, param(params, 'server'));
        removeFrom(server.claims, claimIn(server, param(params, 'claim')));
      });
      return noContent;
    },
  },
];

function claimFrom(server: LiveServer, body: unknown, found?: LiveClaim): Omit<LiveClaim, 'id'> {
  const parsed = parseBody(bodySchema, body);
  const isTaken = server.claims.some(
    (other) => other !== found && other.name === parsed.name && other.claimType === parsed.claimType,
  );
  if (isTaken) throw invalid('name', `name: A claim with the name ${parsed.name} already exists`);
  const unknown = parsed.conditions.scopes.filter((scope) => !server.scopes.some((one) => one.name === scope));
  if (unknown.length > 0)
    throw invalid('conditions.scopes', `conditions.scopes: Unknown scopes: ${unknown.join(', ')}`);
  const claim = {
    name: parsed.name,
    claimType: parsed.claimType,
    valueType: parsed.valueType,
    value: parsed.value,
    ...(parsed.group_filter_type === undefined ? {} : { groupFilterType: parsed.group_filter_type }),
    active: parsed.status === 'ACTIVE',
    alwaysIncludeInToken: parsed.alwaysIncludeInToken,
    scopes: parsed.conditions.scopes,
  };
  const problem = findClaimProblem(claim);
  if (problem !== undefined) throw invalid('value', `value: ${problem}`);
  return claim;
}

function claimIn({ claims }: LiveServer, id: string): LiveClaim {
  return itemIn(claims, id, 'OAuth2Claim');
}

function showClaim({ base }: ApiContext, server: LiveServer, claim: LiveClaim): Readonly<Record<string, unknown>> {
  return {
    id: claim.id,
    name: claim.name,
    status: statusOf(claim),
    claimType: claim.claimType,
    valueType: claim.valueType,
    value: claim.value,
    ...(claim.groupFilterType === undefined ? {} : { group_filter_type: claim.groupFilterType }),
    conditions: { scopes: claim.scopes },
    system: false,
    alwaysIncludeInToken: claim.alwaysIncludeInToken,
    _links: {
      self: link(`${base}/api/v1/authorizationServers/${server.id}/claims/${claim.id}`, 'GET', 'PUT', 'DELETE'),
    },
  };
}
