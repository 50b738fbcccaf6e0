import type { SetUp, SetUpOutcome, SetUpStep } from '../../../model/set-up.ts';
import { Secret } from '../../../model/secret.ts';
import { appsPath, type Key, mayUndoOkta, type OktaChange } from './change.ts';
import { conflict, type FoundApp, type OktaFound, readFound } from './found.ts';
import { demandsDpop } from './plan-apps.ts';
import { buildOktaClient, type OktaClient, type OktaOrg } from './okta-client.ts';
import { madeSchema, secretSchema } from './okta-shapes.ts';
import { planOkta } from './plan-okta.ts';
import type { OktaWanted } from './wanted.ts';

/** Sets an Okta org up for the exchange, through its management API. */
export function setUpOkta(org: OktaOrg, wanted: OktaWanted): SetUp {
  const client = buildOktaClient(org);
  return {
    provider: 'okta',
    title: 'Okta',
    target: org.origin,
    plan: async () => {
      const found = await readFound(client, wanted);
      const { found: there, changes } = planOkta(wanted, found);
      const ids = new Map<Key, string>(knownIds(found));
      return { found: there, steps: changes.map((change) => stepOf(client, change, ids)) };
    },
    readOutcome: () => readOutcome(client, wanted),
    mayUndo: mayUndoOkta,
    undo: (request) => client.sendOrGone(request),
    close: () => client.close(),
  };
}

function knownIds({ signIn, backend, client, gateway, group }: OktaFound): readonly [Key, string][] {
  const ids: [Key, string | undefined][] = [
    ['signIn', signIn?.server.id],
    ['backend', backend?.server.id],
    ['client', client?.app.id],
    ['gateway', gateway?.app.id],
    ['group', group.id],
  ];
  return ids.flatMap(([key, id]) => (id === undefined ? [] : [[key, id]]));
}

function stepOf(client: OktaClient, change: OktaChange, ids: Map<Key, string>): SetUpStep {
  const known = (key: Key) => {
    const id = ids.get(key);
    if (id === undefined) throw new Error(`a step before this one should have made the ${key}`);
    return id;
  };
  return {
    action: change.action,
    sentence: change.sentence,
    perform: async () => {
      const request = change.request(known);
      const made = madeSchema.safeParse(await client.send(request));
      const id = () => {
        if (made.success) return made.data.id;
        throw client.unavailable(`${request.path} made something and does not say what: look for it in the console`);
      };
      if (change.makes !== undefined) ids.set(change.makes, id());
      return change.undo(known, id);
    },
  };
}

async function readOutcome(client: OktaClient, wanted: OktaWanted): Promise<SetUpOutcome> {
  const { signIn, backend, client: webApp, gateway } = await readFound(client, wanted);
  if (signIn === undefined || backend === undefined || webApp === undefined || gateway === undefined) {
    throw conflict('what was just set up is not there any more', 'Is somebody else at work in this org? Run it again');
  }
  const [clientSecret, gatewaySecret] = await Promise.all([readSecret(client, webApp), readSecret(client, gateway)]);
  return {
    callers: {
      issuer: signIn.server.issuer,
      audience: [wanted.signIn.audience],
      scopes: wanted.signIn.scopes,
    },
    exchange: {
      url: `${backend.server.issuer}/v1/token`,
      clientId: gateway.app.credentials.oauthClient.client_id,
      clientSecret: gatewaySecret,
      audience: [wanted.backend.audience],
      scopes: wanted.backend.scopes,
      ...(demandsDpop(gateway.app) ? { more: { dpop: true, ...proofUrl(wanted) } } : {}),
    },
    client: {
      clientId: webApp.app.credentials.oauthClient.client_id,
      clientSecret,
      redirectUris: webApp.app.settings.oauthClient.redirect_uris,
    },
  };
}

function proofUrl({ gateway: { dpopUrl } }: OktaWanted): { readonly dpopUrl?: string } {
  return dpopUrl === undefined ? {} : { dpopUrl };
}

/** Source: https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationSSOPublicKeys/ (List
 * all OAuth 2.0 client secrets).
 */
async function readSecret(client: OktaClient, { app }: FoundApp): Promise<Secret> {
  const secrets = await client.list(`${appsPath}/${app.id}/credentials/secrets`, secretSchema);
  const active = secrets.find(({ status, client_secret: text }) => status === 'ACTIVE' && text !== undefined);
  if (active?.client_secret === undefined) {
    throw conflict(
      `the app "${app.label}" has no active client secret that Okta would tell`,
      'Generate one on the General tab of the app, or choose another name with --client-app or --gateway-app',
    );
  }
  return new Secret(active.client_secret);
}
