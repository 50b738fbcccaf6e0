import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceVisitor } from '../../test/kit/device-visitor.ts';
import { claimsOf, startTestIdp, type TestIdp } from '../../test/kit/start-test-idp.ts';
import { deviceCodeGrant } from '../model/urns.ts';

const alice = { username: 'alice@example.com', password: 'alice' };

/** RFC 8628, with the pages a person sees. */
describe('the device flow', () => {
  let idp: TestIdp;
  before(async () => {
    idp = await startTestIdp((seed) => {
      seed['lifetimes'] = { deviceCodeSeconds: 3, devicePollSeconds: 1 };
    });
  });
  after(() => idp[Symbol.asyncDispose]());

  const issuer = () => idp.server('mcpserver').issuer;
  const ask = async (form: Record<string, string> = {}) => {
    const asked = { client_id: 'demo', scope: 'openid mcp:tools:call offline_access', ...form };
    return await idp.post(`${issuer()}/v1/device/authorize`, asked);
  };
  const begin = async () => {
    const { status, body } = await ask();
    assert.equal(status, 200, JSON.stringify(body));
    return body as Record<'device_code' | 'user_code' | 'verification_uri' | 'verification_uri_complete', string>;
  };
  const poll = async (deviceCode: string, more: Record<string, string> = {}) =>
    await idp.post(idp.server('mcpserver').tokenUrl, {
      grant_type: deviceCodeGrant,
      device_code: deviceCode,
      client_id: 'demo',
      ...more,
    });

  test('its metadata – name the endpoint and the grant', async () => {
    const { body } = await idp.send(`${issuer()}/.well-known/oauth-authorization-server`);
    assert.equal(body['device_authorization_endpoint'], `${issuer()}/v1/device/authorize`);
    assert.ok((body['grant_types_supported'] as string[]).includes(deviceCodeGrant));
  });

  test('a code that is typed in, compared, signed in with and used once – tokens of that user', async () => {
    const { status, body } = await ask();
    assert.equal(status, 200);
    assert.match(String(body['user_code']), /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    assert.deepEqual([body['verification_uri'], body['expires_in'], body['interval']], [`${issuer()}/activate`, 3, 1]);
    const deviceCode = String(body['device_code']);
    assert.equal((await poll(deviceCode)).body['error'], 'authorization_pending');
    const person = new DeviceVisitor();
    const end = await person.signIn(`${issuer()}/activate`, {
      userCode: String(body['user_code']).toLowerCase(),
      ...alice,
    });
    assert.match(end, /You are signed in/);
    assert.deepEqual(person.titles, ['Enter the code', 'Compare the code', 'Sign in', 'Signed in']);
    const tokens = await poll(deviceCode);
    assert.equal(tokens.status, 200, tokens.text);
    assert.equal(claimsOf(tokens.body['access_token'])['sub'], 'alice@example.com');
    assert.equal(claimsOf(tokens.body['access_token'])['cid'], 'demo');
    const refreshed = await idp.post(idp.server('mcpserver').tokenUrl, {
      grant_type: 'refresh_token',
      client_id: 'demo',
      refresh_token: String(tokens.body['refresh_token']),
    });
    assert.equal(refreshed.status, 200, refreshed.text);
    assert.equal((await poll(deviceCode)).body['error'], 'invalid_grant');
  });

  test('the address with the code in it – shows the code to be compared, and goes nowhere by itself', async () => {
    const { verification_uri_complete: whole, user_code: code } = await begin();
    const { text, headers } = await idp.send(whole);
    assert.ok(text.includes(`value="${code}"`));
    assert.doesNotMatch(text, /<script/);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
    const person = new DeviceVisitor();
    assert.match(await person.signIn(whole, { userCode: code, ...alice }), /You are signed in/);
  });

  test('no, on the page that compares – access_denied', async () => {
    const { device_code: deviceCode, user_code: userCode } = await begin();
    const end = await new DeviceVisitor().signIn(`${issuer()}/activate`, { userCode, ...alice, says: 'no' });
    assert.match(end, /The app was not let in/);
    const { status, body } = await poll(deviceCode);
    assert.deepEqual([status, body['error']], [400, 'access_denied']);
  });

  test('a user the policy leaves out – access_denied, on the page and at the device', async () => {
    await using strict = await startTestIdp((seed) => {
      for (const policy of seed.servers[0]?.policies ?? [])
        for (const rule of policy.rules) rule['people'] = { users: ['bob@example.com'] };
    });
    const at = strict.server('mcpserver');
    const form = { client_id: 'demo', scope: 'mcp:tools:call' };
    const { body } = await strict.post(`${at.issuer}/v1/device/authorize`, form);
    const userCode = String(body['user_code']);
    const end = await new DeviceVisitor().signIn(`${at.issuer}/activate`, { userCode, ...alice });
    assert.match(end, /Policy evaluation failed for this request/);
    const answer = await strict.post(at.tokenUrl, {
      grant_type: deviceCodeGrant,
      client_id: 'demo',
      device_code: String(body['device_code']),
    });
    assert.equal(answer.body['error'], 'access_denied');
  });

  test('a code that is over – expired_token at the device, and said on the page', async () => {
    const { device_code: deviceCode, user_code: userCode } = await begin();
    await sleep(3_200);
    const { status, body } = await poll(deviceCode);
    assert.deepEqual([status, body['error']], [400, 'expired_token']);
    const page = await new DeviceVisitor().signIn(`${issuer()}/activate`, { userCode, ...alice });
    assert.match(page, /This code has expired/);
  });

  test('a device that asks too often – slow_down, and five seconds more each time', async () => {
    await using slow = await startTestIdp((seed) => {
      seed['lifetimes'] = { devicePollSeconds: 1 };
    });
    const at = slow.server('mcpserver');
    const { body } = await slow.post(`${at.issuer}/v1/device/authorize`, {
      client_id: 'demo',
      scope: 'mcp:tools:call',
    });
    const form = { grant_type: deviceCodeGrant, client_id: 'demo', device_code: String(body['device_code']) };
    const errorOf = async () => (await slow.post(at.tokenUrl, form)).body['error'];
    assert.equal(await errorOf(), 'authorization_pending');
    assert.equal(await errorOf(), 'slow_down');
    await sleep(1_500);
    assert.equal(await errorOf(), 'slow_down', 'it has to wait six seconds now');
    await new DeviceVisitor().signIn(`${at.issuer}/activate`, { userCode: String(body['user_code']), ...alice });
    assert.equal((await slow.post(at.tokenUrl, form)).status, 200);
  });

  test('wrong codes – said, and after twenty nobody may try for a while', async () => {
    await using tried = await startTestIdp();
    const person = new DeviceVisitor();
    const url = `${tried.server('mcpserver').issuer}/activate`;
    let page = '';
    for (let count = 0; count < 20; count++) page = await person.enter(url, 'BBBB-BBBB');
    assert.match(page, /There is no such code/);
    page = await person.enter(url, 'BBBB-BBBB');
    assert.match(page, /Too many codes were wrong/);
  });

  test('a form made elsewhere – is not taken', async () => {
    const { user_code: userCode } = await begin();
    const answer = await idp.post(`${issuer()}/activate`, {
      xsrf: 'f'.repeat(48),
      user_code: userCode,
      confirm: 'yes',
    });
    assert.ok(answer.status >= 400 || !/Signed in|Sign in to/.test(answer.text), answer.text);
    assert.doesNotMatch(answer.text, /You are signed in/);
  });

  test('an app without the grant, an unknown app, another app’s code – refused', async () => {
    const vscode = 'vscode:vscode-development-secret';
    const scope = 'mcp:tools:call';
    const wrongGrant = await idp.post(`${issuer()}/v1/device/authorize`, { scope }, vscode);
    assert.deepEqual([wrongGrant.status, wrongGrant.body['error']], [400, 'unauthorized_client']);
    assert.equal((await ask({ client_id: 'nobody' })).status, 401);
    const { device_code: deviceCode } = await begin();
    const form = { grant_type: deviceCodeGrant, device_code: deviceCode };
    const other = await idp.post(idp.server('mcpserver').tokenUrl, form, vscode);
    assert.deepEqual([other.status, other.body['error']], [400, 'unauthorized_client']);
    assert.equal((await poll('no-such-code')).body['error'], 'invalid_grant');
    assert.equal((await ask({ scope: 'no:such:scope' })).body['error'], 'invalid_scope');
  });
});
