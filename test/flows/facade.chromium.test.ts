import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startHttpServer } from '../kit/start-http-server.ts';
import { FacadeVisitor } from '../shield/facade-visitor.ts';
import { startShieldLab } from '../shield/start-shield-lab.ts';

/** The part of playwright-core used here; it is installed apart from the project's own packages. */
interface Page {
  goto(url: string): Promise<unknown>;
  url(): string;
  waitForURL(matches: (url: URL) => boolean): Promise<void>;
  getByLabel(label: string, options: { exact: true }): { fill(value: string): Promise<void> };
  getByRole(role: string, options: { name: string }): { click(): Promise<void>; waitFor(): Promise<void> };
  screenshot(options: { path: string; fullPage: boolean }): Promise<unknown>;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
}
interface Playwright {
  readonly chromium: {
    launch(options: { executablePath: string; headless: boolean; args: readonly string[] }): Promise<{
      newContext(options?: {
        colorScheme: 'dark';
      }): Promise<{ newPage(): Promise<Page>; setDefaultTimeout(ms: number): void }>;
      close(): Promise<void>;
    }>;
  };
}

const executablePath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && path !== '' && existsSync(path));
const clients = fileURLToPath(new URL('../clients/package.json', import.meta.url));
const skip =
  executablePath === undefined
    ? 'no Chromium'
    : existsSync(new URL('../clients/node_modules/playwright-core', import.meta.url))
      ? false
      : 'no test clients';

/** What a browser does with cookies, forms and the policy of the pages, no program that reads pages can tell. */
for (const decision of ['allow', 'deny'] as const) {
  test(
    `a person at the façade, in Chromium – ${decision === 'allow' ? 'agrees, signs in, and is' : 'says no, and is'} back at the app`,
    { skip },
    async () => {
      await using app = await startHttpServer((_, response) => void response.end('<title>The app</title>'));
      await using lab = await startShieldLab({ facade: true });
      const visitor = new FacadeVisitor(lab);
      const client = await visitor.registered({ redirect_uris: [`${app.url}/callback`] });
      const { chromium } = createRequire(clients)('playwright-core') as Playwright;
      const browser = await chromium.launch({
        executablePath: executablePath ?? '',
        headless: true,
        args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync'],
      });
      try {
        const context = await browser.newContext();
        context.setDefaultTimeout(30_000);
        const page = await context.newPage();
        const complaints: string[] = [];
        page.on('console', (message) => void (message.type() === 'error' && complaints.push(message.text())));
        await page.goto(visitor.authorizeUrl(client, { prompt: undefined }));
        await page.getByRole('button', { name: decision === 'allow' ? 'Allow' : 'Deny' }).click();
        if (decision === 'allow') {
          await page.getByLabel('User name', { exact: true }).fill('alice@example.com');
          await page.getByLabel('Password', { exact: true }).fill('alice');
          await page.getByRole('button', { name: 'Sign in' }).click();
        }
        await page.waitForURL((url) => url.origin === app.url);
        const answer = new URL(page.url()).searchParams;
        assert.equal(answer.get('state'), 'state-of-the-client');
        if (decision === 'deny') assert.equal(answer.get('error'), 'access_denied');
        else assert.equal((await visitor.redeem(client, answer.get('code') ?? '')).status, 200);
        // The app has no icon, and that is all a browser has to say.
        assert.deepEqual(
          complaints.filter((text) => !text.includes('favicon')),
          [],
        );
      } finally {
        await browser.close();
      }
    },
  );
}
