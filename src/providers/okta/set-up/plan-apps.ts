import {
  activation,
  appsPath,
  type Ids,
  joinPlans,
  lifecycle,
  type OktaChange,
  type OktaPlan,
  putBack,
  writable,
} from './change.ts';
import { conflict, type FoundApp, type OktaFound } from './found.ts';
import type { OktaApp } from './okta-shapes.ts';
import type { OktaWanted } from './wanted.ts';
import { tokenExchangeGrant } from '../../../model/urns.ts';

interface WantedApp {
  readonly key: 'client' | 'gateway';
  readonly label: string;
  readonly type: 'web' | 'service';
  readonly grantTypes: readonly string[];
  readonly redirectUris: readonly string[];
  /** As Okta has it, or as it is, when undefined. */
  readonly dpop: boolean | undefined;
}

/** The app people's client signs in with, its assignment, and the gateway's.
 * @throws UsherError `setup_conflict` for an app of that name and another kind
 */
export function planApps(wanted: OktaWanted, found: OktaFound): OktaPlan {
  return joinPlans(
    planApp(
      {
        key: 'client',
        label: wanted.client.label,
        type: 'web',
        grantTypes: ['authorization_code', 'refresh_token'],
        redirectUris: wanted.client.redirectUris,
        dpop: undefined,
      },
      found.client,
    ),
    planAssignment(wanted, found),
    planApp(
      {
        key: 'gateway',
        label: wanted.gateway.label,
        type: 'service',
        grantTypes: [tokenExchangeGrant],
        redirectUris: [],
        dpop: wanted.gateway.dpop,
      },
      found.gateway,
    ),
  );
}

function planApp(wanted: WantedApp, found: FoundApp | undefined): OktaPlan {
  if (found === undefined) return { found: [], changes: [createApp(wanted)] };
  const { app } = found;
  const { application_type: type } = app.settings.oauthClient;
  if (type !== wanted.type) {
    throw conflict(
      `the app "${wanted.label}" is of type "${type}", not "${wanted.type}"`,
      `Choose another name with --${wanted.key}-app`,
    );
  }
  const update = findUpdate(wanted, app);
  const isActive = app.status === 'ACTIVE';
  return {
    found: update === undefined && isActive ? [`App "${wanted.label}" (${app.id})${tellDpop(wanted, app)}`] : [],
    changes: [
      ...(update === undefined ? [] : [update]),
      ...(isActive ? [] : [activation(`the app "${wanted.label}" (${app.id})`, () => `${appsPath}/${app.id}`)]),
    ],
  };
}

/** What the configuration follows, of the gateway's app. */
function tellDpop({ key, dpop }: WantedApp, app: OktaApp): string {
  if (key !== 'gateway') return '';
  const isBound = dpop ?? demandsDpop(app);
  return isBound
    ? ', which demands proof of possession (DPoP): the gateway gives it'
    : ', which does not demand proof of possession (DPoP): the gateway gives none';
}

/** Does the app take no request for tokens without a proof? */
export function demandsDpop({ settings }: OktaApp): boolean {
  return settings.oauthClient.dpop_bound_access_tokens ?? false;
}

/** What follows for the server behind. */
const withDpop =
  'demanding proof of possession (DPoP) as new apps do: the gateway gives it, and the server behind gets tokens of type DPoP with proofs that it has to check (--no-token-exchange-dpop: bearer tokens)';
const withoutDpop = 'without demanding proof of possession (DPoP): the server behind gets bearer tokens';

function createApp({ key, label, type, grantTypes, redirectUris, dpop = true }: WantedApp): OktaChange {
  const details =
    type === 'web'
      ? `redirected to ${redirectUris.join(' and ')}`
      : `with the grants client credentials and token exchange, ${dpop ? withDpop : withoutDpop}`;
  return {
    action: 'create',
    sentence: `Create the ${type === 'web' ? 'web' : 'API services'} app "${label}", ${details}`,
    makes: key,
    request: () => ({
      method: 'POST',
      path: appsPath,
      body: {
        name: 'oidc_client',
        label,
        signOnMode: 'OPENID_CONNECT',
        credentials: { oauthClient: { token_endpoint_auth_method: 'client_secret_basic' } },
        settings: {
          oauthClient: {
            application_type: type,
            // Without client credentials Okta wants redirect URIs, also of an app that has no use for them. (Its reference
            // says that client credentials and DPoP exclude each other; new service apps of its console have both.)
            grant_types: type === 'service' ? ['client_credentials', ...grantTypes] : grantTypes,
            response_types: type === 'web' ? ['code'] : ['token'],
            ...(type === 'web' ? { redirect_uris: redirectUris } : { dpop_bound_access_tokens: dpop }),
          },
        },
      },
    }),
    undo: (_, id) => ({
      sentence: `Delete the app "${label}" (${id()})`,
      // Okta deletes an app only after it was deactivated.
      requests: [lifecycle(`${appsPath}/${id()}`, 'deactivate'), { method: 'DELETE', path: `${appsPath}/${id()}` }],
    }),
  };
}

/** What an app lacks; what it has beyond stays. */
function findUpdate({ label, grantTypes, redirectUris, dpop }: WantedApp, app: OktaApp): OktaChange | undefined {
  const client = app.settings.oauthClient;
  const [grants, uris] = [lacking(grantTypes, client.grant_types), lacking(redirectUris, client.redirect_uris)];
  const isOther = dpop !== undefined && demandsDpop(app) !== dpop;
  const what = [
    ...grants.map((grant) => `tick the grant ${grant}`),
    ...uris.map((uri) => `add the redirect URI ${uri}`),
    ...(isOther ? [`${dpop ? 'demand' : 'no longer demand'} proof of possession (DPoP)`] : []),
  ];
  if (what.length === 0) return undefined;
  const path = `${appsPath}/${app.id}`;
  const body = writable({
    ...app,
    settings: {
      ...app.settings,
      oauthClient: {
        ...client,
        grant_types: [...client.grant_types, ...grants],
        redirect_uris: [...client.redirect_uris, ...uris],
        ...(isOther ? { dpop_bound_access_tokens: dpop } : {}),
      },
    },
  });
  return {
    action: 'change',
    sentence: `In the app "${label}" (${app.id}): ${what.join(', ')}`,
    request: () => ({ method: 'PUT', path, body }),
    undo: () => ({
      sentence: `Put the app "${label}" (${app.id}) back as it was`,
      requests: [putBack(path, app)],
    }),
  };
}

function planAssignment({ client, group }: OktaWanted, found: OktaFound): OktaPlan {
  if (found.client?.groups.includes(found.group.id) === true) {
    return { found: [`App "${client.label}" is assigned to the group "${group}"`], changes: [] };
  }
  const path = (ids: Ids) => `${appsPath}/${ids('client')}/groups/${ids('group')}`;
  return {
    found: [],
    changes: [
      {
        action: 'create',
        sentence: `Assign the app "${client.label}" to the group "${group}"`,
        request: (ids) => ({ method: 'PUT', path: path(ids), body: {} }),
        undo: (ids) => ({
          sentence: `Take the assignment of the app "${client.label}" to the group "${group}" back`,
          requests: [{ method: 'DELETE', path: path(ids) }],
        }),
      },
    ],
  };
}

function lacking(wanted: readonly string[], found: readonly string[]): readonly string[] {
  return wanted.filter((one) => !found.includes(one));
}
