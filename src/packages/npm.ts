import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../lib/parse-json.ts';
import { ask, failPackage, type Fetched, type Fetcher, type FetchGift } from './fetcher.ts';
import type { Package } from './package.ts';

// npm.cmd could be started by a shell only.
const tool = 'npm';
const install = 'Install Node.js from https://nodejs.org, which brings npm';

const manifest = z.object({
  bin: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
});
/** npm's hidden lockfile: what it put where (docs.npmjs.com, package-lock.json, hidden lockfiles). */
const tree = z.object({ packages: z.record(z.string(), z.object({ hasInstallScript: z.boolean().optional() })) });
const versions = z.union([z.string(), z.array(z.string()).min(1)]);

/** Packages of npm. They are installed into a folder of their own and run from there: npx would be a process more that
 * stands between, runs a shell, and may fetch another version at each restart.
 */
export const npmFetcher: Fetcher = {
  async findVersion(wanted, gift) {
    const spec = `${wanted.name}@${wanted.version ?? 'latest'}`;
    const args = ['view', '--json', '--', spec, 'version'];
    const { stdout } = await ask(tool, wanted, { install, args, ...gift });
    const found = versions.safeParse(parseJson(stdout));
    if (!found.success) throw failPackage(wanted, 'npm knows no such version', 'Check its name and version');
    // Of a range npm lists every version that fits, the newest last.
    return typeof found.data === 'string' ? found.data : (found.data.at(-1) ?? '');
  },
  async fetch(wanted, gift) {
    // Else npm would look for the project the folder belongs to.
    await writeFile(join(gift.folder, 'package.json'), '{ "private": true }\n');
    const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];
    const scripts = gift.allowsScripts ? ['--ignore-scripts=false'] : ['--ignore-scripts', '--allow-git=none'];
    const spec = `${wanted.name}@${wanted.version}`;
    const args = ['install', ...quiet, '--save-exact', '--omit=dev', ...scripts, '--', spec];
    // Before npm 11.10 there is no such option: there git is not found.
    const env = gift.allowsScripts ? {} : { npm_config_git: join(gift.folder, 'no-git') };
    await ask(tool, wanted, { install, args, env, advice: adviseGit, ...gift });
    return { command: await findCommand(wanted, gift), scripts: await listScripts(gift) };
  },
};

/** A repository brings settings for its own installation, which name programs: to fetch from one is to run its code. */
function adviseGit(errors: string): string | undefined {
  return /EALLOWGIT|no-git|unknown git error/i.test(errors)
    ? 'One of its packages comes from a git repository, whose code runs while it is fetched: where you trust it, say --allow-install-scripts'
    : undefined;
}

/** Of several programs the one with the name of the package, as npx does.
 * @throws UsherError package_failed
 */
async function findCommand(wanted: Package, { folder }: FetchGift): Promise<readonly string[]> {
  const home = join(folder, 'node_modules', ...wanted.name.split('/'));
  const read = manifest.safeParse(parseJson(await readFile(join(home, 'package.json'), 'utf8')));
  const ownName = wanted.name.split('/').at(-1) ?? '';
  const bin = read.data?.bin;
  const programs = typeof bin === 'string' ? { [ownName]: bin } : (bin ?? {});
  // As npm itself links them: by their last part only.
  const names = Object.keys(programs).filter((one) => /^[\w.~-]+$/.test(one) && !/^\.+$/.test(one));
  const name = names.length === 1 ? names[0] : names.find((one) => one === ownName);
  const path = name === undefined ? undefined : programs[name];
  if (name === undefined || path === undefined) {
    const reason = names.length === 0 ? 'it has no program to run' : `it has several programs: ${names.join(', ')}`;
    throw failPackage(wanted, reason, 'Install it by yourself, and run the program you mean after --');
  }
  if (process.platform === 'win32') return ['node', join(home, path)];
  return [join(folder, 'node_modules', '.bin', name)];
}

async function listScripts({ folder }: FetchGift): Promise<Fetched['scripts']> {
  const text = await readFile(join(folder, 'node_modules', '.package-lock.json'), 'utf8');
  const read = tree.safeParse(parseJson(text));
  return Object.entries(read.data?.packages ?? {})
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
}
