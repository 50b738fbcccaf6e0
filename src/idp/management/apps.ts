import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { appSchema } from '../seed/seed-schema.ts';
import { findAppProblems } from '../seed/find-seed-conflicts.ts';
import { makeId, seedId } from '../state/okta-id.ts';
import type { LiveApp } from '../state/state-schema.ts';
import { type ApiContext, type ApiRoute, noContent } from './api.ts';
import { ApiError, invalid } from './api-error.ts';
import { lifecycleLink, link, statusOf } from './links.ts';
import { lifecycleRoutes } from './lifecycle.ts';
import { appOf, param, removeFrom } from './lookup.ts';
import { page } from './page.ts';
import { parseBody } from './parse-body.ts';

const bodySchema = z.looseObject({
  name: z.literal('oidc_client'),
  label: z.string().min(1).max(100),
  signOnMode: z.literal('OPENID_CONNECT'),
  credentials: z
    .looseObject({
      oauthClient: z
        .looseObject({
          client_id: appSchema.shape.clientId.optional(),
          client_secret: appSchema.shape.clientSecret,
          token_endpoint_auth_method: z.enum(['client_secret_basic', 'client_secret_post', 'none']).optional(),
        })
        .prefault({}),
    })
    .prefault({}),
  settings: z.looseObject({
    oauthClient: z.looseObject({
      application_type: z.enum(['web', 'native', 'browser', 'service']),
      grant_types: appSchema.shape.grantTypes,
      redirect_uris: appSchema.shape.redirectUris,
      post_logout_redirect_uris: appSchema.shape.postLogoutRedirectUris,
      consent_method: z.enum(['REQUIRED', 'TRUSTED']).default('TRUSTED'),
      dpop_bound_access_tokens: z.boolean().optional(),
    }),
  }),
});

/** OpenID Connect apps; there are no others here.
 * Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Application/
 */
export const appRoutes: readonly ApiRoute[] = [
  {
    method: 'GET',
    path: '/apps',
    handle: (context, request) => {
      const q = request.query.get('q')?.toLowerCase() ?? '';
      const status = /^status eq "(ACTIVE|INACTIVE)"$/.exec(request.query.get('filter') ?? '')?.[1];
      const list = context.org.state.current.apps
        // Source: the parameter `q` finds what begins with it.
        .filter((app) => app.label.toLowerCase().startsWith(q) && (status ?? statusOf(app)) === statusOf(app))
        .map((app) => ({ id: app.clientId, app }));
      return page(context, request, { list, show: ({ app }) => showApp(context, app) });
    },
  },
  {
    method: 'POST',
    path: '/apps',
    handle: async (context, { body, query }) => {
      const now = new Date(context.org.now()).toISOString();
      const app = await context.org.state.change((draft) => {
        const wanted = appFrom(body);
        if (draft.apps.some(({ clientId }) => clientId === wanted.clientId)) {
          throw invalid('client_id', 'client_id: The client ID is already in use');
        }
        const active = query.get('activate') !== 'false';
        // Nobody is assigned to a new app.
        const made: LiveApp = {
          ...wanted,
          active,
          assigned: { users: [], groups: [] },
          created: now,
          lastUpdated: now,
        };
        refuseUseless(made);
        draft.apps.push(made);
        return made;
      });
      return { status: 200, body: showApp(context, app, app.clientSecret) };
    },
  },
  {
    method: 'GET',
    path: '/apps/:app',
    handle: (context, { params }) => ({
      status: 200,
      body: showApp(context, appOf(context.org.state.current, param(params, 'app'))),
    }),
  },
  {
    method: 'PUT',
    path: '/apps/:app',
    handle: async (context, { params, body }) => {
      const lastUpdated = new Date(context.org.now()).toISOString();
      const app = await context.org.state.change((draft) => {
        const found = appOf(draft, param(params, 'app'));
        const { clientId, ...wanted } = appFrom(body, found);
        refuseUseless({ clientId, ...wanted });
        return Object.assign(found, wanted, { lastUpdated });
      });
      return { status: 200, body: showApp(context, app) };
    },
  },
  {
    method: 'DELETE',
    path: '/apps/:app',
    handle: async ({ org }, { params }) => {
      await org.state.change((draft) => {
        const app = appOf(draft, param(params, 'app'));
        // Source: https://developer.okta.com/docs/reference/api/apps/#delete-application
        if (app.active) {
          const cause = 'The application must be deactivated before deletion.';
          throw new ApiError(403, 'E0000056', 'Delete application forbidden.', [cause]);
        }
        removeFrom(draft.apps, app);
        const policies = draft.servers.flatMap((server) => server.policies);
        for (const { clients } of policies) if (clients !== 'ALL_CLIENTS') removeFrom(clients, app.clientId);
      });
      return noContent;
    },
  },
  ...lifecycleRoutes('/apps/:app', (draft, { params }) => appOf(draft, param(params, 'app')), {
    status: 200,
    body: {},
  }),
  {
    method: 'GET',
    path: '/apps/:app/credentials/secrets',
    handle: ({ org }, { params }) => {
      const app = appOf(org.state.current, param(params, 'app'));
      if (app.clientSecret === undefined) return { status: 200, body: [] };
      return { status: 200, body: [showSecret(app, app.clientSecret)] };
    },
  },
];

function appFrom(body: unknown, found?: LiveApp): Omit<LiveApp, 'active' | 'assigned' | 'created' | 'lastUpdated'> {
  const { label, credentials, settings } = parseBody(bodySchema, body);
  const { client_id, client_secret, token_endpoint_auth_method } = credentials.oauthClient;
  const client = settings.oauthClient;
  const isPublic =
    token_endpoint_auth_method === undefined
      ? found?.clientSecret === undefined &&
        (found !== undefined || ['native', 'browser'].includes(client.application_type))
      : token_endpoint_auth_method === 'none';
  const secret = client_secret ?? found?.clientSecret ?? randomBytes(48).toString('base64url');
  return {
    clientId: found?.clientId ?? client_id ?? makeId('0oa'),
    ...(isPublic ? { clientSecret: undefined } : { clientSecret: secret }),
    label,
    type: client.application_type,
    grantTypes: client.grant_types,
    redirectUris: client.redirect_uris,
    postLogoutRedirectUris: client.post_logout_redirect_uris,
    // Okta's default for new service apps.
    requireDpop: client.dpop_bound_access_tokens ?? found?.requireDpop ?? client.application_type === 'service',
    consent: client.consent_method === 'REQUIRED' ? 'required' : 'implicit',
  };
}

/** The same that a seed is refused with, by Okta's names of the fields. */
function refuseUseless(app: Parameters<typeof findAppProblems>[0]): void {
  const causes = findAppProblems(app).map(({ path, message }) => `${fieldNames[String(path[0])] ?? ''}: ${message}`);
  // Source: `redirect_uris` of Okta's OpenAPI: required, except with the grant client_credentials (or password).
  if (app.redirectUris.length === 0 && !app.grantTypes.includes('client_credentials') && causes.length === 0) {
    causes.push("redirect_uris: 'redirect_uris' must have at least one entry");
  }
  if (causes.length > 0) throw invalid('settings.oauthClient', ...causes);
}

const fieldNames: Readonly<Record<string, string>> = {
  grantTypes: 'grant_types',
  clientSecret: 'token_endpoint_auth_method',
  redirectUris: 'redirect_uris',
};

function showSecret(app: LiveApp, secret: string): Readonly<Record<string, unknown>> {
  return {
    id: seedId('ocs', app.clientId),
    status: 'ACTIVE',
    client_secret: secret,
    created: app.created,
    lastUpdated: app.lastUpdated,
  };
}

/** The secret is told when the app is made; later it is at `credentials/secrets` alone. */
function showApp({ base }: ApiContext, app: LiveApp, secret?: string): Readonly<Record<string, unknown>> {
  const self = `${base}/api/v1/apps/${app.clientId}`;
  return {
    id: app.clientId,
    name: 'oidc_client',
    label: app.label,
    status: statusOf(app),
    created: app.created,
    lastUpdated: app.lastUpdated,
    features: [],
    signOnMode: 'OPENID_CONNECT',
    credentials: {
      oauthClient: {
        autoKeyRotation: true,
        client_id: app.clientId,
        ...(secret === undefined ? {} : { client_secret: secret }),
        token_endpoint_auth_method: app.clientSecret === undefined ? 'none' : 'client_secret_basic',
        pkce_required: app.clientSecret === undefined,
      },
    },
    settings: {
      oauthClient: {
        application_type: app.type,
        grant_types: app.grantTypes,
        response_types: app.grantTypes.includes('authorization_code') ? ['code'] : ['token'],
        redirect_uris: app.redirectUris,
        post_logout_redirect_uris: app.postLogoutRedirectUris,
        consent_method: app.consent === 'required' ? 'REQUIRED' : 'TRUSTED',
        dpop_bound_access_tokens: app.requireDpop,
        issuer_mode: 'ORG_URL',
      },
    },
    _links: {
      self: link(self, 'GET', 'PUT', 'DELETE'),
      users: { href: `${self}/users` },
      groups: { href: `${self}/groups` },
      ...lifecycleLink(self, app.active),
    },
  };
}
