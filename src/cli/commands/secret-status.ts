import { reportUsage } from '../../config/report.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { print, printJson } from '../print.ts';
import { secretOptions } from '../options/secret-options.ts';
import { addSimpleOptions, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** `usher secret status` */
export const secretStatusCommand: CommandModule = {
  build() {
    const command = buildCommand('usher secret status', {
      summary: 'Shows where the secrets of this user are kept, who keeps their key, and whether they can be opened.',
      usage: '[options]',
      examples: ['usher secret status'],
    });
    return addSimpleOptions(command, [secretOptions.json, secretOptions.debug]);
  },
  execute(command, { tail, environment }) {
    const { operands, problems } = sortLeftovers(command);
    const found = [...problems];
    if (operands.length > 0 || tail !== undefined)
      found.push({ where: 'arguments', what: 'are too many: none is taken' });
    if (found.length > 0) throw reportUsage(found);
    const store = openSecretStore(environment);
    const { path, key } = store.status();
    // Opens it: a store that cannot be opened is what people come here for.
    const secrets = key === undefined ? 0 : store.list().length;
    if (new SimpleValues(command, environment).isSet(secretOptions.json)) {
      printJson({ path, exists: key !== undefined, key: key ?? null, secrets });
    } else if (key === undefined) {
      print(`Secrets  none yet; the first is kept in ${path}`);
    } else {
      print(`File     ${path}\nKey      ${key}\nSecrets  ${secrets}`);
    }
    return Promise.resolve(0);
  },
};
