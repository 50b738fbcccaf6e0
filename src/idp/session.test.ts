import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startTestIdp, type IdpAnswer, type TestIdp } from '../../test/kit/start-test-idp.ts';

describe('sign-in session', () => {
  let idp: TestIdp;
  let cookies: Map<string, string>;

  before(async () => {
    idp = await startTestIdp((seed) => {
      seed.servers.push({
        id: 'other',
        name: 'Other',
        scheme: 'https',
        audience: 'other',
        scopes: [{ name: 'x:read' }],
        policies: [
          {
            name: 'All',
            clients: 'ALL_CLIENTS',
            rules: [{ name: 'All', grantTypes: ['authorization_code'], scopes: '*' }],
          },
        ],
      });
    });
  });
  after(async () => await idp[Symbol.asyncDispose]());
  beforeEach(() => {
    cookies = new Map();
  });

  /** One step of a browser that keeps its cookies; `next` is where it is sent. */
  async function visit(url: URL, form?: Record<string, string>): Promise<IdpAnswer & { next: URL }> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer =
      form === undefined
        ? await idp.send(url, { headers: { cookie } })
        : await idp.post(url.href, form, undefined, { cookie });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    return { ...answer, next: new URL(answer.headers.get('location') ?? url, url) };
  }

  function authorizeAt(serverId: string, scope: string, more: Record<string, string> = {}): URL {
    const url = new URL(idp.server(serverId).authorizeUrl);
    const params = { client_id: 'vscode', redirect_uri: 'http://127.0.0.1:33418/', response_type: 'code', state: 's' };
    url.search = new URLSearchParams({ ...params, scope, ...more }).toString();
    return url;
  }

  async function signIn(): Promise<URL> {
    const page = (await visit(authorizeAt('mcpserver', 'openid'))).next;
    const csrf = /name="csrf" value="([^"]+)"/.exec((await visit(page)).text)?.[1] ?? '';
    const resumed = (await visit(page, { username: 'alice@example.com', password: 'alice', csrf })).next;
    return (await visit(resumed)).next;
  }

  test('signed in at one server – server of the other scheme – gives a code without asking', async () => {
    assert.ok((await signIn()).searchParams.has('code'));
    const { next } = await visit(authorizeAt('other', 'x:read'));
    assert.ok(next.searchParams.has('code'), next.href);
    assert.equal(next.searchParams.get('iss'), idp.server('other').issuer);
  });

  test('nobody signed in – prompt=none – goes back with login_required', async () => {
    const { next } = await visit(authorizeAt('mcpserver', 'openid', { prompt: 'none' }));
    assert.equal(next.searchParams.get('error'), 'login_required');
  });

  test('sign-out – confirmed – ends the session at every server', async () => {
    await signIn();
    const asked = await visit(new URL(`${idp.server('mcpserver').issuer}/v1/logout`));
    assert.match(asked.text, /Sign out of/);
    assert.match(asked.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    const action = new URL(/action="([^"]+)"/.exec(asked.text)?.[1] ?? '');
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(asked.text)?.[1] ?? '';
    const { next } = await visit(action, { xsrf, logout: 'yes' });
    assert.match((await visit(next)).text, /You are signed out/);
    const again = await visit(authorizeAt('other', 'x:read', { prompt: 'none' }));
    assert.equal(again.next.searchParams.get('error'), 'login_required');
  });

  test('sign-out – without the form’s secret – ends nothing', async () => {
    await signIn();
    await visit(new URL(`${idp.server('mcpserver').issuer}/v1/logout`));
    const confirm = new URL(`${idp.server('mcpserver').issuer}/v1/logout/confirm`);
    assert.equal((await visit(confirm, { xsrf: 'forged', logout: 'yes' })).status, 400);
    assert.ok((await visit(authorizeAt('other', 'x:read'))).next.searchParams.has('code'));
  });
});
