import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { makeDpopClient } from '../kit/dpop-client.ts';
import { exchangeGrant } from '../kit/start-issuer.ts';
import { startTestIdp, type SeedData, type TestIdp } from '../kit/start-test-idp.ts';
import { alice, createRealm, names } from './keycloak-realm.ts';

const { url, skip } = findRealProvider('TEST_KEYCLOAK');
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const clientSecret = 'secret-of-another-client';
const dpopClient = makeDpopClient();

/** A Keycloak, the real one or ours, set up alike. */
interface Side {
  readonly issuer: string;
  readonly tokenUrl: string;
  readonly gatewaySecret: string;
  /** Of a user's client, and an ID token of the same sign-in. */
  readonly callerToken: string;
  readonly idToken: string;
  /** The same, bound to a key. */
  readonly boundToken: string;
}

interface Answer {
  readonly status: number;
  readonly error: unknown;
  readonly description: unknown;
}

type Request = readonly [url: string, init: RequestInit];

/** Clients beside the gateway's; no token is meant for them. */
const clients: Readonly<Record<string, { readonly real: object; readonly seed: object }>> = {
  stranger: { real: {}, seed: {} },
  'switch-off': { real: { attributes: {} }, seed: { grantTypes: ['client_credentials'] } },
  public: { real: { publicClient: true }, seed: { publicClient: true } },
  proving: {
    real: { attributes: { 'standard.token.exchange.enabled': 'true', 'dpop.bound.access.tokens': 'true' } },
    seed: { requireDpop: true },
  },
};

let real: Side;
let ours: Side;
let idp: TestIdp | undefined;
before(async () => {
  if (skip !== false) return;
  idp = await startTestIdp(bendSeed, { flavour: 'keycloak' });
  [real, ours] = await Promise.all([setUpReal(), setUpOurs(idp)]);
});
after(() => idp?.[Symbol.asyncDispose]());

async function setUpReal(): Promise<Side> {
  const realm = await createRealm(url);
  const { clientSecret: gatewaySecret } = (await realm.setUp()).exchange;
  const add = (clientId: string, change: object) =>
    realm.admin('POST', '/clients', {
      clientId,
      secret: clientSecret,
      publicClient: false,
      attributes: { 'standard.token.exchange.enabled': 'true' },
      optionalClientScopes: [names.apiScope, names.callScope],
      ...change,
    });
  await add('demo', { publicClient: true, directAccessGrantsEnabled: true, attributes: {} });
  for (const [clientId, { real: change }] of Object.entries(clients)) await add(clientId, change);
  const { issuer, tokenUrl } = realm;
  const signIn = async (headers: Record<string, string>) => {
    const form = { grant_type: 'password', client_id: 'demo', ...alice, scope: `openid ${names.callScope}` };
    const answer = await fetch(tokenUrl, { method: 'POST', headers, body: new URLSearchParams(form) });
    return (await answer.json()) as Record<string, unknown>;
  };
  return {
    issuer,
    tokenUrl,
    gatewaySecret: gatewaySecret.reveal(),
    ...(await signInTwice(signIn, tokenUrl)),
  };
}

/** Both realms' tokens are for the gateway's client alone, as the set-up has it. */
function bendSeed(seed: SeedData): void {
  const service = { label: 'Another', type: 'service', grantTypes: [exchangeGrant], clientSecret };
  for (const [clientId, { seed: change }] of Object.entries(clients))
    seed.apps.push({ ...service, clientId, ...change });
}

async function setUpOurs(started: TestIdp): Promise<Side> {
  const { issuer, tokenUrl } = started.server('backend');
  const get = async (headers: Record<string, string>) => (await started.signIn('mcpserver', { headers })).body;
  return { issuer, tokenUrl, gatewaySecret: 'gateway-development-secret', ...(await signInTwice(get, tokenUrl)) };
}

async function signInTwice(
  signIn: (headers: Record<string, string>) => Promise<Readonly<Record<string, unknown>>>,
  tokenUrl: string,
): Promise<Pick<Side, 'callerToken' | 'idToken' | 'boundToken'>> {
  const plain = await signIn({});
  const bound = await signIn({ dpop: dpopClient.proof({ url: tokenUrl }) });
  assert.equal(bound['token_type'], 'DPoP');
  return {
    callerToken: String(plain['access_token']),
    idToken: String(plain['id_token']),
    boundToken: String(bound['access_token']),
  };
}

const basic = (clientId: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
});

type Change = Readonly<Record<string, string | undefined>>;

/** An exchange as it should be, with what is to be different. */
function exchange(change: (side: Side) => Change = () => ({}), { as, headers, at }: How = {}): (side: Side) => Request {
  return (side) => {
    const form = {
      grant_type: exchangeGrant,
      subject_token: side.callerToken,
      subject_token_type: accessTokenType,
      audience: names.api,
      scope: names.apiScope,
      ...change(side),
    };
    const sent = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const who = as === undefined ? basic(names.gateway, side.gatewaySecret) : basic(...as);
    return [
      at?.(side) ?? side.tokenUrl,
      { method: 'POST', headers: { ...who, ...headers?.(side) }, body: new URLSearchParams(sent) },
    ];
  };
}

interface How {
  readonly as?: readonly [clientId: string, secret: string];
  readonly headers?: (side: Side) => Record<string, string>;
  readonly at?: (side: Side) => string;
}

const form = (
  urlOf: (side: Side) => string,
  fields: (side: Side) => Record<string, string>,
  headers?: (side: Side) => Record<string, string>,
) => {
  return (side: Side): Request => [
    urlOf(side),
    { method: 'POST', headers: headers?.(side) ?? {}, body: new URLSearchParams(fields(side)) },
  ];
};
const introspection = ({ tokenUrl }: Side) => `${tokenUrl}/introspect`;
const callerToken = (side: Side) => ({ token: side.callerToken });
const proof = (changes = {}) => ({
  as: ['proving', clientSecret] as const,
  headers: ({ tokenUrl }: Side) => ({ dpop: dpopClient.proof({ url: tokenUrl }, changes) }),
});
const seconds = () => Math.floor(Date.now() / 1000);
const idTokenType = 'urn:ietf:params:oauth:token-type:id_token';
const jwtType = 'urn:ietf:params:oauth:token-type:jwt';
const path =
  (change: (url: string) => string) =>
  ({ tokenUrl }: Side) =>
    change(tokenUrl);

/** What is asked of both. */
const requests: Readonly<Record<string, (side: Side) => Request>> = {
  'all as it should be': exchange(),
  'wrong secret': exchange(undefined, { as: [names.gateway, 'wrong'] }),
  'no such client': exchange(undefined, { as: ['nobody', 'wrong'] }),
  'client id in capitals': exchange(undefined, { as: [names.gateway.toUpperCase(), 'wrong'] }),
  'secret missing': form(path(String), () => ({ grant_type: exchangeGrant, client_id: names.gateway })),
  'exchange switched off': exchange(undefined, { as: ['switch-off', clientSecret] }),
  'public client': exchange(undefined, { as: ['public', clientSecret] }),
  'client outside the audience': exchange(undefined, { as: ['stranger', clientSecret] }),
  'outside the audience, and no such audience': exchange(() => ({ audience: 'nobody' }), {
    as: ['stranger', clientSecret],
  }),
  'outside the audience, and no such scope': exchange(() => ({ scope: 'nobody:read' }), {
    as: ['stranger', clientSecret],
  }),
  'no such audience': exchange(() => ({ audience: 'nobody' })),
  'audience in capitals': exchange(() => ({ audience: 'Backend' })),
  'empty audience': exchange(() => ({ audience: '' })),
  'two audiences in one': exchange(() => ({ audience: `${names.api} ${names.gateway}` })),
  'the gateway’s own audience': exchange(() => ({ audience: names.gateway })),
  'no scope': exchange(() => ({ scope: undefined })),
  'openid alone': exchange(() => ({ scope: 'openid' })),
  'no such scope': exchange(() => ({ scope: 'nobody:read' })),
  'one scope of two': exchange(() => ({ scope: `${names.apiScope} nobody:read` })),
  'a client for a scope': exchange(() => ({ scope: names.api })),
  'garbage for a token': exchange(() => ({ subject_token: 'garbage' })),
  'ID token for an access token': exchange(({ idToken }) => ({ subject_token: idToken })),
  'no subject token': exchange(() => ({ subject_token: undefined })),
  'subject token type of an ID token': exchange(() => ({ subject_token_type: idTokenType })),
  'subject token type jwt': exchange(() => ({ subject_token_type: jwtType })),
  'requested type jwt': exchange(() => ({ requested_token_type: jwtType })),
  'parameter of the legacy exchange': exchange(() => ({ requested_subject: 'bob' })),
  'resource and actor': exchange(() => ({ resource: 'https://elsewhere.example', actor_token: 'x' })),
  'another grant': exchange(() => ({ grant_type: 'urn:example:grant' })),
  'a bound token': exchange(({ boundToken }) => ({ subject_token: boundToken })),
  'a bound token with a proof of its key': exchange(({ boundToken }) => ({ subject_token: boundToken }), {
    headers: ({ tokenUrl }) => ({ dpop: dpopClient.proof({ url: tokenUrl }) }),
  }),
  'token endpoint misspelt': exchange(undefined, { at: path((text) => `${text}s`) }),
  'issuer for token endpoint': exchange(undefined, { at: ({ issuer }) => issuer }),
  'a path of others': exchange(undefined, { at: ({ issuer }) => `${issuer}/oauth2/token` }),
  'path of older releases': exchange(undefined, { at: path((text) => text.replace('/realms/', '/auth/realms/')) }),
  'no such realm': exchange(undefined, { at: path((text) => text.replace(/realms\/[^/]+/, 'realms/nobody')) }),
  'realm in capitals': exchange(undefined, {
    at: path((text) => text.replace(/(?<=realms\/)[^/]+/, (name) => name.toUpperCase())),
  }),
  'realm master': exchange(undefined, { at: path((text) => text.replace(/realms\/[^/]+/, 'realms/master')) }),
  'introspection for token endpoint': exchange(() => ({ token: undefined }), { at: introspection }),
  'proof missing': exchange(undefined, { as: ['proving', clientSecret] }),
  'proof good': exchange(undefined, proof()),
  'proof for another URL': exchange(undefined, proof({ claims: { htu: 'http://localhost/' } })),
  'proof for another method': exchange(undefined, proof({ claims: { htm: 'GET' } })),
  'proof too old': exchange(undefined, proof({ claims: { iat: seconds() - 600 } })),
  'proof of the future': exchange(undefined, proof({ claims: { iat: seconds() + 600 } })),
  'proof without a name': exchange(undefined, proof({ claims: { jti: undefined } })),
  'proof of another type': exchange(undefined, proof({ header: { typ: 'JWT' } })),
  'proof without a key': exchange(undefined, proof({ header: { jwk: undefined } })),
  'proof signed with another key': exchange(undefined, proof({ signer: makeDpopClient().key })),
  'garbage for a proof': exchange(undefined, {
    as: ['proving', clientSecret],
    headers: () => ({ dpop: 'garbage' }),
  }),
  'proof missing and garbage for a token': exchange(() => ({ subject_token: 'garbage' }), {
    as: ['proving', clientSecret],
  }),
  'introspection with a wrong secret': form(introspection, callerToken, () => basic(names.gateway, 'wrong')),
  'introspection by nobody': form(introspection, callerToken, () => basic('nobody', 'wrong')),
  'introspection by a public client': form(introspection, (side) => ({ ...callerToken(side), client_id: 'demo' })),
  'introspection without a token': form(
    introspection,
    () => ({}),
    ({ gatewaySecret }) => basic(names.gateway, gatewaySecret),
  ),
  'registration by anybody': ({ issuer }) => [
    `${issuer}/clients-registrations/openid-connect`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_name: 'x', redirect_uris: ['http://127.0.0.1:33418/'] }),
    },
  ],
};

async function send([target, init]: Request): Promise<Answer> {
  const answer = await fetch(target, init);
  const { error, error_description: description } = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, error, description };
}

for (const [name, request] of Object.entries(requests)) {
  test(`the imitation of Keycloak – ${name} – answers as the real one`, { skip }, async () => {
    assert.deepEqual(await send(request(ours)), await send(request(real)));
  });
}

for (const [name, credentials] of [
  ['for', names.gateway],
  ['not for', 'stranger'],
] as const) {
  test(
    `the imitation of Keycloak – introspection of a token that is ${name} the asker – as the real one`,
    { skip },
    async () => {
      const ask = async (side: Side) => {
        const secret = credentials === names.gateway ? side.gatewaySecret : clientSecret;
        const [target, init] = form(introspection, callerToken, () => basic(credentials, secret))(side);
        const { active, token_type: type } = (await (await fetch(target, init)).json()) as Record<string, unknown>;
        return { active, type };
      };
      assert.deepEqual(await ask(ours), await ask(real));
    },
  );
}
