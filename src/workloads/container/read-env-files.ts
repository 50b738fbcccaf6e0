import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe } from '../../lib/describe-error.ts';
import { refuseContainer } from './refuse-container.ts';

/** Variables out of files with lines NAME=VALUE, as `docker run --env-file` reads them: lines that are empty or begin with #
 * are passed over, the value is taken as it stands, quotes and all. A later file wins over an earlier one.
 * @throws UsherError container_failed with file and line; values are never quoted
 */
export async function readEnvFiles(image: string, files: readonly string[]): Promise<Record<string, string>> {
  const variables = new Map<string, string>();
  for (const file of files) {
    const path = resolve(file);
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      throw refuseContainer(
        image,
        `the file of --env-file ${path} cannot be read: ${describe(error)}`,
        'Correct the path',
      );
    });
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
      const [, name, value = ''] = /^\s*([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
      if (name === undefined)
        throw refuseContainer(
          image,
          `line ${index + 1} of ${path} is not NAME=VALUE`,
          'Correct the line, or begin it with #',
        );
      variables.set(name, value);
    }
  }
  return Object.fromEntries(variables);
}
