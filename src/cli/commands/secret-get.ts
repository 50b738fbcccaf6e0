import { openSecretStore } from '../../secrets/open-secret-store.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { print } from '../print.ts';
import { readSecretName, secretOptions, unknownSecret } from '../options/secret-options.ts';
import { addSimpleOptions } from '../options/simple-options.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** `usher secret get NAME` */
export const secretGetCommand: CommandModule = {
  build() {
    const command = buildCommand('usher secret get', {
      summary: 'Prints a secret of the secret store: for a pipe, not for a screen that others see.',
      usage: 'NAME [options]',
      examples: ['usher secret get okta-gateway | other-program --password-stdin'],
    });
    return addSimpleOptions(command, [secretOptions.debug]);
  },
  async execute(command, { tail, environment }) {
    const { operands, problems } = sortLeftovers(command);
    const name = readSecretName(operands, tail, { problems, own: true });
    const store = openSecretStore(environment);
    const secret = store.find(name);
    if (secret === undefined) throw unknownSecret(name, store);
    print(secret.reveal());
    return 0;
  },
};
