import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { deviceCodeGrant } from '../../src/model/urns.ts';
import { DeviceVisitor } from '../kit/device-visitor.ts';
import { findRealProvider } from '../kit/find-real-provider.ts';
import { startTestIdp, type SeedData, type TestIdp } from '../kit/start-test-idp.ts';
import { alice, createRealm } from './keycloak-realm.ts';

const { url, skip } = findRealProvider('TEST_KEYCLOAK');
const lifeSeconds = 3;
const secret = 'secret-of-the-confidential-client';
// RFC 7636, appendix B.
const [verifier, challenge] = [
  'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
  'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
];

/** A Keycloak, the real one or ours, with the same clients. */
interface Side {
  readonly issuer: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly user: typeof alice;
}

let real: Side;
let ours: Side;
let idp: TestIdp | undefined;
before(async () => {
  if (skip !== false) return;
  idp = await startTestIdp(bendSeed, { flavour: 'keycloak' });
  [real, ours] = await Promise.all([
    setUpReal(),
    describeSide(idp.server('backend').issuer, { username: 'alice@example.com', password: 'alice' }),
  ]);
});
after(() => idp?.[Symbol.asyncDispose]());

async function describeSide(issuer: string, user: typeof alice): Promise<Side> {
  const metadata = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  return { issuer, metadata: metadata as Side['metadata'], user };
}

async function setUpReal(): Promise<Side> {
  const realm = await createRealm(url);
  const add = (clientId: string, change: object, attributes: object = {}) =>
    realm.admin('POST', '/clients', {
      clientId,
      publicClient: true,
      redirectUris: ['http://127.0.0.1/callback'],
      attributes: {
        'oauth2.device.authorization.grant.enabled': 'true',
        'oauth2.device.polling.interval': '1',
        'oauth2.device.code.lifespan': String(lifeSeconds * 10),
        ...attributes,
      },
      ...change,
    });
  await add('device', {});
  await add('other', {});
  await add('short', {}, { 'oauth2.device.code.lifespan': String(lifeSeconds) });
  await add('confidential', { publicClient: false, secret });
  await add('unticked', { attributes: {} });
  return await describeSide(realm.issuer, alice);
}

function bendSeed(seed: SeedData): void {
  seed['lifetimes'] = { devicePollSeconds: 1, deviceCodeSeconds: lifeSeconds * 10 };
  const redirectUris = ['http://127.0.0.1/callback'];
  const app = (clientId: string, grantTypes: readonly string[], more: object = {}) =>
    void seed.apps.push({ clientId, label: clientId, type: 'native', grantTypes, redirectUris, ...more });
  const grants = ['authorization_code', 'refresh_token', deviceCodeGrant];
  app('device', grants);
  app('other', grants);
  app('confidential', grants, { type: 'web', clientSecret: secret });
  app('unticked', ['authorization_code']);
}

type Form = Readonly<Record<string, string>>;
type Codes = Readonly<Record<string, string | undefined>>;

const post = async (target: string, form: Form) => {
  const answer = await fetch(target, { method: 'POST', body: new URLSearchParams(form) });
  return { status: answer.status, body: (await answer.json()) as Codes };
};
const ask = (side: Side, form: Form = {}) =>
  post(String(side.metadata['device_authorization_endpoint']), { client_id: 'device', scope: 'openid', ...form });
const poll = (side: Side, deviceCode: Codes[string], form: Form = {}) =>
  post(String(side.metadata['token_endpoint']), {
    grant_type: deviceCodeGrant,
    client_id: 'device',
    ...(deviceCode === undefined ? {} : { device_code: deviceCode }),
    ...form,
  });
const refusal = ({ status, body }: Awaited<ReturnType<typeof post>>) => ({
  status,
  error: body['error'],
  description: body['error_description'],
});

/** Everything but the values, of which each is another. */
function shapeOf({ issuer, metadata }: Side, body: Codes) {
  const relative = (value: unknown) => String(value).replace(issuer, 'ISSUER');
  const userCode = String(body['user_code']);
  return {
    endpoint: relative(metadata['device_authorization_endpoint']),
    names: Object.keys(body).toSorted(),
    userCode: userCode.replaceAll(/[A-Z]/g, 'X'),
    page: relative(body['verification_uri']),
    complete: relative(body['verification_uri_complete']).replace(userCode, 'CODE'),
    numbers: [body['expires_in'], body['interval']],
  };
}

/** Answers that say what was refused, one after the other. */
type Story = (side: Side) => Promise<readonly unknown[]>;

/** What a person does with the code. */
const visit = async (side: Side, codes: Codes, more: object = {}) =>
  await new DeviceVisitor().signIn(String(codes['verification_uri']), {
    userCode: String(codes['user_code']),
    ...side.user,
    ...more,
  });

const stories: Readonly<Record<string, Story>> = {
  'codes, and where to type them in': async (side) => [shapeOf(side, (await ask(side)).body)],
  'the grant, in the metadata': async ({ metadata }) => [
    (metadata['grant_types_supported'] as readonly string[]).includes(deviceCodeGrant),
  ],
  'no scope, and one nobody knows': async (side) => [
    (await ask(side, { scope: '' })).status,
    (await ask(side, { scope: 'openid nobody:read' })).status,
  ],
  'a client without the grant': async (side) => [
    refusal(await ask(side, { client_id: 'unticked' })),
    refusal(await poll(side, 'garbage', { client_id: 'unticked' })),
  ],
  'no such client, no client': async (side) => [
    refusal(await ask(side, { client_id: 'nobody' })),
    refusal(await ask(side, { client_id: '' })),
  ],
  'a client with a secret': async (side) => [
    refusal(await ask(side, { client_id: 'confidential' })),
    refusal(await ask(side, { client_id: 'confidential', client_secret: 'wrong' })),
    (await ask(side, { client_id: 'confidential', client_secret: secret })).status,
  ],
  'no code, garbage for a code, the code of another client': async (side) => {
    const { body } = await ask(side);
    return [
      refusal(await poll(side, undefined)),
      refusal(await poll(side, 'garbage')),
      refusal(await poll(side, body['device_code'], { client_id: 'other' })),
    ];
  },
  'nobody signed in yet, asked too often, asked after the interval': async (side) => {
    const { device_code: code } = (await ask(side)).body;
    const told = [refusal(await poll(side, code)), refusal(await poll(side, code)), refusal(await poll(side, code))];
    await sleep(1_100);
    return [...told, refusal(await poll(side, code))];
  },
  'the person lets it in, and the code is used twice': async (side) => {
    const codes = (await ask(side, { scope: 'openid email' })).body;
    await visit(side, codes);
    const tokens = await poll(side, codes['device_code']);
    assert.equal(tokens.status, 200, JSON.stringify(tokens.body));
    await sleep(1_100);
    const { access_token: accessToken, token_type: type } = tokens.body;
    return [typeof accessToken, type, refusal(await poll(side, codes['device_code']))];
  },
  'the person says no, and the app asks twice': async (side) => {
    const codes = (await ask(side)).body;
    await visit(side, codes, { says: 'no' });
    const told = refusal(await poll(side, codes['device_code']));
    await sleep(1_100);
    return [told, refusal(await poll(side, codes['device_code']))];
  },
  'a code challenge without its verifier, with another, with it': async (side) => {
    const codes = (await ask(side, { code_challenge: challenge, code_challenge_method: 'S256' })).body;
    await visit(side, codes);
    const told = [refusal(await poll(side, codes['device_code']))];
    await sleep(1_100);
    told.push(refusal(await poll(side, codes['device_code'], { code_verifier: 'y'.repeat(43) })));
    await sleep(1_100);
    return [...told, (await poll(side, codes['device_code'], { code_verifier: verifier })).status];
  },
};

for (const [name, story] of Object.entries(stories)) {
  test(`the imitation of Keycloak’s device flow – ${name} – answers as the real one`, { skip }, async () => {
    const [expected, found] = await Promise.all([story(real), story(ours)]);
    assert.deepEqual(found, expected);
  });
}

test('the imitation of Keycloak’s device flow – a code that is over – answers as the real one', { skip }, async () => {
  await using short = await startTestIdp(
    (seed) => {
      bendSeed(seed);
      seed['lifetimes'] = { devicePollSeconds: 1, deviceCodeSeconds: lifeSeconds };
    },
    { flavour: 'keycloak' },
  );
  const tell = async (side: Side, client: string) => {
    const { device_code: code } = (await ask(side, { client_id: client })).body;
    // The real one counts whole seconds, and a code is over after its last.
    await sleep(lifeSeconds * 1000 + 1_300);
    const told = refusal(await poll(side, code, { client_id: client }));
    await sleep(1_100);
    return [told, refusal(await poll(side, code, { client_id: client }))];
  };
  const side = await describeSide(short.server('backend').issuer, alice);
  const [expected, found] = await Promise.all([tell(real, 'short'), tell(side, 'device')]);
  assert.deepEqual(found, expected);
});
