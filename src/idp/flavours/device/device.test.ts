import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceVisitor, type DevicePerson } from '../../../../test/kit/device-visitor.ts';
import { claimsOf, startTestIdp, type SeedData, type TestIdp } from '../../../../test/kit/start-test-idp.ts';
import { deviceCodeGrant } from '../../../model/urns.ts';
import type { FlavourName } from '../flavour-name.ts';

const alice = { username: 'alice@example.com', password: 'alice' };

/** What differs, as each provider's documentation has it. */
interface Row {
  readonly flavour: FlavourName;
  readonly client: string;
  readonly asked: Readonly<Record<string, string>>;
  /** Of the token the scope leads to. */
  readonly audience: string;
  readonly endpoint: RegExp;
  readonly page: RegExp;
  readonly userCode: RegExp;
  readonly hasCompleteUri: boolean;
  readonly titles: readonly string[];
  readonly pending: readonly [number, string];
  /** Of a second poll at once. */
  readonly tooSoon: readonly [number, string];
  readonly denied: readonly [number, string];
  readonly expired: readonly [number, string];
  readonly expiredAgain: readonly [number, string];
  readonly unknown: readonly [number, string];
  readonly missing: RegExp;
}

const rows: readonly Row[] = [
  {
    flavour: 'keycloak',
    client: 'demo',
    asked: { scope: 'openid mcp:tools:call' },
    audience: 'mcpserver',
    endpoint: /\/realms\/countries\/protocol\/openid-connect\/auth\/device$/,
    page: /\/realms\/countries\/device$/,
    userCode: /^[A-Z]{4}-[A-Z]{4}$/,
    hasCompleteUri: true,
    titles: ['Enter the code', 'Sign in', 'Compare the code', 'Signed in'],
    pending: [400, 'authorization_pending'],
    tooSoon: [400, 'slow_down'],
    denied: [400, 'access_denied'],
    expired: [400, 'expired_token'],
    expiredAgain: [400, 'expired_token'],
    unknown: [400, 'invalid_grant'],
    missing: /^Missing parameter: device_code$/,
  },
  {
    flavour: 'entra',
    client: '1b4e28ba-2fa1-41d2-883f-0016d3cca427',
    asked: { scope: 'openid api://3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b/mcp.tools.call' },
    audience: '3f6b2c1e-0d4a-4c8e-9b57-6a1d2e3f4a5b',
    endpoint: /\/[0-9a-f-]{36}\/oauth2\/v2\.0\/devicecode$/,
    page: /:\d+\/devicelogin$/,
    userCode: /^[A-Z0-9]{9}$/,
    hasCompleteUri: false,
    titles: ['Enter the code', 'Sign in', 'Compare the code', 'Signed in'],
    pending: [400, 'authorization_pending'],
    tooSoon: [400, 'authorization_pending'],
    denied: [400, 'authorization_declined'],
    expired: [400, 'expired_token'],
    expiredAgain: [400, 'expired_token'],
    unknown: [400, 'bad_verification_code'],
    missing: /^AADSTS900144: .*'device_code'/,
  },
  {
    flavour: 'auth0',
    client: 'demo',
    asked: { scope: 'openid mcp:tools:call', audience: 'http://localhost:8000/mcp' },
    audience: 'http://localhost:8000/mcp',
    endpoint: /:\d+\/oauth\/device\/code$/,
    page: /:\d+\/device$/,
    userCode: /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/,
    hasCompleteUri: true,
    titles: ['Enter the code', 'Compare the code', 'Sign in', 'Signed in'],
    pending: [403, 'authorization_pending'],
    tooSoon: [429, 'slow_down'],
    denied: [403, 'access_denied'],
    expired: [403, 'expired_token'],
    expiredAgain: [403, 'invalid_grant'],
    unknown: [403, 'invalid_grant'],
    missing: /device_code/,
  },
];

type Codes = Readonly<Record<'device_code' | 'user_code' | 'verification_uri', string>> & {
  readonly verification_uri_complete?: string;
  readonly expires_in: number;
  readonly interval: number;
  readonly message?: string;
};

/** A provider of this flavour, and what an app on another device does there. */
async function startDeviceLab(row: Row, change: (seed: SeedData) => void = () => undefined) {
  const idp: TestIdp = await startTestIdp(change, { flavour: row.flavour });
  const { issuer, tokenUrl } = idp.server('mcpserver');
  const base = issuer.replace(/\/$/, '');
  const metadata = (await idp.send(`${base}/.well-known/openid-configuration`)).body;
  const ask = async (form: Record<string, string> = {}) =>
    await idp.post(String(metadata['device_authorization_endpoint']), {
      client_id: row.client,
      ...row.asked,
      ...form,
    });
  return {
    idp,
    metadata,
    ask,
    async begin(form: Record<string, string> = {}) {
      const { status, body } = await ask(form);
      assert.equal(status, 200, JSON.stringify(body));
      return body as unknown as Codes;
    },
    poll: async (deviceCode: string, more: Record<string, string> = {}) =>
      await idp.post(tokenUrl, {
        grant_type: deviceCodeGrant,
        device_code: deviceCode,
        client_id: row.client,
        ...more,
      }),
    [Symbol.asyncDispose]: () => idp[Symbol.asyncDispose](),
  };
}

type Lab = Awaited<ReturnType<typeof startDeviceLab>>;

const brief = (seed: SeedData) => {
  seed['lifetimes'] = { deviceCodeSeconds: 2, devicePollSeconds: 1 };
};

/** After an interval; a flavour says something else before. */
async function pollLater(lab: Lab, deviceCode: string, more: Record<string, string> = {}) {
  await sleep(1_050);
  return await lab.poll(deviceCode, more);
}

const errorOf = ({ status, body }: { status: number; body: Readonly<Record<string, unknown>> }) => [
  status,
  body['error'],
];

for (const row of rows) {
  describe(`the device flow of ${row.flavour}`, () => {
    let lab: Lab;
    before(async () => {
      lab = await startDeviceLab(row, (seed) => {
        seed['lifetimes'] = { devicePollSeconds: 1 };
      });
    });
    after(() => lab[Symbol.asyncDispose]());
    const visit = async (codes: Codes, more: Partial<DevicePerson> = {}, person = new DeviceVisitor()) =>
      await person.signIn(codes.verification_uri, { userCode: codes.user_code, ...alice, ...more });

    test('where its endpoint is – said by its metadata', () => {
      assert.match(String(lab.metadata['device_authorization_endpoint']), row.endpoint);
      const grants = lab.metadata['grant_types_supported'] as readonly string[] | undefined;
      assert.equal(grants?.includes(deviceCodeGrant), row.flavour === 'entra' ? undefined : true);
    });

    test('codes – with page, form of the code, and what this provider has beside', async () => {
      const codes = await lab.begin();
      assert.match(codes.verification_uri, row.page);
      assert.match(codes.user_code, row.userCode);
      const complete = row.hasCompleteUri ? `${codes.verification_uri}?user_code=${codes.user_code}` : undefined;
      assert.equal(codes.verification_uri_complete, complete);
      assert.equal(codes.interval, 1);
      const message = `To sign in, use a web browser to open the page ${codes.verification_uri} and enter the code ${codes.user_code} to authenticate.`;
      assert.equal(codes.message, row.flavour === 'entra' ? message : undefined);
    });

    test('how long they are good where the seed does not say – as at this provider', async () => {
      await using usual = await startDeviceLab(row);
      const { expires_in: seconds, interval } = await usual.begin();
      assert.deepEqual([seconds, interval], [row.flavour === 'keycloak' ? 600 : 900, 5]);
    });

    test('a code typed in, confirmed and signed in with – tokens of that user, once', async () => {
      const codes = await lab.begin({ scope: `${row.asked['scope']} offline_access` });
      assert.deepEqual(errorOf(await lab.poll(codes.device_code)), row.pending);
      const person = new DeviceVisitor();
      const end = await visit(codes, { userCode: codes.user_code.toLowerCase().replace('-', ' ') }, person);
      assert.match(end, /You are signed in/);
      assert.deepEqual(person.titles, row.titles);
      const tokens = await pollLater(lab, codes.device_code);
      assert.equal(tokens.status, 200, tokens.text);
      const { aud, azp } = claimsOf(tokens.body['access_token']);
      assert.ok([aud].flat().includes(row.audience), String(aud));
      assert.equal(azp, row.client);
      const idToken = claimsOf(tokens.body['id_token']);
      assert.equal(idToken['name'], 'Alice Adams');
      const refreshed = await lab.idp.post(lab.idp.server('mcpserver').tokenUrl, {
        grant_type: 'refresh_token',
        client_id: row.client,
        refresh_token: String(tokens.body['refresh_token']),
      });
      assert.equal(refreshed.status, 200, refreshed.text);
      assert.deepEqual(errorOf(await lab.poll(codes.device_code)), row.unknown);
    });

    test('who is signed in already – is asked for no password, and still whether it is this app', async () => {
      const person = new DeviceVisitor();
      await visit(await lab.begin(), {}, person);
      person.titles.length = 0;
      assert.match(await visit(await lab.begin(), {}, person), /You are signed in/);
      assert.deepEqual(
        person.titles,
        row.titles.filter((title) => title !== 'Sign in'),
      );
    });

    test('a wrong password – says so, and lets nobody in', async () => {
      const codes = await lab.begin();
      assert.match(await visit(codes, { password: 'bob' }), /user name or password is wrong/);
      assert.deepEqual(errorOf(await lab.poll(codes.device_code)), row.pending);
    });

    test('no – in this provider’s words', async () => {
      const codes = await lab.begin();
      assert.match(await visit(codes, { says: 'no' }), /The app was not let in/);
      assert.deepEqual(errorOf(await lab.poll(codes.device_code)), row.denied);
    });

    test('asked again at once – told as this provider does', async () => {
      const { device_code: deviceCode } = await lab.begin();
      assert.deepEqual(errorOf(await lab.poll(deviceCode)), row.pending);
      assert.deepEqual(errorOf(await lab.poll(deviceCode)), row.tooSoon);
      assert.deepEqual(errorOf(await pollLater(lab, deviceCode)), row.pending, 'its interval stays as it is');
    });

    test('a code that is over – said to the app and on the page', async () => {
      await using short = await startDeviceLab(row, brief);
      const codes = await short.begin();
      await sleep(2_050);
      assert.match(await visit(codes), /This code has expired/);
      assert.deepEqual(errorOf(await short.poll(codes.device_code)), row.expired);
      assert.deepEqual(errorOf(await pollLater(short, codes.device_code)), row.expiredAgain);
    });

    test('no code, one nobody has, one of another app – refused', async () => {
      assert.deepEqual(errorOf(await lab.poll('garbage')), row.unknown);
      const { status, body } = await lab.idp.post(lab.idp.server('mcpserver').tokenUrl, {
        grant_type: deviceCodeGrant,
        client_id: row.client,
      });
      assert.equal(status, 400);
      assert.match(String(body['error_description']), row.missing);
    });

    test('a user the rules leave out – not let in, on the page and at the app', async () => {
      await using strict = await startDeviceLab(row, (seed) => {
        for (const policy of seed.servers[0]?.policies ?? [])
          for (const rule of policy.rules) rule['people'] = { users: ['bob@example.com'] };
      });
      const codes = await strict.begin();
      assert.match(await visit(codes), /The app was not let in/);
      assert.deepEqual(errorOf(await strict.poll(codes.device_code)), row.denied);
    });

    test('a form made elsewhere – lets nobody in', async () => {
      const codes = await lab.begin();
      const person = new DeviceVisitor();
      await visit(await lab.begin(), {}, person);
      const forged = { user_code: codes.user_code, confirm: 'yes', xsrf: 'f'.repeat(64) };
      assert.match(await person.post(codes.verification_uri, forged), /not the one this page shows/);
      await person.open(`${codes.verification_uri}?user_code=${codes.user_code}&confirm=yes`);
      assert.deepEqual(errorOf(await lab.poll(codes.device_code)), row.pending);
    });

    test('wrong codes – said, and after twenty nobody may try for a while', async () => {
      await using tried = await startDeviceLab(row);
      const { verification_uri: url } = await tried.begin();
      const person = new DeviceVisitor();
      let page = '';
      for (let count = 0; count < 20; count++) page = await person.enter(url, 'BBBB-BBBB');
      assert.match(page, /There is no such code/);
      assert.match(await person.enter(url, 'BBBB-BBBB'), /Too many codes were wrong/);
    });
  });
}

describe('who may use it', () => {
  const row = (flavour: FlavourName) => {
    const found = rows.find((one) => one.flavour === flavour);
    assert.ok(found !== undefined);
    return found;
  };
  const without = (clientId: string) => (seed: SeedData) => {
    for (const app of seed.apps)
      if (app.clientId === clientId) app['grantTypes'] = ['authorization_code', 'refresh_token'];
  };

  test('keycloak – an app without the grant – is refused where codes are asked for, and where tokens are', async () => {
    await using lab = await startDeviceLab(row('keycloak'), without('demo'));
    assert.deepEqual(errorOf(await lab.ask()), [400, 'unauthorized_client']);
    assert.deepEqual(errorOf(await lab.poll('garbage')), [400, 'invalid_grant']);
  });

  test('entra – an app without the grant – gets codes, and is told of the secret where tokens are asked for', async () => {
    const entra = row('entra');
    await using lab = await startDeviceLab(entra, without(entra.client));
    const answer = await lab.poll((await lab.begin()).device_code);
    assert.deepEqual(errorOf(answer), [401, 'invalid_client']);
    assert.match(String(answer.body['error_description']), /^AADSTS7000218: /);
  });

  test('auth0 – an app without the grant, one that is not native, one that has a secret, somebody else’s – refused', async () => {
    const grantTypes = ['authorization_code', deviceCodeGrant];
    const shared = { label: 'Another', redirectUris: ['http://127.0.0.1/callback'], grantTypes };
    await using lab = await startDeviceLab(row('auth0'), (seed) => {
      seed.apps.push({ ...shared, clientId: 'web', type: 'web', clientSecret: 'web-development-secret' });
      seed.apps.push({ ...shared, clientId: 'secret', type: 'native', clientSecret: 'native-development-secret' });
      seed.apps.push({ ...shared, clientId: 'third', type: 'native', thirdParty: true });
    });
    for (const clientId of ['vscode', 'web', 'secret', 'third'])
      assert.deepEqual(errorOf(await lab.ask({ client_id: clientId })), [403, 'unauthorized_client'], clientId);
  });

  test('an app nobody knows – refused as at the token endpoint', async () => {
    for (const one of rows) {
      await using lab = await startDeviceLab(one);
      const answer = await lab.ask({ client_id: 'nobody' });
      const polled = await lab.poll('garbage', { client_id: 'nobody' });
      assert.deepEqual(errorOf(answer), errorOf(polled), one.flavour);
    }
  });

  test('keycloak – a code challenge – wants its verifier, each time', async () => {
    await using lab = await startDeviceLab(row('keycloak'), (seed) => {
      seed['lifetimes'] = { devicePollSeconds: 1 };
    });
    const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
    const codes = await lab.begin({ code_challenge: challenge, code_challenge_method: 'S256' });
    await new DeviceVisitor().signIn(codes.verification_uri, { userCode: codes.user_code, ...alice });
    const missing = await lab.poll(codes.device_code);
    assert.equal(missing.body['error_description'], 'PKCE code verifier not specified');
    const wrong = await pollLater(lab, codes.device_code, { code_verifier: 'y'.repeat(43) });
    assert.equal(wrong.body['error_description'], 'PKCE verification failed: Code mismatch');
    // RFC 7636, appendix B.
    const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    assert.equal((await pollLater(lab, codes.device_code, { code_verifier: verifier })).status, 200);
  });
});
