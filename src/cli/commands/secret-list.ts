import { reportUsage } from '../../config/report.ts';
import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { note, print, printJson } from '../print.ts';
import { secretOptions } from '../options/secret-options.ts';
import { addSimpleOptions, SimpleValues } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** `usher secret list` */
export const secretListCommand: CommandModule = {
  build() {
    const command = buildCommand('usher secret list', {
      summary:
        'Lists the secrets of the secret store by name, and when each was changed. Those with a slash are Usher’s own: logins, and tokens of local callers.',
      usage: '[options]',
      examples: ['usher secret list', 'usher secret list --json'],
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
    const secrets = store.list();
    if (new SimpleValues(command, environment).isSet(secretOptions.json)) printJson(secrets);
    else if (secrets.length === 0) note(`No secrets are kept in ${store.path}; usher secret set NAME keeps one`);
    else {
      const width = Math.max(...secrets.map(({ name }) => name.length));
      for (const { name, changedAt } of secrets)
        print(`${name.padEnd(width)}  ${changedAt.slice(0, 16).replace('T', ' ')}`);
    }
    return Promise.resolve(0);
  },
};
