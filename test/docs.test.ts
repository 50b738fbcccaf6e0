import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse as parseYaml } from 'yaml';
import { commandTable } from '../src/cli/command-table.ts';
import { configCheckCommand } from '../src/cli/commands/config-check.ts';
import { loadAny } from '../src/cli/target/load-any.ts';
import { sortLeftovers } from '../src/cli/options/unknown-flags.ts';
import { loadConfig } from '../src/config/load.ts';
import { parseSeed } from '../src/idp/seed/parse-seed.ts';
import { errorTable } from '../src/model/errors.ts';
import { makeAuthority, writePair } from './kit/make-certificate.ts';
import {
  type Block,
  findBlocks,
  findCode,
  findCommands,
  findLinks,
  headingAnchors,
  type ShellCommand,
} from './kit/markdown.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const certificate = join(root, 'src/config/load.test.pem');

const pages = globSync(['*.md', 'docs/**/*.md', 'examples/*/*.md'], { cwd: root }).sort();
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');
const blocksOf = (...languages: string[]): Block[] =>
  pages.flatMap((page) => findBlocks(page, textOf(page)).filter(({ language }) => languages.includes(language)));
const commands = blocksOf('sh').flatMap(findCommands);

test('documentation – links to files and headings – lead somewhere', () => {
  const broken = pages.flatMap((page) =>
    findLinks(textOf(page))
      .filter((link) => !/^[a-z]+:/i.test(link))
      .filter((link) => !leadsSomewhere(page, link))
      .map((link) => `${page}: ${link}`),
  );
  assert.deepEqual(broken, []);
});

function leadsSomewhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? join(root, page) : resolve(root, dirname(page), path);
  if (!existsSync(target) || relative(root, target).startsWith('..')) return false;
  if (anchor === undefined) return true;
  return statSync(target).isFile() && headingAnchors(readFileSync(target, 'utf8')).includes(anchor);
}

test('documentation – pages – hold no marks of a merge, also not as a formatter leaves them', () => {
  const marks = /^ *(?:<{7}|>{7}|(?:> ){6,}>|\\?={7}) ?/m;
  assert.ok(['<<<<<<< HEAD', '> > > > > > > 6c64e4b9', '  \\=======', '======='].every((line) => marks.test(line)));
  assert.deepEqual(
    pages.filter((page) => marks.test(textOf(page))),
    [],
  );
});

test('documentation – pages under docs – can be reached from the README', () => {
  const reached = new Set(['README.md']);
  for (const page of reached) {
    for (const link of findLinks(textOf(page))) {
      const [path = ''] = link.split('#');
      const target = relative(root, resolve(root, dirname(page), path));
      if (path.endsWith('.md') && pages.includes(target)) reached.add(target);
    }
  }
  assert.deepEqual(
    pages.filter((page) => page.startsWith('docs/') && !reached.has(page)),
    [],
  );
});

test('documentation – folders of src – stand in the map of CONTRIBUTING, the members of seams in the architecture', () => {
  const map = textOf('CONTRIBUTING.md');
  const folders = globSync('src/*/', { cwd: root }).map((folder) => basename(folder));
  assert.ok(folders.length > 10);
  assert.deepEqual(
    folders.filter((folder) => !new RegExp(`^ {2}(?:\\S+/ )*${folder}/`, 'm').test(map)),
    [],
  );
  const rows = [...textOf('docs/explain/architecture.md').matchAll(/^\| `(\w+)` +\|.*\| (.*) \|$/gm)];
  const seams = rows.filter(([, name = '']) => folders.includes(name));
  assert.equal(seams.length, 8);
  const untold = seams.flatMap(([, seam = '', members = '']) =>
    globSync(`src/${seam}/*/`, { cwd: root })
      .map((folder) => basename(folder))
      .filter((member) => !members.includes(`\`${member}\``))
      .map((member) => `${seam}/${member}`),
  );
  assert.deepEqual(untold, []);
});

test('documentation – blocks of JSON – are JSON, or lines of it', () => {
  for (const { page, line, text } of blocksOf('json')) {
    const parts = text.startsWith('{"') && text.includes('}\n{') ? text.trim().split('\n') : [text];
    for (const part of parts) assert.doesNotThrow(() => JSON.parse(part), `${page}:${line}`);
  }
});

test('documentation – blocks of YAML – are configurations or seeds that load', async (context) => {
  const blocks = blocksOf('yaml');
  assert.ok(blocks.length > 0);
  for (const { page, line, text } of blocks) {
    const isSeed = typeof parseYaml(text) === 'object' && /^org:/m.test(text);
    if (isSeed) parseSeed(text, `${page}:${line}`);
    else await loadBlock(context, text);
  }
});

async function loadBlock(context: TestContext, text: string): Promise<void> {
  const folder = await makeFolder(context);
  const file = join(folder, 'usher.yaml');
  await writeFile(file, text);
  for (const [, name = ''] of text.matchAll(/(?:clientSecret|value|password|\bkey)File: (\S+)/g))
    await writeSecret(join(folder, name));
  for (const [, name = ''] of text.matchAll(/clientKeyFile: (\S+)/g)) {
    const { key } = await (await makeAuthority()).issue();
    await writeFile(join(folder, name), key);
  }
  const secrets = [...text.matchAll(/(?:clientSecret|value)Env: (\S+)/g)].map(
    ([, name = '']) => [name, 'secret'] as const,
  );
  const { config } = loadConfig({ file, flags: [], environment: Object.fromEntries(secrets) });
  assert.ok(Object.keys(config.servers).length > 0);
}

test('documentation – command lines of npm – name scripts there are', () => {
  const scripts = Object.keys(JSON.parse(textOf('package.json')).scripts);
  const found = pages.flatMap((page) => [...textOf(page).matchAll(/npm run ([a-z]+)/g)].map(([, name = '']) => name));
  assert.deepEqual(
    found.filter((name) => !scripts.includes(name)),
    [],
  );
});

test('documentation – command lines of usher – are ones the command line takes', async () => {
  assert.ok(commands.length > 20);
  for (const { page, line, words } of commands) {
    const row = [2, 1]
      .map((count) => commandTable.find(({ name }) => name === words.slice(0, count).join(' ')))
      .find((found) => found !== undefined);
    assert.ok(row !== undefined, `${page}:${line}: usher ${words[0] ?? ''} is no command`);
    const { head } = splitTail(words.slice(row.name.split(' ').length));
    const command = (await row.load())
      .build()
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    command.parse(head, { from: 'user' });
    assert.deepEqual(sortLeftovers(command).problems, [], `${page}:${line}`);
  }
});

test('documentation – flags named in the text – are ones some command takes', () => {
  const known = new Set(textOf('docs/reference/cli.md').match(/--[a-z][a-z0-9-]*/g));
  assert.ok(known.size > 150);
  const unknown = pages.flatMap((page) =>
    findCode(textOf(page))
      .filter((code) => !/^(?:npm|npx|node|docker|ssh|NODE_OPTIONS=|\S+=\S+ npm) ?/.test(code))
      .flatMap((code) => code.match(/(?<![\w-])--[a-z][a-z0-9-]*(?![\w…])/g) ?? [])
      .filter((flag) => !known.has(flag) && flagsOfOthers[flag] !== page)
      .map((flag) => `${page}: ${flag}`),
  );
  assert.deepEqual(unknown, []);
});

/** Flags of other programs, and where they are spoken of without the program's name. */
const flagsOfOthers: Readonly<Record<string, string>> = {
  '--header': 'docs/start/demo.md',
  '--callback-port': 'docs/guides/client-sign-in.md',
  '--cli': 'docs/guides/client-sign-in.md',
};

test('documentation – variables named in the text – are ones Usher reads', () => {
  const reference = textOf('docs/reference/environment.md') + textOf('docs/reference/cli.md');
  const known = new Set(reference.match(/USHER_[A-Z0-9_]+/g));
  const elsewhere = new Set(textOf('src/secrets/places.ts').match(/USHER_[A-Z0-9_]+/g));
  const named = pages
    .filter((page) => page.startsWith('docs/guides/') || page.startsWith('docs/start/') || page === 'README.md')
    .flatMap((page) => [...new Set(textOf(page).match(/USHER_[A-Z0-9_]+/g))].map((name) => ({ page, name })));
  assert.ok(named.length > 10);
  const unknown = named.filter(
    ({ name }) =>
      !known.has(name) && !elsewhere.has(name) && !known.has(name.replace(/^USHER_SERVERS_[A-Z0-9]+_/, 'USHER_')),
  );
  assert.deepEqual(unknown, []);
});

test('documentation – command lines that start a gateway – are configurations that would start', async (context) => {
  const folder = await makeFolder(context);
  const before = process.cwd();
  process.chdir(folder);
  context.after(() => process.chdir(before));
  for (const { page, line, words, environment } of commands) {
    if (!['run', 'proxy', 'serve'].includes(words[0] ?? '')) continue;
    await provideFiles(folder, words);
    const { head, tail } = splitTail(checkArguments(words));
    const command = configCheckCommand.build().exitOverride().parse(head, { from: 'user' });
    await assert.doesNotReject(
      loadAny(command, { tail, commands: commandTable, hidden: {}, environment: exampleEnvironment(environment) }),
      `${page}:${line}: usher ${words.join(' ')}`,
    );
  }
});

/** The same configuration in the words of `usher config check`, which takes the flags of `run`. */
function checkArguments([command, ...args]: readonly string[]): string[] {
  if (command !== 'proxy') return args;
  const target = args.indexOf('--target-uri');
  const url = args[target + 1] ?? '';
  return ['--name', ...args.filter((_, index) => index !== target && index !== target + 1), url];
}

/** A page may speak of a server that the example file does not have. */
function exampleEnvironment(given: ShellCommand['environment']): ShellCommand['environment'] {
  const general = Object.entries(given).filter(([name]) => !name.startsWith('USHER_SERVERS_'));
  return { COUNTRIES_CLIENT_SECRET: 'secret', ...Object.fromEntries(general) };
}

/** What stands before `--`, and what stands after it. */
function splitTail(args: readonly string[]): { head: readonly string[]; tail: readonly string[] | undefined } {
  const split = args.indexOf('--');
  return split < 0 ? { head: args, tail: undefined } : { head: args.slice(0, split), tail: args.slice(split + 1) };
}

/** Files that a command line names. */
async function provideFiles(folder: string, words: ShellCommand['words']): Promise<void> {
  for (const [index, flag] of words.entries()) {
    const name = words[index + 1] ?? '';
    if (/^--[a-z-]+-(?:secret|value)-file$/.test(flag)) await writeSecret(join(folder, name));
    if (flag === '-f') {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await copyFile(join(root, 'examples/config/usher.yaml'), join(folder, name));
    }
    if (flag === '--tls-cert') writePair(folder, await (await makeAuthority()).issue());
    if (flag !== '--ca-file') continue;

    await mkdir(dirname(join(folder, name)), { recursive: true });
    await copyFile(certificate, join(folder, name));
  }
}

test('troubleshooting – every error code – has its line', () => {
  const page = textOf('docs/guides/troubleshooting.md');
  const missing = Object.keys(errorTable).filter((code) => !page.includes(`| \`${code}\``));
  assert.deepEqual(missing, []);
});

async function makeFolder(context: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'usher-docs-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function writeSecret(file: string): Promise<void> {
  return writeFile(file, 'secret'.repeat(6), { mode: 0o600 });
}
