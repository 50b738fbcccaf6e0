import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../model/usher-error.ts';
import { ask, failPackage, type Fetcher, type FetchGift } from './fetcher.ts';
import { type Package, spellPackage } from './package.ts';
import { isExact } from './parse-package.ts';
import { runTool } from './tool.ts';

const tool = 'go';
const install = 'Install Go from https://go.dev/dl';

/** Programs written in Go: compiled on this machine, run from there. Compiling runs no code of the package. */
export const goFetcher: Fetcher = {
  async findVersion(wanted, gift) {
    const version = wanted.version ?? 'latest';
    // A package is in the module with the longest path that is a part of its own (go.dev/ref/mod#resolve-pkg-mod).
    const parts = wanted.name.split('/');
    let last = '';
    for (let length = parts.length; length > 0; length--) {
      const module = parts.slice(0, length).join('/');
      const args = ['list', '-m', '-f', '{{.Version}}', `${module}@${version}`];
      const label = spellPackage(wanted);
      const { isGood, stdout, errors } = await runTool(tool, { label, install, args, env: outside(gift), ...gift });
      const found = stdout.trim();
      if (isGood && isExact('go', found)) return found;
      last ||= errors.join(' ');
    }
    const advice = 'Check its path and version, and whether GOPROXY can be reached from here';
    throw fail('package_failed', { package: spellPackage(wanted), reason: `go says: ${last}`, advice });
  },
  async fetch(wanted, gift) {
    const bin = join(gift.folder, 'bin');
    const args = ['install', `${wanted.name}@${wanted.version}`];
    await ask(tool, wanted, { install, args, env: { ...outside(gift), GOBIN: bin }, ...gift });
    const [program] = await readdir(bin);
    if (program === undefined) throw noProgram(wanted);
    return { command: [join(bin, program)], scripts: [] };
  },
};

/** Not as part of a project that the folder may lie in. */
function outside({ folder }: FetchGift): Readonly<Record<string, string>> {
  return { GOWORK: 'off', GO111MODULE: 'on', PWD: folder };
}

function noProgram(wanted: Package): Error {
  return failPackage(wanted, 'it is no program but a library', 'Name the folder of its main package');
}
