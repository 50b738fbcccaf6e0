import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';

/** The part of playwright-core used here; it is installed apart from the project's own packages. */
export interface Locator {
  fill(value: string): Promise<void>;
  click(): Promise<void>;
  count(): Promise<number>;
  first(): Locator;
  nth(index: number): Locator;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  waitForSelector(selector: string, options?: { timeout: number }): Promise<unknown>;
  screenshot(options: { path: string }): Promise<unknown>;
  locator(selector: string, options?: { hasText: RegExp }): Locator;
  evaluate<T>(expression: string): Promise<T>;
  readonly keyboard: {
    press(key: string): Promise<void>;
    type(text: string, options?: { delay: number }): Promise<void>;
  };
}

export interface Route {
  request(): { url(): string };
  fulfill(answer: { status: number; headers: Readonly<Record<string, string>> }): Promise<void>;
  abort(): Promise<void>;
}

export interface BrowserContext {
  pages(): readonly Page[];
  route(url: RegExp, handle: (route: Route) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: {
    launchPersistentContext(
      folder: string,
      options: {
        executablePath: string;
        headless: boolean;
        args: readonly string[];
        viewport: { width: number; height: number };
        ignoreHTTPSErrors: boolean;
      },
    ): Promise<BrowserContext>;
  };
}

const launchArguments = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];

/** A browser with a profile of its own.
 * @throws Error where there is no Chromium
 */
export async function startBrowser(folder: string): Promise<BrowserContext> {
  const executablePath = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
    (path) => path !== undefined && path !== '' && existsSync(path),
  );
  if (executablePath === undefined)
    throw new Error('Cannot show VS Code: there is no Chromium; install it, or set CHROMIUM');
  const load = createRequire(new URL('../clients/package.json', import.meta.url));
  const { chromium } = load('playwright-core') as Playwright;
  return chromium.launchPersistentContext(folder, {
    executablePath,
    headless: true,
    args: launchArguments,
    viewport: { width: 1400, height: 900 },
    ignoreHTTPSErrors: true,
  });
}
