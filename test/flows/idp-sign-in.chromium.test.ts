import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningIdp } from '../../src/idp/running-idp.ts';
import { startIdp } from '../../src/idp/start-idp.ts';

/** The part of playwright-core used here; it is installed apart from the project's own packages. */
interface Locator {
  fill(value: string): Promise<void>;
  click(): Promise<void>;
  textContent(): Promise<string | null>;
  inputValue(): Promise<string>;
  allTextContents(): Promise<string[]>;
  waitFor(): Promise<void>;
}
interface Page {
  goto(url: string): Promise<unknown>;
  url(): string;
  waitForURL(matches: (url: URL) => boolean): Promise<void>;
  getByLabel(label: string, options: { exact: true }): Locator;
  getByRole(role: string, options?: { name: string }): Locator;
  locator(selector: string): Locator;
  evaluate<T>(expression: string): Promise<T>;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
}
interface Context {
  newPage(): Promise<Page>;
  setDefaultTimeout(timeoutMs: number): void;
  close(): Promise<void>;
}
interface Browser {
  newContext(): Promise<Context>;
  close(): Promise<void>;
}
interface Playwright {
  readonly chromium: {
    launch(options: { executablePath: string; headless: boolean; args: readonly string[] }): Promise<Browser>;
  };
}

const executablePath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path !== undefined && path !== '' && existsSync(path));

const launchArguments = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

function seed(redirectUri: string): string {
  const app = (clientId: string, label: string, consent: string) => `
  - clientId: ${clientId}
    label: ${label}
    type: native
    consent: ${consent}
    grantTypes: [authorization_code]
    redirectUris: ['${redirectUri}']`;
  return `
org: Countries
servers:
  - id: mcp
    name: MCP
    scheme: http
    audience: mcp
    scopes: [{ name: 'mcp:tools:call', description: Call the tools for you }]
    policies:
      - name: All
        clients: ALL_CLIENTS
        rules: [{ name: All, grantTypes: [authorization_code], scopes: '*' }]
apps:${app('plain', 'Plain app', 'implicit')}${app('asking', 'Asking app', 'required')}
users:
  - { login: alice@example.com, password: alice, name: Alice Adams }
`;
}

/** Where the app listens for its code. It sends the browser on to another port, as apps under development do. */
async function startApp(): Promise<{ redirectUri: string; close(): void }> {
  const front = createServer((_, response) => response.end('Signed in.')).listen(0, '127.0.0.1');
  await once(front, 'listening');
  const frontUrl = `http://127.0.0.1:${(front.address() as AddressInfo).port}/done`;
  const back = createServer((request, response) => {
    response.writeHead(303, { location: `${frontUrl}${new URL(request.url ?? '', frontUrl).search}` }).end();
  }).listen(0, '127.0.0.1');
  await once(back, 'listening');
  const redirectUri = `http://127.0.0.1:${(back.address() as AddressInfo).port}/callback`;
  return {
    redirectUri,
    close: () => {
      for (const server of [front, back]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

/** On each test rather than on the suite, so that the runner counts them as skipped. */
const skip = executablePath === undefined ? 'no Chromium' : false;

describe('sign-in in Chromium', { timeout: 120_000 }, () => {
  let folder: string;
  let app: Awaited<ReturnType<typeof startApp>>;
  let idp: RunningIdp;
  let browser: Browser;

  before(async () => {
    if (executablePath === undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'usher-sign-in-'));
    app = await startApp();
    const seedFile = join(folder, 'seed.yaml');
    await writeFile(seedFile, seed(app.redirectUri));
    idp = await startIdp({ httpPort: 0, httpsPort: 0, stateDir: folder, seedFile });
    const require = createRequire(new URL('../clients/package.json', import.meta.url));
    const { chromium } = require('playwright-core') as Playwright;
    browser = await chromium.launch({ executablePath, headless: true, args: launchArguments });
  });

  after(async () => {
    if (executablePath === undefined) return;
    await browser?.close();
    await idp?.close();
    app?.close();
    await rm(folder, { recursive: true });
  });

  /** A page without a session, with what its console complained about. */
  async function openPage(t: TestContext): Promise<{ page: Page; complaints: readonly string[] }> {
    const context = await browser.newContext();
    context.setDefaultTimeout(15_000);
    t.after(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    return { page, complaints };
  }

  function authorizeUrl(clientId: string): string {
    const url = new URL(idp.servers[0]?.authorizeUrl ?? 'no server');
    url.search = new URLSearchParams({
      client_id: clientId,
      response_type: 'code',
      redirect_uri: app.redirectUri,
      scope: 'openid mcp:tools:call',
      state: 'state-1',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    }).toString();
    return url.href;
  }

  async function awaitCallback(page: Page): Promise<URLSearchParams> {
    await page.waitForURL((url) => url.pathname === '/done');
    return new URL(page.url()).searchParams;
  }

  function assertCode(parameters: URLSearchParams): void {
    assert.match(parameters.get('code') ?? '', /^\S{8,}$/);
    assert.equal(parameters.get('iss'), idp.servers[0]?.issuer);
    assert.equal(parameters.get('state'), 'state-1');
  }

  test('person – right password – lands on the redirect URI with code, iss and state', { skip }, async (t) => {
    const { page } = await openPage(t);
    await page.goto(authorizeUrl('plain'));
    await page.getByLabel('User name', { exact: true }).fill('alice@example.com');
    await page.getByLabel('Password', { exact: true }).fill('alice');
    await page.getByRole('button', { name: 'Sign in' }).click();
    assertCode(await awaitCallback(page));
  });

  test('person – wrong password – sees the error, keeps the name and can try again', { skip }, async (t) => {
    const { page } = await openPage(t);
    await page.goto(authorizeUrl('plain'));
    await page.getByLabel('User name', { exact: true }).fill('alice@example.com');
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    assert.match((await page.getByRole('alert').textContent()) ?? '', /password/i);
    assert.equal(await page.getByLabel('User name', { exact: true }).inputValue(), 'alice@example.com');
    assert.equal(await page.getByLabel('Password', { exact: true }).inputValue(), '');
    assert.equal(await page.evaluate('document.activeElement.id'), 'password');
    await page.getByLabel('Password', { exact: true }).fill('alice');
    await page.getByRole('button', { name: 'Sign in' }).click();
    assertCode(await awaitCallback(page));
  });

  test('person – app that asks for consent – is told what it asks for and lands after Allow', { skip }, async (t) => {
    const { page } = await openPage(t);
    await page.goto(authorizeUrl('asking'));
    await page.getByLabel('User name', { exact: true }).fill('alice@example.com');
    await page.getByLabel('Password', { exact: true }).fill('alice');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Allow' }).waitFor();
    const shown = (await page.locator('main').textContent()) ?? '';
    for (const text of ['Asking app', 'Alice Adams', 'Call the tools for you', new URL(app.redirectUri).host])
      assert.ok(shown.includes(text), `"${text}" is not on the consent page`);
    await page.getByRole('button', { name: 'Allow' }).click();
    assertCode(await awaitCallback(page));
  });

  test('person – Deny – lands with access_denied and no code', { skip }, async (t) => {
    const { page } = await openPage(t);
    await page.goto(authorizeUrl('asking'));
    await page.getByLabel('User name', { exact: true }).fill('alice@example.com');
    await page.getByLabel('Password', { exact: true }).fill('alice');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Deny' }).click();
    const parameters = await awaitCallback(page);
    assert.equal(parameters.get('error'), 'access_denied');
    assert.equal(parameters.get('code'), null);
    assert.equal(parameters.get('iss'), idp.servers[0]?.issuer);
  });

  test('person – keyboard only – signs in and allows', { skip }, async (t) => {
    const { page } = await openPage(t);
    await page.goto(authorizeUrl('asking'));
    // Chromium moves the focus to the first field a moment after the page has loaded.
    while ((await page.evaluate('document.activeElement.name')) !== 'username') await sleep(10);
    await page.keyboard.type('alice@example.com');
    await page.keyboard.press('Tab');
    await page.keyboard.type('alice');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Allow' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.value'), 'allow');
    await page.keyboard.press('Enter');
    assertCode(await awaitCallback(page));
  });

  test('sign-in page – login_hint with markup in it – shows it as text', { skip }, async (t) => {
    const { page } = await openPage(t);
    const hint = `"><script>document.title='taken'</script><img src=x>`;
    await page.goto(`${authorizeUrl('plain')}&login_hint=${encodeURIComponent(hint)}`);
    assert.equal(await page.getByLabel('User name', { exact: true }).inputValue(), hint);
    assert.equal(await page.evaluate('document.images.length + document.scripts.length'), 0);
  });

  test('person – signed in already – is not asked for the password again', { skip }, async (t) => {
    const { page } = await openPage(t);
    await page.goto(authorizeUrl('plain'));
    await page.getByLabel('User name', { exact: true }).fill('alice@example.com');
    await page.getByLabel('Password', { exact: true }).fill('alice');
    await page.keyboard.press('Enter');
    const first = await awaitCallback(page);
    await page.goto(authorizeUrl('plain'));
    const second = await awaitCallback(page);
    assertCode(second);
    assert.notEqual(second.get('code'), first.get('code'));
  });

  test(
    'sign-in page – its security policy – lets its style through and gives the browser nothing to complain about',
    { skip },
    async (t) => {
      const { page, complaints } = await openPage(t);
      await page.goto(authorizeUrl('plain'));
      assert.equal(
        await page.evaluate("getComputedStyle(document.querySelector('.card')).borderTopLeftRadius"),
        '14px',
      );
      await page.getByLabel('User name', { exact: true }).fill('alice@example.com');
      await page.getByLabel('Password', { exact: true }).fill('alice');
      await page.keyboard.press('Enter');
      await awaitCallback(page);
      assert.deepEqual(complaints, []);
    },
  );
});
