import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type BrowserContext, type Page, startBrowser } from './playwright.ts';

export interface DriveOptions {
  readonly url: string;
  /** For the profile of the browser. */
  readonly folder: string;
  readonly shotsFolder: string;
  readonly user: { readonly login: string; readonly password: string };
  /** Typed where VS Code asks for them; it must not ask where they are absent. */
  readonly client?: { readonly id: string; readonly secret: string };
  readonly tell: (line: string) => void;
}

/** What is on the screen, as far as somebody has to answer it. */
const screenSchema = z.object({
  dialog: z.string().optional(),
  buttons: z.array(z.string()),
  input: z.string().optional(),
  output: z.string(),
});
const readScreen = `(() => {
  const box = document.querySelector('.monaco-dialog-box');
  const quick = document.querySelector('.quick-input-widget');
  const isOpen = quick !== null && getComputedStyle(quick).display !== 'none';
  return {
    dialog: box?.innerText,
    buttons: [...document.querySelectorAll('.monaco-dialog-box .monaco-button')].map((button) => button.innerText),
    input: isOpen ? quick.innerText + ' ' + (quick.querySelector('input')?.placeholder ?? '') : undefined,
    output: [...document.querySelectorAll('.view-line')].map((line) => line.innerText.replaceAll('\\u00a0', ' ')).join('\\n'),
  };
})()`;

const stepMs = 1_000;
const patienceSteps = 120;

/** Does in VS Code what a person does: starts the first server of the list, signs in, calls the tool. Screenshots on the way.
 * @returns what VS Code asked, in turn
 * @throws Error when it never gets there
 */
export async function driveVsCode(options: DriveOptions): Promise<readonly string[]> {
  mkdirSync(options.shotsFolder, { recursive: true });
  const context = await startBrowser(options.folder);
  try {
    return await new Driver(context, options).run();
  } finally {
    await context.close();
  }
}

class Driver {
  readonly #context: BrowserContext;
  readonly #options: DriveOptions;
  readonly #page: Page;
  readonly #asked: string[] = [];
  #shots = 0;

  constructor(context: BrowserContext, options: DriveOptions) {
    this.#context = context;
    this.#options = options;
    const page = context.pages()[0];
    if (page === undefined) throw new Error('The browser has no page');
    this.#page = page;
  }

  async run(): Promise<readonly string[]> {
    // Nothing leaves this machine; what vscode.dev would do is done here.
    await this.#context.route(/^https:\/\/(?!127\.0\.0\.1|localhost)/, async (route) => {
      const target = findRedirect(route.request().url());
      await (target === undefined ? route.abort() : route.fulfill({ status: 302, headers: { location: target } }));
    });
    await this.#page.goto(this.#options.url);
    await this.#page.waitForSelector('.monaco-workbench', { timeout: 120_000 });
    await sleep(8 * stepMs);
    await this.#command('MCP: List Servers');
    await this.#shot('list');
    await this.#page.keyboard.press('ArrowDown');
    await this.#page.keyboard.press('Enter');
    await sleep(2 * stepMs);
    await this.#page.keyboard.type('Start Server');
    await sleep(stepMs);
    await this.#page.keyboard.press('Enter');
    await this.#until('the tools are discovered', ({ output }) => /Discovered \d+ tools/.test(output));
    await this.#shot('connected');
    await this.#command('Usher Test: Call GetCountry');
    for (let step = 0; step < 5; step += 1) {
      await sleep(stepMs);
      await this.#answerDialog(await this.#screen());
    }
    await this.#shot('tool');
    return this.#asked;
  }

  /** Answers what is asked until it is so. */
  async #until(what: string, isSo: (screen: z.output<typeof screenSchema>) => boolean): Promise<void> {
    for (let step = 0; step < patienceSteps; step += 1) {
      await sleep(stepMs);
      const screen = await this.#screen();
      if (isSo(screen)) return;
      await this.#answerDialog(screen);
      await this.#answerInput(screen);
      await this.#signIn();
    }
    await this.#shot('stuck');
    throw new Error(`VS Code never came so far that ${what}; the last it said:\n${(await this.#screen()).output}`);
  }

  async #answerDialog({ dialog, buttons }: z.output<typeof screenSchema>): Promise<void> {
    if (dialog === undefined) return;
    await this.#note('dialog', dialog);
    const wanted = buttons.find((text) => /Copy URIs|Allow|Open|Continue|Trust|Yes/.test(text));
    if (wanted === undefined) throw new Error(`VS Code asks something nobody foresaw: ${dialog}`);
    const escaped = new RegExp(wanted.replaceAll(/[^\w ]/g, '.'));
    await this.#page.locator('.monaco-dialog-box .monaco-button', { hasText: escaped }).first().click();
  }

  async #answerInput({ input }: z.output<typeof screenSchema>): Promise<void> {
    if (input === undefined || !/client (?:id|secret)/i.test(input)) return;
    const { client } = this.#options;
    if (client === undefined) throw new Error(`VS Code asks for what is in its settings: ${input}`);
    await this.#note('input', input);
    await this.#page.keyboard.type(/client secret/i.test(input) ? client.secret : client.id);
    await this.#page.keyboard.press('Enter');
  }

  /** On the page of the provider, which VS Code opens. */
  async #signIn(): Promise<void> {
    for (const page of this.#context.pages().slice(1)) {
      const password = page.locator('input[type=password]');
      if ((await password.count().catch(() => 0)) === 0) continue;
      await this.#note('sign-in', 'the page of the provider', page);
      await page.locator('input:not([type=hidden])').first().fill(this.#options.user.login);
      await password.fill(this.#options.user.password);
      await page.locator('button[type=submit]').first().click();
    }
  }

  async #command(title: string): Promise<void> {
    await this.#page.keyboard.press('F1');
    await this.#page.waitForSelector('.quick-input-widget input', { timeout: 30_000 });
    await sleep(stepMs);
    await this.#page.keyboard.type(title, { delay: 15 });
    await sleep(2 * stepMs);
    await this.#page.keyboard.press('Enter');
    await sleep(2 * stepMs);
  }

  async #screen(): Promise<z.output<typeof screenSchema>> {
    return screenSchema.parse(await this.#page.evaluate(readScreen));
  }

  async #note(kind: string, text: string, page = this.#page): Promise<void> {
    const line = `${kind}: ${text.replaceAll(/\s+/g, ' ').trim()}`;
    this.#asked.push(line);
    this.#options.tell(line);
    await this.#shot(kind, page);
  }

  async #shot(name: string, page = this.#page): Promise<void> {
    this.#shots += 1;
    await page.screenshot({
      path: join(this.#options.shotsFolder, `${String(this.#shots).padStart(2, '0')}-${name}.png`),
    });
  }
}

/** Where https://vscode.dev/redirect sends the browser: to the URL in `state`, with the answer of the provider. A VS Code in a
 * browser finds the code only where it is not the first of the parameters.
 */
function findRedirect(text: string): string | undefined {
  const { hostname, pathname, searchParams } = new URL(text);
  if (hostname !== 'vscode.dev' || pathname !== '/redirect') return undefined;
  const target = new URL(decodeURIComponent(searchParams.get('state') ?? ''));
  for (const [name, value] of [...searchParams].toReversed()) {
    if (name !== 'state') target.searchParams.set(name, value);
  }
  return target.href;
}
