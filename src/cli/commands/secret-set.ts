import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { note } from '../print.ts';
import { readSecretValue } from '../secrets/read-secret-value.ts';
import { readSecretName, secretOptions } from '../options/secret-options.ts';
import { addSimpleOptions } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** `usher secret set NAME` */
export const secretSetCommand: CommandModule = {
  build() {
    const command = buildCommand('usher secret set', {
      summary:
        'Keeps a secret in the secret store of this user, encrypted, so that settings can name it (--token-exchange-client-secret-ref NAME). It is read from stdin, or asked for without showing it.',
      usage: 'NAME [options] < FILE',
      examples: ['usher secret set okta-gateway', 'pass show okta/gateway | usher secret set okta-gateway'],
    });
    return addSimpleOptions(command, [secretOptions.debug]);
  },
  async execute(command, { tail, environment }) {
    const { operands, problems } = sortLeftovers(command);
    const name = readSecretName(operands, tail, { problems, most: 2 });
    const store = openSecretStore(environment);
    const isNew = store.find(name) === undefined;
    await store.put(name, await readSecretValue(name, operands[1], environment));
    note(
      `${isNew ? 'Kept' : 'Replaced'} ${name} in ${store.path}, whose key is kept by ${store.status().key ?? 'nobody'}`,
    );
    return 0;
  },
};
