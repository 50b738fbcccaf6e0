import { readdir, readFile, stat } from 'node:fs/promises';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Machine } from '../../clients/machine.ts';
import type { Problem } from '../../config/source.ts';
import type { ImportPlan } from '../../import/import-plan.ts';
import { parseRunConfig } from '../../import/parse-run-config.ts';
import { planImport } from '../../import/plan-import.ts';
import type { RunConfig } from '../../import/run-config.ts';
import { describe } from '../../lib/describe-error.ts';
import { userFolder } from '../../lib/user-folder.ts';

/** A file, and what it means. */
export interface ReadRunConfig {
  readonly file: string;
  readonly plan: ImportPlan;
}

const largestBytes = 1024 * 1024;
const ignoreFile = '.thvignore';

/** Reads run configurations: each file, and of a folder those whose name says that they may be some. What cannot be read is a problem. */
export async function readRunConfigs(
  paths: readonly string[],
  machine: Machine,
  problems: Problem[],
): Promise<readonly ReadRunConfig[]> {
  const read: ReadRunConfig[] = [];
  for (const file of await listFiles(paths, problems)) {
    try {
      const { size } = await stat(file);
      if (size > largestBytes) throw new Error(`it is larger than ${largestBytes} bytes`);
      const parsed = parseRunConfig(await readFile(file, 'utf8'));
      const ignoreFiles = parsed.config === undefined ? [] : findIgnoreFiles(parsed.config, machine);
      read.push({ file, plan: planImport(parsed, { ignoreFiles }) });
    } catch (error) {
      problems.push({ where: file, what: `cannot be read: ${describe(error)}` });
    }
  }
  return read;
}

async function listFiles(paths: readonly string[], problems: Problem[]): Promise<readonly string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isFolder) {
      files.push(path);
      continue;
    }
    const names = (await readdir(path)).filter((name) => /\.(json|ya?ml)$/i.test(name)).toSorted();
    if (names.length === 0) problems.push({ where: path, what: 'has no file that ends in .json, .yaml or .yml' });
    files.push(...names.map((name) => join(path, name)));
  }
  return [...new Set(files)];
}

/** Where it is said which files of a mounted folder the server does not get to see. */
function findIgnoreFiles(
  { volumes = [], ignore_config: config }: RunConfig,
  { environment }: Machine,
): readonly string[] {
  if (volumes.length === 0) return [];
  const sources = volumes.map((volume) => volume.split(':')[0] ?? '');
  const local = sources
    .map((source) => (statSync(source, { throwIfNoEntry: false })?.isDirectory() === true ? source : dirname(source)))
    .map((folder) => join(folder, ignoreFile));
  const all =
    config?.LoadGlobal === true ? [join(userFolder(environment, 'XDG_CONFIG_HOME'), 'toolhive', 'thvignore')] : [];
  return [...new Set([...local, ...all])].filter((file) => existsSync(file));
}
