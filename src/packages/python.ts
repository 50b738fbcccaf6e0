import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ask, failPackage, type Fetcher, type FetchGift } from './fetcher.ts';
import { isExact } from './parse-package.ts';

const tool = 'uv';
const install = 'Install uv: https://docs.astral.sh/uv/getting-started/installation';

/** Packages of Python, by uv: a virtual environment of their own, run from there. Packages that have to be built run code of
 * their own while they are installed; wheels do not (peps.python.org/pep-0427).
 */
export const pythonFetcher: Fetcher = {
  async findVersion(wanted, gift) {
    const args = ['pip', 'compile', '--quiet', '--no-deps', '--no-header', '--no-annotate', ...builds(gift), '-'];
    const input = wanted.version === undefined ? wanted.name : `${wanted.name}==${wanted.version}`;
    const { stdout } = await ask(tool, wanted, { install, args, input: `${input}\n`, advice: adviseBuild, ...gift });
    const version = /==(\S+)/.exec(stdout)?.[1];
    if (version === undefined || !isExact('uvx', version))
      throw failPackage(wanted, 'uv did not say which version is meant', 'Write the version behind an @');
    return version;
  },
  async fetch(wanted, gift) {
    const bin = join(gift.folder, 'bin');
    const env = { UV_TOOL_DIR: join(gift.folder, 'tools'), UV_TOOL_BIN_DIR: bin };
    const args = ['tool', 'install', '--quiet', ...builds(gift), `${wanted.name}==${wanted.version}`];
    await ask(tool, wanted, { install, args, env, advice: adviseBuild, ...gift });
    const programs = (await readdir(bin)).map((file) => file.replace(/\.exe$/i, ''));
    const ownName = wanted.name.replace(/\[.*$/, '').toLowerCase();
    const name = programs.length === 1 ? programs[0] : programs.find((one) => one.toLowerCase() === ownName);
    if (name !== undefined) return { command: [join(bin, name)], scripts: [] };
    throw failPackage(
      wanted,
      `it has several programs: ${programs.join(', ')}`,
      'Install it by yourself, and run the program you mean after --',
    );
  },
};

function builds({ allowsScripts }: FetchGift): readonly string[] {
  return allowsScripts ? [] : ['--no-build'];
}

function adviseBuild(errors: string): string | undefined {
  return /no-build|building source distributions is disabled|has no usable wheels|no wheels with a matching/i.test(
    errors,
  )
    ? 'One of its packages has to be built, which runs code of its own: where you trust it, say --allow-install-scripts'
    : undefined;
}
